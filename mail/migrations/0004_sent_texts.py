import uuid

import django.db.models.deletion
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = (
        ("mail", "0003_found_by"),
        ("tenancy", "0004_own_releases"),
    )

    # The keys lead to tables behind the wall.
    operations = (
        PastTheWall(
            ("mail.outgoingemail", "tenancy.vendor"),
            (
                migrations.AddConstraint(
                    model_name="outgoingemail",
                    constraint=models.UniqueConstraint(
                        fields=("vendor", "id"), name="outgoing_email_vendor_pair"
                    ),
                ),
                migrations.CreateModel(
                    name="SentText",
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
                        ("sender", models.TextField(verbose_name="from")),
                        ("recipient", models.TextField(verbose_name="to")),
                        ("reply_to", models.TextField(blank=True, verbose_name="reply to")),
                        ("subject", models.TextField(verbose_name="subject")),
                        ("text", models.TextField(verbose_name="text")),
                        ("html", models.TextField(verbose_name="HTML")),
                        (
                            "email",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sent_text",
                                to="mail.outgoingemail",
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
                        "verbose_name": "sent text",
                        "verbose_name_plural": "sent texts",
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(fields=["vendor", "created_at"], name="sent_text_by_age"),
                        ],
                        "constraints": [
                            tenancy.rows.SameVendor(
                                field="email",
                                goes_along=True,
                                name="sent_text_email_vendor",
                                to_table="mail_outgoingemail",
                            )
                        ],
                    },
                ),
            ),
        ),
    )
