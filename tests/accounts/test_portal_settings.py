"""The settings of a vendor's portal, in the back office."""

import re
from datetime import UTC, date, datetime

from accounts.verbs.vendors import change_vendor
from audit.models import AuditEntry
from licenses.models import License
from licenses.verbs.licenses import set_last_day
from tenancy.door import inside
from tenancy.table import every_vendor
from tests.world import World, set_vendor, signed_in, vendor_now

PATH = "/accounts/portalsettings/"
BOTH = {"show_support_views": "on", "send_expiry_reminders": "on"}


def test_an_administrator_changes_the_own_vendors_settings(world: World) -> None:
    admin = signed_in(world.acme_admin)
    page = admin.get(PATH)
    assert page.status_code == 200
    assert page.content.decode().count("checked") == 2
    answer = admin.post(PATH, {"time_zone": "UTC", "show_support_views": "on"}, follow=True)
    assert "The settings are saved." in answer.content.decode()
    chosen = {
        vendor.company_id: (vendor.send_expiry_reminders, vendor.show_support_views)
        for vendor in every_vendor()
    }
    assert chosen == {"acme": (False, True), "globex": (True, True)}
    with inside(world.acme):
        entry = AuditEntry.objects.get(action="changed")
    assert entry.changes == {"send_expiry_reminders": [True, False]}
    assert (entry.actor, entry.source) == ("admin@acme.example (Admin)", "backoffice")


def test_what_changes_nothing_leaves_no_trace(world: World) -> None:
    form = {"time_zone": "UTC", **BOTH}
    assert signed_in(world.acme_admin).post(PATH, form).status_code == 302
    with inside(world.acme):
        assert not AuditEntry.objects.filter(action="changed").exists()


def test_nobody_else_may(world: World) -> None:
    for person in (world.acme_support, world.operator):
        browser = signed_in(person)
        assert browser.get(PATH).status_code == 403
        assert browser.post(PATH, {}).status_code == 403


def test_there_is_no_other_address(world: World) -> None:
    admin = signed_in(world.acme_admin)
    for rest in ("add/", f"{world.globex.pk}/change/", f"{world.globex.pk}/history/"):
        assert admin.get(PATH + rest).status_code == 404


# --- The time zone ------------------------------------------------------------------------------


def licence_until(world: World, day: date) -> License:
    with inside(world.acme):
        return set_last_day(world.ada_license, day=day)


def test_another_time_zone_is_asked_for_and_keeps_the_days(world: World) -> None:
    licence_until(world, date(2027, 12, 31))
    admin = signed_in(world.acme_admin)
    form = {"time_zone": "Europe/Berlin", **BOTH}
    page = admin.post(PATH, form).content.decode()
    assert "Change the time zone to Europe/Berlin?" in page
    assert "no longer by those of UTC" in page
    assert "1 licence, term of maintenance or machine keeps its day." in page
    assert vendor_now(world.acme).time_zone == ""
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    del hidden["csrfmiddlewaretoken"], hidden["once"]
    assert hidden == form
    answer = admin.post(PATH, hidden | {"confirm": "yes"}, follow=True).content.decode()
    assert "The settings are saved." in answer
    assert "Times are those of Europe/Berlin." in answer
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
        entry = AuditEntry.objects.get(action="changed", subject_type="tenancy.vendor")
    assert license.expires_on == date(2027, 12, 31)
    assert license.expires_at == datetime(2027, 12, 31, 22, 59, 59, tzinfo=UTC)
    assert entry.changes == {"time_zone": ["", "Europe/Berlin"]}
    assert entry.details == {"days": 1}
    assert entry.actor == "admin@acme.example (Admin)"


def test_the_zone_that_is_there_is_not_asked_about(world: World) -> None:
    set_vendor(world.acme, time_zone="Asia/Kolkata")
    admin = signed_in(world.acme_admin)
    page = admin.get(PATH).content.decode()
    assert 'value="Asia/Kolkata" selected' in page
    assert admin.post(PATH, {"time_zone": "Asia/Kolkata", **BOTH}).status_code == 302


def test_a_zone_that_is_none_is_refused(world: World) -> None:
    admin = signed_in(world.acme_admin)
    for name in ("Europe/Atlantis", "../etc/passwd", "Factory"):
        page = admin.post(PATH, {"time_zone": name, **BOTH, "confirm": "yes"})
        assert page.status_code == 200
    assert vendor_now(world.acme).time_zone == ""


def test_an_operators_change_leaves_the_zone(world: World) -> None:
    known = vendor_now(world.acme)
    set_vendor(world.acme, time_zone="Europe/Berlin")
    known.name = "Acme"
    change_vendor(known)
    assert vendor_now(world.acme).time_zone == "Europe/Berlin"
