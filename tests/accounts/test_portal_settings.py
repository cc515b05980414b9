"""The settings of a vendor's portal, in the back office."""

from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.table import every_vendor
from tests.world import World, signed_in

PATH = "/accounts/portalsettings/"


def test_an_administrator_changes_the_own_vendors_settings(world: World) -> None:
    admin = signed_in(world.acme_admin)
    page = admin.get(PATH)
    assert page.status_code == 200
    assert page.content.decode().count("checked") == 2
    answer = admin.post(PATH, {"show_support_views": "on"}, follow=True)
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
    form = {"show_support_views": "on", "send_expiry_reminders": "on"}
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
