from datetime import UTC, time

from django.db import migrations, models
from django.db.models.functions import TruncDate

import licenses.models.terms
from tenancy.wall import PastTheWall

TABLES = ("licenses_license", "licenses_licensepolicy", "licenses_maintenancepolicy")
LAST_SECOND = time(23, 59, 59)


def fill_in_intervals(_apps, editor):
    """The seconds that are there, as people have read them all along: so many times 365 days as
    years, other whole days as days, and the rest by the clock. No end moves."""
    for table in TABLES:
        sql = f"""
            UPDATE {table} SET subscription_interval = CASE
                WHEN validity = 0 THEN ''
                WHEN validity % 31536000 = 0 THEN 'P' || (validity / 31536000) || 'Y'
                WHEN validity % 86400 = 0 THEN 'P' || (validity / 86400) || 'D'
                WHEN validity % 3600 = 0 THEN 'PT' || (validity / 3600) || 'H'
                WHEN validity % 60 = 0 THEN 'PT' || (validity / 60) || 'M'
                ELSE 'PT' || validity || 'S'
            END
            """  # noqa: S608
        editor.execute(sql, params=None)  # which leaves % alone


def fill_in_days(apps, _editor):
    """The days of ends that were set as days, which was always in UTC. A vendor that has another
    time zone keeps the moments."""
    rows = apps.get_model("licenses", "License").objects
    ends = rows.filter(expires_at__time=LAST_SECOND, vendor__time_zone__in=("", "UTC"))
    ends.update(expires_on=TruncDate("expires_at", tzinfo=UTC))


def interval(help_text):
    return licenses.models.terms.IntervalField(
        blank=True, default="", help_text=help_text, max_length=40, verbose_name="validity"
    )


HOW_LONG = "Such as 1 year, 18 months, 30 days or 8 hours; or perpetual."


def index(name, *fields):
    return migrations.AddIndex(
        model_name="license", index=models.Index(fields=["vendor", *fields], name=name)
    )


def day_has_moment(model, name, prefix=""):
    return migrations.AddConstraint(
        model_name=model,
        constraint=models.CheckConstraint(
            condition=models.Q(
                (f"{prefix}expires_on", None),
                (f"{prefix}expires_at__isnull", False),
                _connector="OR",
            ),
            name=name,
        ),
    )


class Migration(migrations.Migration):
    dependencies = (
        ("licenses", "0007_names"),
        ("tenancy", "0003_sorted_lists"),
    )

    operations = (
        PastTheWall(
            (
                "tenancy.vendor",
                "licenses.license",
                "licenses.licensepolicy",
                "licenses.maintenancepolicy",
                "licenses.activation",
            ),
            (
                migrations.RemoveIndex(model_name="license", name="license_standing"),
                migrations.RemoveIndex(model_name="license", name="license_totals"),
                migrations.AddField(
                    model_name="license",
                    name="subscription_interval",
                    field=interval(HOW_LONG),
                ),
                migrations.AddField(
                    model_name="licensepolicy",
                    name="subscription_interval",
                    field=interval(HOW_LONG),
                ),
                migrations.AddField(
                    model_name="maintenancepolicy",
                    name="subscription_interval",
                    field=interval("Such as 1 year; or perpetual."),
                ),
                migrations.RunPython(fill_in_intervals, migrations.RunPython.noop),
                migrations.RemoveField(model_name="license", name="validity"),
                migrations.RemoveField(model_name="licensepolicy", name="validity"),
                migrations.RemoveField(model_name="maintenancepolicy", name="validity"),
                migrations.AddField(
                    model_name="activation",
                    name="expires_on",
                    field=models.DateField(null=True, verbose_name="expires"),
                ),
                migrations.AddField(
                    model_name="license",
                    name="expires_on",
                    field=models.DateField(
                        blank=True, editable=False, null=True, verbose_name="expires"
                    ),
                ),
                migrations.AddField(
                    model_name="license",
                    name="anchor",
                    field=models.CharField(blank=True, editable=False, max_length=19),
                ),
                migrations.AddField(
                    model_name="license",
                    name="periods",
                    field=models.PositiveIntegerField(default=0, editable=False),
                ),
                migrations.AddField(
                    model_name="license",
                    name="maintenance_expires_on",
                    field=models.DateField(
                        blank=True, editable=False, null=True, verbose_name="maintenance ends"
                    ),
                ),
                migrations.AddField(
                    model_name="license",
                    name="maintenance_anchor",
                    field=models.CharField(blank=True, editable=False, max_length=19),
                ),
                migrations.AddField(
                    model_name="license",
                    name="maintenance_periods",
                    field=models.PositiveIntegerField(default=0, editable=False),
                ),
                migrations.RunPython(fill_in_days, migrations.RunPython.noop),
                index(
                    "license_totals",
                    "user",
                    "expires_at",
                    "revoked",
                    "suspended",
                    "expiration_strategy",
                    "subscription_interval",
                    "product",
                ),
                index(
                    "license_standing",
                    "revoked",
                    "suspended",
                    "expires_at",
                    "expiration_strategy",
                    "subscription_interval",
                ),
                day_has_moment("activation", "activation_day_has_moment"),
                day_has_moment("license", "license_day_has_moment"),
                day_has_moment("license", "license_maintenance_day_has_moment", "maintenance_"),
            ),
        ),
    )
