"""The settings of a vendor's portal, in the back office."""

import re
from datetime import UTC, date, datetime

from accounts.models import BuiltIn, Role
from accounts.verbs.vendors import change_vendor
from audit.models import AuditEntry
from branding.domains.verbs import claim
from branding.verbs.brands import change_brand
from licenses.models import License
from licenses.verbs.licenses import set_last_day
from tenancy.door import inside
from tenancy.table import every_vendor
from tests.branding.pictures import picture
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


def test_what_is_chosen_together_stands_below_one_heading(world: World) -> None:
    page = signed_in(world.acme_admin).get(PATH).content.decode()
    order = re.findall(
        r'<h2 id="group-\d">([^<]+)|name="(time_zone|registration|keys_by_email)"', page
    )
    told = [heading or name for heading, name in order]
    assert told == [
        "Days and e-mails",
        "time_zone",
        "Support",
        "Signing in",
        "keys_by_email",
        "Registration",
        "registration",
    ]


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
    assert "<option selected>Asia/Kolkata<" in page
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


# --- What is settled elsewhere ------------------------------------------------------------------


def test_the_page_says_where_the_portal_is_and_leads_to_what_can_be_changed(world: World) -> None:
    with inside(world.acme):
        domain = claim(world.acme, "licences.acme.example")
        change_brand(
            vendor=world.acme,
            look={"portal_title": "Orbit Portal", "accent_color": "#123456"},
            pictures={"logo_light": picture()},
            contact={"website": "https://acme.example/"},
        )
    page = facts_in(signed_in(world.acme_admin).get(PATH).content.decode())
    look = "/branding/branding/"
    assert page == {
        "Address of your portal": (
            "http://acme.portal.localhost:8000/",
            "http://acme.portal.localhost:8000/",
        ),
        "Custom domain": (
            "licences.acme.example · pending, not checked yet",
            f"/branding/customdomain/{domain.pk}/change/",
        ),
        "Look": ("Orbit Portal, with your logo, #123456", look),
        "Help for customers": ("support@acme.example", f"{look}#id_support_email"),
        "Website": ("https://acme.example/", f"{look}#id_website"),
        "E-mail": (
            "From Acme Instruments &lt;portal@portal.localhost&gt; "
            "Answers go to support@acme.example",
            "/mail/outgoingemail/",
        ),
        "Test e-mail": (
            "Sent to yourself, it shows that e\N{NON-BREAKING HYPHEN}mails arrive, and how they look "
            "by what is saved below.",
            "/accounts/portalsettings/test-email/",
        ),
        "Signing in": (
            "With e-mail and password It lasts for up to 30 days, for staff 7 days",
            "/accounts/user/?kind=team",
        ),
    }
    html = signed_in(world.acme_admin).get(PATH).content.decode()
    assert 'data-copy="http://acme.portal.localhost:8000/"' in html
    assert set(re.findall(r'id="(id_support_email|id_website)"', html)) == set()
    branding = signed_in(world.acme_admin).get(look).content.decode()
    assert 'id="id_support_email"' in branding
    assert 'id="id_website"' in branding


def test_who_may_only_look_reads_everything_and_has_no_button(world: World) -> None:
    with inside(world.acme):
        Role.objects.filter(name=BuiltIn.SUPPORT).update(claims=["accounts.view_portalsettings"])
    support = signed_in(world.acme_support)
    html = support.get(PATH).content.decode()
    page = facts_in(html)
    assert {title: link for title, (_says, link) in page.items() if link} == {
        "Address of your portal": "http://acme.portal.localhost:8000/"
    }
    assert page["Custom domain"] == ("None: the portal answers at the address above alone.", "")
    assert page["Time zone"] == ("UTC", "")
    assert page["Show visits of support"] == ("yes", "")
    assert "Save" not in html
    assert support.post(PATH, {"time_zone": "UTC"}).status_code == 403


def facts_in(html: str) -> dict[str, tuple[str, str]]:
    """By title what a line of the page says, and where its link leads."""
    found = {}
    for line in re.findall(r"<dt>.*?</dd>\s*<dd.*?</dd>", html, re.DOTALL):
        title, says, action = re.findall(r"<d[td][^>]*>(.*?)</d[td]>", line, re.DOTALL)
        link = re.search(r'(?:href|action)="([^"]+)"', action)
        text = " ".join(re.sub(r"<[^>]+>", " ", says).split())
        found[title] = (text, link[1] if link else "")
    return found
