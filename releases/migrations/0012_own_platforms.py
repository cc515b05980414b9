import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0011_whose_it_is"),
        ("tenancy", "0009_ways_in"),
    ]

    operations = [
        PastTheWall(
            ("tenancy.vendor",),
            (
                migrations.CreateModel(
                    name="OwnPlatform",
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
                            "word",
                            models.CharField(
                                max_length=32,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        "^[a-z0-9][a-z0-9._-]{0,31}\\Z",
                                        "Use small letters, digits, dots, hyphens and underscores, 32 at most.",
                                        "invalid_word",
                                    )
                                ],
                                verbose_name="word",
                            ),
                        ),
                        (
                            "display_name",
                            models.CharField(max_length=100, verbose_name="display name"),
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
                        "verbose_name": "own platform",
                        "verbose_name_plural": "own platforms",
                        "ordering": ("word",),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            models.UniqueConstraint(fields=("vendor", "word"), name="platform_once")
                        ],
                    },
                ),
            ),
        ),
    ]
