import base64
import json

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenancy.finding import batches
from tenancy.rows import SameVendor
from tenancy.wall import PastTheWall

TABLES = ("offline.OfflineExchange", "accounts.User", "licenses.License")


def fill_in(apps, _editor):
    """For whom those were answered that are there: for who has the licence now, if he handed in the
    file or the response names him. Of all others nobody knows, so that nobody gets them."""
    exchanges = apps.get_model("offline", "OfflineExchange").objects
    for part in batches(exchanges.select_related("license__user")):
        ours = [each for each in part if _is_of_present_owner(each)]
        for exchange in ours:
            exchange.owner_id = exchange.license.user_id
        exchanges.bulk_update(ours, ["owner_id"])


def _is_of_present_owner(exchange):
    owner = exchange.license.user
    return owner is not None and (
        exchange.user_id == owner.pk or _named_in(exchange) == owner.email
    )


def _named_in(exchange):
    """The e-mail that a response names; a receipt names none."""
    payload = exchange.response.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims.get("email")


class Migration(migrations.Migration):
    dependencies = [
        ("offline", "0002_row_level_security"),
        ("licenses", "0005_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        PastTheWall(
            TABLES,
            (
                migrations.AddField(
                    model_name="offlineexchange",
                    name="owner",
                    field=models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner of the licence at that time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="offlineexchange",
                    constraint=SameVendor(
                        field="owner",
                        name="offline_exchange_owner_vendor",
                        to_table="accounts_user",
                    ),
                ),
            ),
        ),
        PastTheWall(TABLES, (migrations.RunPython(fill_in, migrations.RunPython.noop),)),
    ]
