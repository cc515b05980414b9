import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.single_sign_on.models
import tenancy.rows
import tenancy.texts
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0023_registration_row_level_security"),
        ("tenancy", "0009_ways_in"),
    ]

    # The keys lead to tables behind the wall.
    operations = [
        migrations.AddField(
            model_name="session",
            name="factor_elsewhere",
            field=models.BooleanField(default=False),
        ),
        PastTheWall(
            ("accounts.user", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="IdentityProvider",
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
                            "name",
                            models.CharField(
                                help_text="People read it on the button: “Sign in with …”.",
                                max_length=60,
                                verbose_name="name",
                            ),
                        ),
                        (
                            "for_staff",
                            models.BooleanField(
                                default=False,
                                help_text="It lets your staff into the back office, and no customer anywhere.",
                                verbose_name="for staff",
                            ),
                        ),
                        (
                            "is_on",
                            models.BooleanField(
                                default=False,
                                help_text="People see its button. Try it before.",
                                verbose_name="on",
                            ),
                        ),
                        (
                            "issuer",
                            models.CharField(
                                help_text="Its address, written just as the provider writes it.",
                                max_length=500,
                                validators=[
                                    tenancy.texts.validate_line,
                                    accounts.single_sign_on.models.validate_issuer,
                                ],
                                verbose_name="issuer",
                            ),
                        ),
                        (
                            "client_id",
                            models.CharField(blank=True, max_length=255, verbose_name="client id"),
                        ),
                        (
                            "encrypted_secret",
                            models.TextField(
                                blank=True,
                                help_text="Kept encrypted and never shown again. Empty: it stays as it is.",
                                verbose_name="client secret",
                            ),
                        ),
                        (
                            "domains",
                            models.CharField(
                                blank=True,
                                help_text="Only people with an e-mail there are let in, such as “example.com example.org”. Empty: customers of any; for staff at least one is needed.",
                                max_length=1000,
                                verbose_name="domains of e-mails",
                            ),
                        ),
                        (
                            "only_domains",
                            models.CharField(
                                blank=True,
                                help_text="Domains whose people can’t sign in with a password any more, while this is on. Administrators still can.",
                                max_length=1000,
                                verbose_name="only by single sign-on",
                            ),
                        ),
                        (
                            "creates_people",
                            models.BooleanField(
                                default=False,
                                help_text="Whoever signs in for the first time and has no account gets one.",
                                verbose_name="adds people",
                            ),
                        ),
                        (
                            "first_name_attribute",
                            models.CharField(
                                blank=True,
                                default="given_name",
                                max_length=100,
                                verbose_name="first name",
                            ),
                        ),
                        (
                            "last_name_attribute",
                            models.CharField(
                                blank=True,
                                default="family_name",
                                max_length=100,
                                verbose_name="last name",
                            ),
                        ),
                        (
                            "company_attribute",
                            models.CharField(
                                blank=True,
                                help_text="Which claims of the provider have them. Empty: what is here stays.",
                                max_length=100,
                                verbose_name="company",
                            ),
                        ),
                        (
                            "role_attribute",
                            models.CharField(
                                blank=True,
                                help_text="Such as “groups” or “roles”. For staff alone; empty: roles stay as they are.",
                                max_length=100,
                                verbose_name="claim with the role",
                            ),
                        ),
                        (
                            "roles",
                            models.TextField(
                                blank=True,
                                help_text="What the provider says and the role that it stands for, one a line, such as “portal-admins = admin”. The first line that fits counts; who has none is not let in.",
                                max_length=4000,
                                verbose_name="roles",
                            ),
                        ),
                        (
                            "factor_contexts",
                            models.CharField(
                                blank=True,
                                help_text="Values of “acr” that mean that the provider has asked for a second factor. They are asked for; “mfa” among its “amr” always counts.",
                                max_length=500,
                                verbose_name="contexts with a second factor",
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
                        "verbose_name": "identity provider",
                        "verbose_name_plural": "identity providers",
                        "ordering": ("name", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("vendor", "id"), name="identity_provider_vendor_pair"
                            ),
                            models.UniqueConstraint(
                                fields=("vendor", "name"),
                                name="identity_provider_name_once",
                                violation_error_message="There is a provider of this name already.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("for_staff", True), ("role_attribute", ""), _connector="OR"
                                ),
                                name="only_staff_get_roles",
                                violation_error_message="Only a provider for staff says who has which role.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("for_staff", False),
                                    models.Q(("domains", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="staff_provider_has_domains",
                                violation_error_message="A provider for staff needs the domains of their e-mails.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Identity",
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
                        ("issuer", models.CharField(max_length=500, verbose_name="issuer")),
                        ("subject", models.CharField(max_length=255, verbose_name="subject")),
                        ("used_at", models.DateTimeField(null=True, verbose_name="last used")),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="person",
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
                        (
                            "provider",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="accounts.identityprovider",
                                verbose_name="identity provider",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "identity",
                        "verbose_name_plural": "identities",
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("vendor", "provider", "issuer", "subject"),
                                name="identity_once",
                            ),
                            tenancy.rows.SameVendor(
                                field="provider",
                                name="identity_provider_same_vendor",
                                to_table="accounts_identityprovider",
                            ),
                            tenancy.rows.SameVendor(
                                field="user",
                                name="identity_user_same_vendor",
                                to_table="accounts_user",
                            ),
                        ],
                        "indexes": [
                            models.Index(fields=["vendor", "user"], name="identity_of_user")
                        ],
                    },
                ),
            ),
        ),
    ]
