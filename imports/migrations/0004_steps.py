import uuid

import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall, RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (
        ("imports", "0003_sorted_lists"),
        ("tenancy", "0003_sorted_lists"),
    )

    operations = (
        PastTheWall(
            ("imports.dataimport", "tenancy.vendor"),
            (
                migrations.AddField(
                    model_name="dataimport",
                    name="steps",
                    field=models.PositiveIntegerField(null=True),
                ),
                migrations.AlterField(
                    model_name="dataimport",
                    name="state",
                    field=models.CharField(
                        choices=[
                            ("checking", "being checked"),
                            ("refused", "refused"),
                            ("ready", "ready to import"),
                            ("importing", "being imported"),
                            ("undoing", "being taken back"),
                            ("done", "imported"),
                            ("failed", "failed"),
                        ],
                        default="checking",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dataimport",
                    constraint=models.UniqueConstraint(
                        fields=("vendor", "id"), name="data_import_vendor_pair"
                    ),
                ),
                migrations.CreateModel(
                    name="ImportStep",
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
                        (
                            "updated_at",
                            models.DateTimeField(auto_now=True, verbose_name="updated"),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("act", models.CharField(max_length=20)),
                        (
                            "content",
                            models.JSONField(
                                encoder=django.core.serializers.json.DjangoJSONEncoder
                            ),
                        ),
                        ("done_at", models.DateTimeField(null=True)),
                        (
                            "data_import",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="imports.dataimport",
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
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("data_import", "number"), name="import_step_once"
                            ),
                            tenancy.rows.SameVendor(
                                field="data_import",
                                name="import_step_import_vendor",
                                to_table="imports_dataimport",
                            ),
                        ],
                    },
                ),
            ),
        ),
        RowLevelSecurity("importstep"),
    )
