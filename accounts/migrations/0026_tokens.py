import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.tokens.models
import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0025_single_sign_on_row_level_security"),
        ("tenancy", "0009_ways_in"),
    ]

    operations = [
        migrations.AlterField(
            model_name="session",
            name="site",
            field=models.CharField(
                choices=[
                    ("customer", "customer"),
                    ("backoffice", "backoffice"),
                    ("api", "api"),
                    ("refresh", "refresh"),
                ],
                max_length=10,
                verbose_name="site",
            ),
        ),
        PastTheWall(
            ("accounts.user", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="PersonalAccessToken",
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
                                help_text="Such as the program's.",
                                max_length=100,
                                verbose_name="name",
                            ),
                        ),
                        ("digest", models.CharField(max_length=64)),
                        (
                            "scopes",
                            models.JSONField(
                                default=list,
                                validators=[accounts.tokens.models.validate_scopes],
                                verbose_name="scopes",
                            ),
                        ),
                        (
                            "expires_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="expires"),
                        ),
                        ("revoked", models.BooleanField(default=False, verbose_name="revoked")),
                        (
                            "last_used_at",
                            models.DateTimeField(
                                editable=False, null=True, verbose_name="last used"
                            ),
                        ),
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
                    ],
                    options={
                        "verbose_name": "personal access token",
                        "verbose_name_plural": "personal access tokens",
                        "ordering": ("-created_at", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(
                                fields=["vendor", "user", "-created_at", "id"],
                                name="token_of_person",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("vendor", "digest"), name="token_once"),
                            tenancy.rows.SameVendor(
                                field="user",
                                name="token_user_same_vendor",
                                to_table="accounts_user",
                            ),
                        ],
                    },
                ),
            ),
        ),
    ]
