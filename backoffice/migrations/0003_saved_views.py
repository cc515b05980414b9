import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("backoffice", "0002_row_level_security"),
        ("tenancy", "0004_own_releases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        PastTheWall(
            ("accounts.user", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="SavedView",
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
                        ("listed", models.CharField(max_length=80, verbose_name="list")),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        ("query", models.CharField(max_length=1000)),
                        (
                            "shared",
                            models.BooleanField(
                                default=False,
                                help_text="All who may see this list can open it.",
                                verbose_name="for the team",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="owner",
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
                        "verbose_name": "saved view",
                        "verbose_name_plural": "saved views",
                        "ordering": ("name", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(
                                fields=["vendor", "listed", "name"], name="saved_view_of_list"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "listed", "name"),
                                name="saved_view_name_once",
                                violation_error_message="You have a view of this name already.",
                            ),
                            tenancy.rows.SameVendor(
                                field="owner",
                                name="saved_view_owner_vendor",
                                to_table="accounts_user",
                            ),
                        ],
                    },
                ),
            ),
        ),
    ]
