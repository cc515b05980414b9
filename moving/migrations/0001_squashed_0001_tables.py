import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenancy.rows
import tenancy.wall


class Migration(migrations.Migration):
    replaces = [("moving", "0001_initial")]

    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("tenancy", "0009_ways_in"),
    ]

    operations = [
        tenancy.wall.PastTheWall(
            models=("accounts.user", "tenancy.vendor"),
            operations=(
                migrations.CreateModel(
                    name="Move",
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
                        ("address", models.URLField(max_length=300, verbose_name="source")),
                        ("encrypted_token", models.TextField(blank=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("running", "under way"),
                                    ("stopped", "stopped"),
                                    ("done", "done"),
                                ],
                                default="running",
                                max_length=8,
                                verbose_name="state",
                            ),
                        ),
                        ("noun", models.CharField(blank=True, max_length=30)),
                        ("page", models.PositiveIntegerField(default=1)),
                        ("rows_done", models.PositiveIntegerField(default=0)),
                        ("tries", models.PositiveIntegerField(default=0)),
                        ("by_jobs", models.BooleanField(default=False)),
                        ("counts", models.JSONField(default=dict)),
                        ("why", models.CharField(blank=True, max_length=500)),
                        ("finished_at", models.DateTimeField(null=True, verbose_name="ended")),
                        (
                            "started_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="begun by",
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
                        "verbose_name": "move",
                        "verbose_name_plural": "moves",
                        "ordering": ("-created_at", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(fields=["vendor", "-created_at", "id"], name="move_newest")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("vendor", "id"), name="move_vendor_pair"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "running")),
                                fields=("vendor",),
                                name="move_one_at_a_time",
                            ),
                            tenancy.rows.SameVendor(
                                field="started_by",
                                name="move_started_by_vendor",
                                to_table="accounts_user",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Remark",
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
                        ("noun", models.CharField(max_length=30)),
                        ("source_id", models.CharField(blank=True, max_length=64)),
                        ("label", models.CharField(blank=True, max_length=300)),
                        ("sentence", models.CharField(max_length=500)),
                        ("refused", models.BooleanField(default=True)),
                        (
                            "move",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="moving.move",
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
                        "indexes": [
                            models.Index(
                                fields=["vendor", "move", "created_at", "id"], name="remark_of_move"
                            )
                        ],
                        "constraints": [
                            tenancy.rows.SameVendor(
                                field="move", name="remark_move_vendor", to_table="moving_move"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Taken",
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
                        ("noun", models.CharField(max_length=30)),
                        ("source_id", models.CharField(max_length=64)),
                        ("row_id", models.UUIDField()),
                        ("source_digest", models.CharField(max_length=64)),
                        ("here_digest", models.CharField(max_length=64)),
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
                                fields=("vendor", "noun", "source_id"), name="taken_once"
                            )
                        ],
                    },
                ),
            ),
        ),
    ]
