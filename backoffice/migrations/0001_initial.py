import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenancy", "0004_own_releases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        PastTheWall(
            ("accounts.user", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="BulkChange",
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
                        ("kind", models.CharField(max_length=20)),
                        ("name", models.CharField(max_length=40)),
                        ("label", models.CharField(max_length=200, verbose_name="change")),
                        ("values", models.JSONField(default=dict)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "waits for a worker"),
                                    ("running", "being made"),
                                    ("done", "done"),
                                    ("stopped", "stopped"),
                                    ("failed", "failed"),
                                ],
                                default="waiting",
                                max_length=10,
                                verbose_name="state",
                            ),
                        ),
                        ("why", models.CharField(blank=True, max_length=300)),
                        ("rows", models.PositiveIntegerField(default=0, verbose_name="rows")),
                        ("changed", models.PositiveIntegerField(default=0, verbose_name="changed")),
                        ("refused", models.PositiveIntegerField(default=0, verbose_name="refused")),
                        ("left", models.PositiveIntegerField(default=0, verbose_name="left alone")),
                        (
                            "confirmed_ip",
                            models.GenericIPAddressField(null=True, verbose_name="confirmed from"),
                        ),
                        ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                        (
                            "confirmed_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="confirmed by",
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
                        "verbose_name": "change to many",
                        "verbose_name_plural": "changes to many",
                        "ordering": ("-created_at", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                    },
                ),
                migrations.CreateModel(
                    name="BulkStep",
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
                        ("number", models.PositiveIntegerField()),
                        ("rows", models.JSONField()),
                        ("problems", models.JSONField(default=list)),
                        ("troubled", models.PositiveSmallIntegerField(default=0)),
                        ("done_at", models.DateTimeField(null=True)),
                        (
                            "change",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="backoffice.bulkchange",
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
                    },
                ),
                migrations.AddIndex(
                    model_name="bulkchange",
                    index=models.Index(
                        fields=["vendor", "-created_at", "id"], name="bulk_change_newest"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="bulkchange",
                    constraint=models.UniqueConstraint(
                        fields=("vendor", "id"), name="bulk_change_vendor_pair"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="bulkchange",
                    constraint=tenancy.rows.SameVendor(
                        field="confirmed_by",
                        name="bulk_change_confirmed_by_vendor",
                        to_table="accounts_user",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="bulkstep",
                    constraint=models.UniqueConstraint(
                        fields=("change", "number"), name="bulk_step_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="bulkstep",
                    constraint=tenancy.rows.SameVendor(
                        field="change",
                        name="bulk_step_change_vendor",
                        to_table="backoffice_bulkchange",
                    ),
                ),
            ),
        ),
    ]
