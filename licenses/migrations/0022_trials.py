import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import accounts.metadata
import tenancy.finding
import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0021_leases"),
        ("tenancy", "0009_ways_in"),
    ]

    operations = [
        PastTheWall(
            ("licenses.product", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="TrialPolicy",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(auto_now_add=True, verbose_name="created"),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                        (
                            "allow_vm_activation",
                            models.BooleanField(
                                default=True, verbose_name="virtual machines may be activated"
                            ),
                        ),
                        (
                            "allow_container_activation",
                            models.BooleanField(
                                default=True, verbose_name="containers may be activated"
                            ),
                        ),
                        (
                            "allowed_countries",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="Codes such as DE, AT, CH; empty is everywhere.",
                                verbose_name="allowed countries",
                            ),
                        ),
                        (
                            "disallowed_countries",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="Codes such as DE.",
                                verbose_name="disallowed countries",
                            ),
                        ),
                        (
                            "allowed_ip_addresses",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="With the ranges below, the only ones; both empty is everywhere.",
                                verbose_name="allowed IP addresses",
                            ),
                        ),
                        (
                            "allowed_ip_ranges",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="Such as 192.0.2.0/24 or 2001:db8::/32.",
                                verbose_name="allowed IP ranges",
                            ),
                        ),
                        (
                            "disallowed_ip_addresses",
                            models.JSONField(
                                blank=True, default=list, verbose_name="disallowed IP addresses"
                            ),
                        ),
                        (
                            "user_locked",
                            models.BooleanField(
                                default=False,
                                help_text="Machines are activated for the same user of the operating system alone.",
                                verbose_name="locked to the first user",
                            ),
                        ),
                        (
                            "disable_geo_location",
                            models.BooleanField(
                                default=False, verbose_name="where machines are is not looked up"
                            ),
                        ),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        (
                            "trial_length",
                            models.PositiveBigIntegerField(
                                default=2592000,
                                help_text="Such as 30 days, from the first activation of a machine.",
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(3162240000),
                                ],
                                verbose_name="trial length",
                            ),
                        ),
                        (
                            "fingerprint_matching_strategy",
                            models.CharField(
                                choices=[
                                    ("exact", "exact"),
                                    ("fuzzy", "fuzzy"),
                                    ("loose", "loose"),
                                ],
                                default="exact",
                                max_length=5,
                                verbose_name="fingerprint matching",
                            ),
                        ),
                        (
                            "vendor",
                            models.ForeignKey(
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="tenancy.vendor",
                                verbose_name="vendor",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "trial policy",
                        "verbose_name_plural": "trial policies",
                        "ordering": ("name",),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("vendor", "name"),
                                name="trial_policy_name_unique_per_vendor",
                                violation_error_message="There is a trial policy of this name already.",
                            ),
                            models.UniqueConstraint(
                                fields=("vendor", "id"), name="trial_policy_vendor_pair"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TrialActivation",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(auto_now_add=True, verbose_name="created"),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                        (
                            "fingerprint",
                            tenancy.finding.Ordered(max_length=256, verbose_name="fingerprint"),
                        ),
                        (
                            "os",
                            models.CharField(
                                choices=[
                                    ("windows", "Windows"),
                                    ("linux", "Linux"),
                                    ("macos", "macOS"),
                                    ("android", "Android"),
                                    ("ios", "iOS"),
                                ],
                                max_length=10,
                                verbose_name="operating system",
                            ),
                        ),
                        (
                            "os_version",
                            models.CharField(
                                blank=True,
                                max_length=256,
                                verbose_name="version of the operating system",
                            ),
                        ),
                        (
                            "hostname",
                            models.CharField(blank=True, max_length=256, verbose_name="host name"),
                        ),
                        (
                            "vm_name",
                            models.CharField(
                                blank=True, max_length=256, verbose_name="virtual machine"
                            ),
                        ),
                        ("container", models.BooleanField(default=False, verbose_name="container")),
                        (
                            "app_version",
                            models.CharField(
                                blank=True, max_length=256, verbose_name="version of the program"
                            ),
                        ),
                        (
                            "user_hash",
                            models.CharField(blank=True, max_length=256, verbose_name="user hash"),
                        ),
                        (
                            "metadata",
                            models.JSONField(
                                default=list,
                                validators=[accounts.metadata.validate_metadata],
                                verbose_name="metadata",
                            ),
                        ),
                        ("offline", models.BooleanField(default=False, verbose_name="offline")),
                        ("expires_at", models.DateTimeField(verbose_name="trial ends")),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="trial_activations",
                                to="licenses.product",
                                verbose_name="product",
                            ),
                        ),
                        (
                            "vendor",
                            models.ForeignKey(
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="tenancy.vendor",
                                verbose_name="vendor",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "trial",
                        "verbose_name_plural": "trials",
                        "ordering": ("-created_at", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(
                                fields=["vendor", "-created_at", "id"], name="trial_newest"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("vendor", "product", "fingerprint"), name="trial_once"
                            ),
                            tenancy.rows.SameVendor(
                                field="product",
                                name="trial_product_vendor",
                                to_table="licenses_product",
                            ),
                        ],
                    },
                ),
                migrations.AddField(
                    model_name="product",
                    name="trial_policy",
                    field=models.ForeignKey(
                        blank=True,
                        help_text="The terms on which anybody may try it; without one, nobody may.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="licenses.trialpolicy",
                        verbose_name="trial policy",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="product",
                    constraint=tenancy.rows.SameVendor(
                        field="trial_policy",
                        name="product_trial_policy_vendor",
                        to_table="licenses_trialpolicy",
                    ),
                ),
            ),
        ),
    ]
