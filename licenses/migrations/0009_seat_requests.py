import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenancy.rows
from tenancy.wall import PastTheWall


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0008_calendar"),
        ("tenancy", "0004_own_releases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        PastTheWall(
            ("accounts.user", "licenses.license", "tenancy.vendor"),
            (
                migrations.CreateModel(
                    name="SeatRequest",
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
                        ("activation_id", models.UUIDField()),
                        (
                            "hostname",
                            models.CharField(blank=True, max_length=256, verbose_name="machine"),
                        ),
                        ("reason", models.CharField(max_length=500, verbose_name="reason")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "waiting for an answer"),
                                    ("released", "released"),
                                    ("refused", "refused"),
                                    ("not-needed", "no longer needed"),
                                ],
                                default="open",
                                max_length=10,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "by_customer",
                            models.BooleanField(
                                default=False, verbose_name="released by the customer"
                            ),
                        ),
                        (
                            "answer",
                            models.CharField(blank=True, max_length=500, verbose_name="answer"),
                        ),
                        ("answered_at", models.DateTimeField(null=True, verbose_name="answered")),
                        (
                            "answered_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="answered by",
                            ),
                        ),
                        (
                            "license",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="seat_requests",
                                to="licenses.license",
                                verbose_name="licence",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="owner of the licence at that time",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="asked by",
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
                        "verbose_name": "request to release",
                        "verbose_name_plural": "requests to release",
                        "ordering": ("-created_at", "id"),
                        "abstract": False,
                        "base_manager_name": "objects",
                        "indexes": [
                            models.Index(
                                fields=["vendor", "-created_at", "id"], name="seat_request_newest"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state", "open")),
                                fields=("vendor", "activation_id"),
                                name="seat_request_open_once",
                            ),
                            tenancy.rows.SameVendor(
                                field="license",
                                name="seat_request_license_vendor",
                                to_table="licenses_license",
                            ),
                            tenancy.rows.SameVendor(
                                field="owner",
                                name="seat_request_owner_vendor",
                                to_table="accounts_user",
                            ),
                            tenancy.rows.SameVendor(
                                field="user",
                                name="seat_request_user_vendor",
                                to_table="accounts_user",
                            ),
                            tenancy.rows.SameVendor(
                                field="answered_by",
                                name="seat_request_answerer_vendor",
                                to_table="accounts_user",
                            ),
                        ],
                    },
                ),
            ),
        ),
    ]
