import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_sorted_lists"),
        ("tenancy", "0003_sorted_lists"),
    ]

    # The keys lead to tables behind the wall.
    operations = [
        PastTheWall(
            ("accounts.user", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="Session",
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
                            "site",
                            models.CharField(
                                choices=[("customer", "customer"), ("backoffice", "backoffice")],
                                max_length=10,
                                verbose_name="site",
                            ),
                        ),
                        ("digest", models.CharField(max_length=64)),
                        ("password_mark", models.CharField(max_length=64)),
                        (
                            "browser",
                            models.CharField(blank=True, max_length=200, verbose_name="browser"),
                        ),
                        ("begun_at", models.DateTimeField(verbose_name="begun")),
                        ("seen_at", models.DateTimeField(verbose_name="last seen")),
                        ("ends_at", models.DateTimeField(verbose_name="ends")),
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
                        "verbose_name": "session",
                        "verbose_name_plural": "sessions",
                        "ordering": ("-seen_at",),
                        "base_manager_name": "of_scope",
                        "indexes": [
                            models.Index(fields=["vendor", "ends_at"], name="session_by_end")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("vendor", "digest"), name="session_once"
                            ),
                            tenancy.rows.SameVendor(
                                field="user",
                                name="session_user_same_vendor",
                                to_table="accounts_user",
                            ),
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("of_scope", django.db.models.manager.Manager()),
                    ],
                ),
            ),
        ),
    ]
