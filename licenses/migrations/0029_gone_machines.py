import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import tenancy.finding
import tenancy.rows
from tenancy.wall import PastTheWall, RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (
        ("licenses", "0002_squashed_0028_row_level_security"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    )

    operations = (
        PastTheWall(
            ("tenancy.vendor", "licenses.license"),
            [
                migrations.CreateModel(
                    name="GoneMachine",
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
                        ("hostname", models.CharField(max_length=256, verbose_name="host name")),
                        ("how", models.CharField(max_length=40, verbose_name="how")),
                        (
                            "gone_at",
                            models.DateTimeField(
                                default=django.utils.timezone.now, verbose_name="when"
                            ),
                        ),
                        (
                            "license",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="gone_machines",
                                to="licenses.license",
                                verbose_name="licence",
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
                        "verbose_name": "machine without a seat",
                        "verbose_name_plural": "machines without a seat",
                        "ordering": ("-gone_at", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("license", "hostname"), name="gone_machine_once"
                            ),
                            models.UniqueConstraint(
                                fields=("vendor", "id"), name="gone_machine_vendor_pair"
                            ),
                            tenancy.rows.SameVendor(
                                field="license",
                                name="gone_machine_license_vendor",
                                to_table="licenses_license",
                            ),
                        ],
                        "indexes": [
                            models.Index(
                                fields=["vendor", "-gone_at", "id"], name="gone_machine_newest"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GoneMachineWord",
                    fields=[
                        ("word", tenancy.finding.Ordered(max_length=32)),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "vendor_id",
                                "word",
                                "machine_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "machine",
                            models.ForeignKey(
                                db_constraint=False,
                                editable=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="words",
                                to="licenses.gonemachine",
                            ),
                        ),
                        (
                            "vendor",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tenancy.vendor",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            tenancy.rows.SameVendor(
                                field="machine",
                                goes_along=True,
                                name="gone_machine_word_machine_vendor",
                                to_table="licenses_gonemachine",
                            )
                        ],
                    },
                ),
            ],
        ),
        RowLevelSecurity("gonemachine"),
        RowLevelSecurity("gonemachineword"),
    )
