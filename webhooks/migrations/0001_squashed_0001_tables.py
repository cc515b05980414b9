import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import tenancy.rows
import tenancy.texts
import tenancy.wall
import webhooks.models


class Migration(migrations.Migration):
    replaces = [("webhooks", "0001_initial")]

    initial = True

    dependencies = [
        ("tenancy", "0009_ways_in"),
    ]

    operations = [
        tenancy.wall.PastTheWall(
            models=("tenancy.vendor",),
            operations=(
                migrations.CreateModel(
                    name="Webhook",
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
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        (
                            "url",
                            models.CharField(
                                help_text="Where events are sent, such as https://shop.example/hooks/licences.",
                                max_length=500,
                                validators=[
                                    tenancy.texts.validate_line,
                                    webhooks.models.validate_receiver,
                                ],
                                verbose_name="address",
                            ),
                        ),
                        (
                            "style",
                            models.CharField(
                                choices=[
                                    ("cryptlex", "As Cryptlex signs"),
                                    ("standard", "Standard Webhooks"),
                                ],
                                default="cryptlex",
                                help_text="How the receiver sees that it is you. New receivers: Standard Webhooks.",
                                max_length=8,
                                verbose_name="signature",
                            ),
                        ),
                        (
                            "events",
                            models.JSONField(
                                default=list,
                                validators=[webhooks.models.validate_events],
                                verbose_name="events",
                            ),
                        ),
                        (
                            "active",
                            models.BooleanField(
                                default=True,
                                help_text="While it is off, nothing is sent or kept for it.",
                                verbose_name="on",
                            ),
                        ),
                        (
                            "encrypted_secret",
                            models.TextField(editable=False, verbose_name="secret"),
                        ),
                        (
                            "encrypted_earlier",
                            models.TextField(
                                blank=True, editable=False, verbose_name="earlier secret"
                            ),
                        ),
                        (
                            "secret_made_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "earlier_until",
                            models.DateTimeField(
                                editable=False, null=True, verbose_name="earlier secret until"
                            ),
                        ),
                        (
                            "failing_since",
                            models.DateTimeField(
                                editable=False, null=True, verbose_name="failing since"
                            ),
                        ),
                        (
                            "switched_off",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("gone", "its receiver says that it is gone (410)"),
                                    ("failing", "nothing has arrived for a day"),
                                ],
                                editable=False,
                                max_length=7,
                                verbose_name="switched off because",
                            ),
                        ),
                        (
                            "ends_until",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "soon_until",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                        "verbose_name": "webhook",
                        "verbose_name_plural": "webhooks",
                        "ordering": ("name", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(fields=["vendor", "name", "id"], name="webhook_by_name"),
                            models.Index(
                                fields=["vendor", "created_at", "id"], name="webhook_newest"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("vendor", "id"), name="webhook_vendor_pair"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
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
                        ("event", models.CharField(max_length=40, verbose_name="event")),
                        ("thing_id", models.UUIDField(verbose_name="licence or other thing")),
                        ("person_id", models.UUIDField(editable=False, null=True)),
                        ("place", models.BigIntegerField(editable=False)),
                        ("once", models.CharField(blank=True, editable=False, max_length=100)),
                        ("body", models.TextField(verbose_name="request")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("queued", "queued"),
                                    ("sending", "being sent"),
                                    ("delivered", "delivered"),
                                    ("given-up", "given up"),
                                ],
                                default="queued",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "attempts",
                            models.PositiveSmallIntegerField(default=0, verbose_name="attempts"),
                        ),
                        ("claim", models.UUIDField(null=True)),
                        ("due_at", models.DateTimeField(null=True, verbose_name="next attempt")),
                        (
                            "tried_since",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("sent_at", models.DateTimeField(null=True, verbose_name="last attempt")),
                        (
                            "status",
                            models.PositiveSmallIntegerField(null=True, verbose_name="status"),
                        ),
                        ("answer", models.TextField(blank=True, verbose_name="answer")),
                        (
                            "took",
                            models.PositiveIntegerField(null=True, verbose_name="milliseconds"),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("OFF", "The webhook is off."),
                                    (
                                        "GONE",
                                        "The receiver says that it is gone (410), so the webhook was switched off.",
                                    ),
                                    ("REFUSED", "The receiver did not take it."),
                                    ("NO_ANSWER", "The receiver did not answer within 10 seconds."),
                                    ("UNKNOWN_NAME", "There is no server of this name."),
                                    ("NOT_PUBLIC", "The receiver is not at a public address."),
                                    ("BAD_ADDRESS", "Nothing can be sent to this address."),
                                    ("BAD_CERTIFICATE", "The receiver’s certificate is not valid."),
                                    (
                                        "REDIRECT",
                                        "The receiver leads to another address, which is not followed.",
                                    ),
                                    ("ERASED", "It told of a person who was erased."),
                                ],
                                max_length=15,
                                verbose_name="reason",
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
                        (
                            "webhook",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="webhooks.webhook",
                                verbose_name="webhook",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "event to a webhook",
                        "verbose_name_plural": "events to webhooks",
                        "ordering": ("-created_at", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(
                                fields=["vendor", "-created_at", "id"],
                                name="webhook_delivery_newest",
                            ),
                            models.Index(
                                fields=["vendor", "webhook", "-created_at", "id"],
                                name="webhook_delivery_log",
                            ),
                            models.Index(
                                fields=["vendor", "person_id"], name="webhook_delivery_person"
                            ),
                            models.Index(
                                condition=models.Q(("due_at__isnull", False)),
                                fields=["due_at"],
                                name="webhook_delivery_due",
                            ),
                            models.Index(
                                condition=models.Q(("due_at__isnull", False)),
                                fields=["webhook", "thing_id", "place"],
                                name="webhook_delivery_before",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("once", ""), _negated=True),
                                fields=("vendor", "webhook", "once"),
                                name="webhook_delivery_once",
                            ),
                            tenancy.rows.SameVendor(
                                field="webhook",
                                goes_along=True,
                                name="webhook_delivery_vendor",
                                to_table="webhooks_webhook",
                            ),
                        ],
                    },
                ),
            ),
        ),
    ]
