import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = (
        ("mail", "0005_sent_texts_row_level_security"),
        ("tenancy", "0004_own_releases"),
    )

    # The key leads to a table behind the wall.
    operations = (
        PastTheWall(
            ("tenancy.vendor",),
            (
                migrations.CreateModel(
                    name="OwnText",
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
                            "kind",
                            models.CharField(editable=False, max_length=40, verbose_name="e-mail"),
                        ),
                        ("subject", models.CharField(max_length=200, verbose_name="subject")),
                        (
                            "text",
                            models.TextField(
                                help_text=(
                                    "Plain text; a blank line begins a paragraph. {link} by itself "
                                    "is a button."
                                ),
                                max_length=10000,
                                validators=[django.core.validators.MaxLengthValidator(10000)],
                                verbose_name="text",
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
                        "verbose_name": "text of e-mails",
                        "verbose_name_plural": "texts of e-mails",
                        "ordering": ("kind",),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "constraints": [
                            models.UniqueConstraint(fields=("vendor", "kind"), name="own_text_once")
                        ],
                    },
                ),
            ),
        ),
    )
