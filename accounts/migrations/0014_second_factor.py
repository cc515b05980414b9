import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


def vendor():
    return models.ForeignKey(
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="tenancy.vendor",
        verbose_name="vendor",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_internal_notes"),
        ("tenancy", "0008_second_factor"),
    ]

    # The keys lead to tables behind the wall.
    operations = [
        migrations.AddField(
            model_name="session",
            name="proved_at",
            field=models.DateTimeField(null=True, verbose_name="proved"),
        ),
        migrations.AddField(
            model_name="user",
            name="second_factor_since",
            field=models.DateTimeField(
                editable=False, null=True, verbose_name="second factor since"
            ),
        ),
        PastTheWall(
            ("accounts.user", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="SecondFactor",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "encrypted_secret",
                            models.TextField(
                                help_text="Under KEY_ENCRYPTION_KEYS, never in clear."
                            ),
                        ),
                        ("last_step", models.BigIntegerField()),
                        (
                            "user",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="person",
                            ),
                        ),
                        ("vendor", vendor()),
                    ],
                    options={
                        "verbose_name": "second factor",
                        "verbose_name_plural": "second factors",
                        "base_manager_name": "of_scope",
                        "constraints": [
                            tenancy.rows.SameVendor(
                                field="user",
                                name="second_factor_user_same_vendor",
                                to_table="accounts_user",
                            )
                        ],
                    },
                    managers=[("of_scope", django.db.models.manager.Manager())],
                ),
                migrations.CreateModel(
                    name="RecoveryCode",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("digest", models.CharField(max_length=64)),
                        ("used_at", models.DateTimeField(null=True, verbose_name="used")),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="person",
                            ),
                        ),
                        ("vendor", vendor()),
                    ],
                    options={
                        "verbose_name": "recovery code",
                        "verbose_name_plural": "recovery codes",
                        "base_manager_name": "of_scope",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "digest"), name="recovery_code_once"
                            ),
                            tenancy.rows.SameVendor(
                                field="user",
                                name="recovery_code_user_same_vendor",
                                to_table="accounts_user",
                            ),
                        ],
                    },
                    managers=[("of_scope", django.db.models.manager.Manager())],
                ),
            ),
        ),
    ]
