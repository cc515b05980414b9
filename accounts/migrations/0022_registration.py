import uuid

import django.db.models.deletion
from django.db import migrations, models

from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0020_sessions_kept"),
        ("tenancy", "0009_ways_in"),
    )

    # The key leads to a table behind the wall.
    operations = (
        migrations.AddField(
            model_name="user",
            name="has_registered",
            field=models.BooleanField(
                default=False, editable=False, verbose_name="registered on the portal"
            ),
        ),
        PastTheWall(
            ("tenancy.vendor",),
            (
                migrations.CreateModel(
                    name="Registration",
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
                        ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                        (
                            "first_name",
                            models.CharField(blank=True, max_length=100, verbose_name="first name"),
                        ),
                        (
                            "last_name",
                            models.CharField(blank=True, max_length=100, verbose_name="last name"),
                        ),
                        (
                            "company",
                            models.CharField(blank=True, max_length=150, verbose_name="company"),
                        ),
                        ("ends_at", models.DateTimeField(verbose_name="ends")),
                        (
                            "used_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="used"),
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
                        "verbose_name": "registration",
                        "verbose_name_plural": "registrations",
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(fields=["vendor", "ends_at"], name="registration_by_end")
                        ],
                    },
                ),
            ),
        ),
    )
