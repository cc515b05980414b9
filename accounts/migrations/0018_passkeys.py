import uuid

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_refused_files"),
        ("tenancy", "0008_second_factor"),
    ]

    # The keys lead to tables behind the wall.
    operations = [
        migrations.CreateModel(
            name="Challenge",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("ends_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["ends_at"], name="challenge_by_end")]},
        ),
        PastTheWall(
            ("accounts.user", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="Passkey",
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
                        ("rp_id", models.CharField(max_length=253)),
                        ("credential_id", models.CharField(max_length=1364)),
                        ("public_key", models.TextField()),
                        ("sign_count", models.BigIntegerField()),
                        ("transports", models.JSONField(default=list)),
                        ("is_backed_up", models.BooleanField(verbose_name="synchronised")),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        (
                            "created_at",
                            models.DateTimeField(auto_now_add=True, verbose_name="created"),
                        ),
                        ("last_used_at", models.DateTimeField(null=True, verbose_name="last used")),
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
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="tenancy.vendor",
                                verbose_name="vendor",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "passkey",
                        "verbose_name_plural": "passkeys",
                        "ordering": ("created_at", "id"),
                        "base_manager_name": "of_scope",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("vendor", "credential_id"), name="passkey_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("vendor", None)),
                                fields=("credential_id",),
                                name="operators_passkey_once",
                            ),
                            tenancy.rows.SameVendor(
                                field="user",
                                name="passkey_user_same_vendor",
                                to_table="accounts_user",
                            ),
                        ],
                    },
                    managers=[("of_scope", django.db.models.manager.Manager())],
                ),
            ),
        ),
    ]
