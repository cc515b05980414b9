import uuid

import django.db.models.deletion
from django.db import migrations, models

from tenancy.wall import PastTheWall, RowLevelSecurity


def read_anew(apps, _editor):
    """Files that are there were kept as text. Those of which nothing is written are read again,
    and have to be confirmed again."""
    imports = apps.get_model("imports", "DataImport").objects.exclude(content="")
    unwritten = imports.filter(state__in=("checking", "ready", "importing"), steps=None)
    for pk in list(unwritten.values_list("pk", flat=True)):
        content = imports.values_list("content", flat=True).get(pk=pk)
        imports.filter(pk=pk).update(original=content.encode(), content="", state="reading")
    imports.update(content="")


class Migration(migrations.Migration):
    dependencies = (("imports", "0005_step_content"), ("tenancy", "0003_sorted_lists"))

    operations = (
        PastTheWall(
            ("imports.dataimport", "tenancy.vendor"),
            (
                migrations.AddField(
                    model_name="dataimport",
                    name="layout",
                    field=models.JSONField(default=dict, verbose_name="layout"),
                ),
                migrations.AddField(
                    model_name="dataimport",
                    name="original",
                    field=models.BinaryField(default=bytes),
                ),
                migrations.AlterField(
                    model_name="dataimport",
                    name="state",
                    field=models.CharField(
                        choices=[
                            ("reading", "being read"),
                            ("asking", "waits for an answer"),
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
                migrations.CreateModel(
                    name="ColumnMeaning",
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
                        ("kind", models.CharField(max_length=20)),
                        ("heading", models.CharField(max_length=100)),
                        ("column", models.CharField(max_length=40)),
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
                                fields=("vendor", "kind", "heading"), name="column_meaning_once"
                            )
                        ],
                    },
                ),
                migrations.RunPython(read_anew, migrations.RunPython.noop),
            ),
        ),
        RowLevelSecurity("columnmeaning"),
    )
