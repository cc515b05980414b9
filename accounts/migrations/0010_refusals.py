import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0009_one_spelling"),
        ("tenancy", "0003_sorted_lists"),
    )

    # The keys lead to tables behind the wall.
    operations = (
        PastTheWall(
            ("accounts.user", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="Refusal",
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
                            "kind",
                            models.CharField(
                                choices=[("sign-in", "sign-in"), ("file", "offline file")],
                                max_length=7,
                                verbose_name="kind",
                            ),
                        ),
                        ("reason", models.CharField(max_length=60, verbose_name="reason")),
                        ("said", models.TextField(blank=True, verbose_name="what was said")),
                        (
                            "ip",
                            models.CharField(blank=True, max_length=45, verbose_name="IP address"),
                        ),
                        (
                            "browser",
                            models.CharField(blank=True, max_length=200, verbose_name="browser"),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
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
                        "verbose_name": "refusal",
                        "verbose_name_plural": "refusals",
                        "ordering": ("-created_at", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(
                                fields=["vendor", "user", "kind", "created_at"],
                                name="refusal_of_user",
                            ),
                            models.Index(fields=["vendor", "created_at"], name="refusal_by_age"),
                        ],
                        "constraints": [
                            tenancy.rows.SameVendor(
                                field="user",
                                name="refusal_user_same_vendor",
                                to_table="accounts_user",
                            )
                        ],
                    },
                ),
            ),
        ),
    )
