"""Licences in the back office: a new one, one changed, many changed, a machine released."""

import re
from datetime import UTC, date, datetime
from html import unescape
from random import Random
from string import ascii_letters, digits
from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from audit.models import AuditEntry
from licenses.ends import end_of
from licenses.history import history_of
from licenses.models import Activation, License, LicensePolicy
from licenses.verbs import many
from licenses.verbs.licenses import change_license, create_license, renew, set_last_day, suspend
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import Browser, World, signed_in

DAY = 86400


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


@pytest.fixture
def policy(world: World) -> LicensePolicy:
    with inside(world.acme):
        return LicensePolicy.objects.create(
            vendor=world.acme, name="Yearly", allowed_activations=3, subscription_interval="P1Y"
        )


def new(world: World, policy: LicensePolicy, **changes: Any) -> dict[str, Any]:
    return {
        "email": "Mary@Example.com",
        "first_name": "Mary",
        "last_name": "Somerville",
        "company": "Connexion",
        "product": str(world.orbit.pk),
        "policy": str(policy.pk),
        "allowed_activations": "",
        "expires_on": "",
        "key": "",
        "notes": "",
        "send": "on",
        **changes,
    }


# --- A new licence ------------------------------------------------------------------------------


def test_a_licence_for_a_new_customer_is_two_clicks(
    world: World, admin: Browser, policy: LicensePolicy
) -> None:
    page = admin.get("/licenses/license/add/").content.decode()
    assert "Quill" not in page
    assert f'value="{policy.pk}" selected' in page
    response = admin.post("/licenses/license/add/", new(world, policy))
    with inside(world.acme):
        license = License.objects.get(user__email="mary@example.com")
        assert response["Location"] == f"/licenses/license/{license.pk}/change/"
        assert (license.allowed_activations, license.product) == (3, world.orbit)
        assert license.expires_at is not None
        assert license.user.full_name == "Mary Somerville"
        assert not license.user.has_usable_password()
        events = [(each.action, each.actor_for_customers) for each in history_of(license)]
        assert sorted(events) == [
            ("created", "Acme Instruments"),
            ("license-sent", "Acme Instruments"),
        ]
    [message] = mail.outbox
    assert message.to == ["mary@example.com"]
    assert license.key in message.body
    assert "/invitation/" in message.body


def test_a_known_customer_is_found_and_keeps_the_own_name(
    world: World, admin: Browser, policy: LicensePolicy
) -> None:
    form = new(world, policy, email="ADA@example.com", key="KEY-FROM-ELSEWHERE-1", send="")
    assert admin.post("/licenses/license/add/", form).status_code == 302
    assert mail.outbox == []
    with inside(world.acme):
        license = License.objects.get(key="KEY-FROM-ELSEWHERE-1")
        assert license.user == world.ada
        assert license.user.last_name == "Lovelace"


def test_what_is_typed_wins_over_the_policy(
    world: World, admin: Browser, policy: LicensePolicy
) -> None:
    form = new(world, policy, allowed_activations="7", expires_on="2027-01-31")
    assert admin.post("/licenses/license/add/", form).status_code == 302
    with inside(world.acme):
        license = License.objects.get(user__email="mary@example.com")
        assert license.allowed_activations == 7
        assert license.expires_at is not None
        assert license.expires_at.isoformat() == "2027-01-31T23:59:59+00:00"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "admin@acme.example"}, "member of your staff"),
        ({"email": "nonsense"}, "valid email"),
        ({"key": "ADA111-ACME-ORBIT-0001"}, "There is a licence with this key already."),
        ({"key": "short"}, "16 to 256 visible characters"),
        ({"allowed_activations": "-2"}, "greater than or equal to -1"),
        ({"expires_on": "31.1.2027x"}, "valid date"),
        ({"expires_on": "2026-11-23"}, "This day is over"),
        ({"product": "QUILL"}, "Select a valid choice"),
        ({"policy": "FOREIGN"}, "Select a valid choice"),
        ({"product": "nonsense"}, "is not a valid UUID"),
        ({"first_name": "x" * 101}, "at most 100 characters"),
        ({"max_allowed_release_version": "4.x", "validity": "2"}, "Use two to four numbers"),
    ],
)
def test_what_can_t_be_is_said_and_nothing_is_created(
    world: World, admin: Browser, policy: LicensePolicy, changes: dict[str, str], sentence: str
) -> None:
    with inside(world.globex):
        foreign = LicensePolicy.objects.create(vendor=world.globex, name="Foreign")
    ids = {"QUILL": str(world.quill.pk), "FOREIGN": str(foreign.pk)}
    form = new(world, policy) | {name: ids.get(value, value) for name, value in changes.items()}
    response = admin.post("/licenses/license/add/", form)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert mail.outbox == []
    with inside(world.acme):
        assert License.objects.count() == 2
        assert not User.objects.filter(email="mary@example.com").exists()


def test_without_a_product_the_way_leads_to_the_first_one(world: World) -> None:
    operator = signed_in(world.operator)
    form = {
        "company_id": "initech",
        "name": "Initech",
        "status": "active",
        "support_email": "",
        "support_url": "",
        "website": "",
        "admin_email": "bill@initech.example",
        "send_expiry_reminders": "on",
        "show_support_views": "on",
    }
    assert operator.post("/tenancy/vendor/add/", form).status_code == 302
    link = re.search(r"http://[^/]+(/invitation/\S+)", str(mail.outbox[0].body))
    assert link
    bill = Browser("app")
    password = {
        "new_password": "a long enough phrase",
        "new_password_again": "a long enough phrase",
    }
    bill.post(link[1], password)
    bill.sign_in("bill@initech.example", "a long enough phrase", company_id="initech")
    assert bill.get("/licenses/license/add/")["Location"] == "/licenses/product/add/"


# --- Many at once -------------------------------------------------------------------------------


def choose(browser: Browser, action: str, *licenses: License) -> Any:
    chosen = [str(license.pk) for license in licenses]
    return browser.post("/licenses/license/", {"action": action, "_selected_action": chosen})


def seen_in(response: Any) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def confirm(browser: Browser, action: str, seen: str, **numbers: str) -> Any:
    form = {"seen": seen, "confirm": "yes", **numbers}
    return browser.post(f"/licenses/license/many/{action}/", form, follow=True)


def state(license: License) -> License:
    with inside(license.vendor_id):
        return License.objects.get(pk=license.pk)


@pytest.mark.parametrize(("n", "buttons"), [(2, 1), (6, 2)])
def test_of_many_the_button_is_in_sight_before_and_below_them(
    world: World, admin: Browser, n: int, buttons: int
) -> None:
    with inside(world.acme):
        many = [create_license(product=world.orbit, user=world.ada) for _ in range(n)]
    text = choose(admin, "suspend", *many).content.decode()
    assert text.count('name="confirm"') == buttons
    assert text.count('<a class="button" href="/licenses/license/">Leave them') == buttons


@pytest.mark.parametrize(("action", "field"), [("suspend", "suspended"), ("revoke", "revoked")])
def test_a_preview_changes_nothing_and_the_confirmation_own_licences_only(
    world: World, admin: Browser, action: str, field: str
) -> None:
    with inside(world.acme):
        trail = AuditEntry.objects.count()
    page = choose(admin, action, world.ada_license, world.bob_license)
    assert page.status_code == 200
    text = page.content.decode()
    assert world.ada_license.key in text
    assert world.bob_license.key not in text
    assert "1 licence will change" in text
    back = f'href="/licenses/license/{world.ada_license.pk}/change/">Leave it as it is</a>'
    assert back in text  # where a licence's own page leads here
    assert getattr(state(world.ada_license), field) is False
    with inside(world.acme):
        assert AuditEntry.objects.count() == trail
    done = confirm(admin, action, seen_in(page))
    assert "1 licence is changed." in done.content.decode()
    assert getattr(state(world.ada_license), field) is True
    assert getattr(state(world.bob_license), field) is False
    with inside(world.acme):
        entry = AuditEntry.objects.get(
            license_id=world.ada_license.pk, facts__changes__has_key=field
        )
    assert entry.changes == {field: [False, True]}
    assert (entry.actor, entry.source) == ("admin@acme.example (Admin)", "backoffice")


def test_a_last_day_is_set_and_told(world: World, admin: Browser) -> None:
    asked = choose(admin, "set_last_day", world.ada_license)
    form = {"seen": seen_in(asked), "day": "2027-12-31"}
    looked = admin.post("/licenses/license/many/set_last_day/", form)
    assert "<ins>31 December 2027</ins>" in looked.content.decode()
    done = confirm(admin, "set_last_day", seen_in(looked), day="2027-12-31").content.decode()
    assert "1 licence is changed." in done
    license = state(world.ada_license)
    assert (license.expires_on, license.periods) == (date(2027, 12, 31), 0)
    page = signed_in(world.ada).get(f"/licenses/{license.pk}/").content.decode()
    assert "Last day set</strong>" in page
    assert "Valid until 31 December 2027" in page
    with inside(world.acme):
        License.objects.update(expiration_strategy="rolling")
    assert "has an end of its own" in choose_day(admin, world.ada_license)


def test_it_is_said_from_where_renewals_are_counted(world: World, admin: Browser) -> None:
    with inside(world.acme):
        license = create_license(product=world.orbit, user=world.ada, subscription_interval="P1M")
        renew(license)
    path = f"/licenses/license/{license.pk}/change/"
    assert "24 November 2026, 2 terms before its end" in admin.get(path).content.decode()
    with inside(world.acme):
        set_last_day(license, day=date(2027, 12, 31))
    assert "its end" in counted_from(admin.get(path).content.decode())
    plain = f"/licenses/license/{world.ada_license.pk}/change/"
    assert "Renewals counted from" not in admin.get(plain).content.decode()


def counted_from(page: str) -> str:
    return page[page.index("field-counted_from") :][:90]


def choose_day(admin: Browser, license: License) -> str:
    form = {"seen": seen_in(choose(admin, "set_last_day", license)), "day": "2027-12-31"}
    return admin.post("/licenses/license/many/set_last_day/", form).content.decode()


def test_a_confirmation_that_arrives_twice_counts_once(world: World, admin: Browser) -> None:
    with inside(world.acme):
        License.objects.update(subscription_interval="P10D", expires_at=NOW)
    seen = seen_in(choose(admin, "renew", world.ada_license, world.grace_license))
    assert "2 licences are changed." in confirm(admin, "renew", seen).content.decode()
    once = state(world.ada_license).expires_at
    again = confirm(admin, "renew", seen).content.decode()
    assert "Somebody has changed this licence since the preview" in again
    assert state(world.ada_license).expires_at == once


def test_refusals_are_told_as_far_as_a_cookie_goes(world: World, admin: Browser) -> None:
    """Also those of the longest keys, which nothing makes shorter."""
    chance = Random(1)
    keys = ["".join(chance.choices(ascii_letters + digits, k=256)) for _number in range(12)]
    with inside(world.acme):
        many = [create_license(product=world.orbit, user=world.ada, key=key) for key in keys]
    seen = seen_in(choose(admin, "suspend", *many))
    confirm(admin, "suspend", seen)
    page = confirm(admin, "suspend", seen).content.decode()
    assert page.count("Somebody has changed this licence since the preview") == 10
    assert "2 more are refused." in page


def test_what_would_be_refused_is_said_before(world: World, admin: Browser) -> None:
    page = choose(admin, "renew", world.ada_license).content.decode()
    assert "This licence has no expiry date" in page
    assert 'name="confirm"' not in page


def test_extending_asks_for_a_length_shows_the_dates_and_extends(
    world: World, admin: Browser
) -> None:
    with inside(world.acme):
        License.objects.update(expires_at=NOW)
    asked = choose(admin, "extend", world.ada_license, world.grace_license)
    assert "2 licences are chosen." in asked.content.decode()
    form = {"seen": seen_in(asked), "length": "10 days"}
    looked = admin.post("/licenses/license/many/extend/", form)
    text = looked.content.decode()
    assert "24 November 2026, 12:00 UTC" in text
    assert "4 December 2026<" in text
    confirm(admin, "extend", seen_in(looked), length="10 days")
    assert state(world.grace_license).expires_on == date(2026, 12, 4)
    refused = {
        "": "one of both",
        "30": "30 of what?",
        "x": "Type a length",
        "perpetual": "has an end",
        "101 years": "at most 100 years",
    }
    for length, sentence in refused.items():
        form = {"seen": seen_in(looked), "length": length, "confirm": "yes"}
        again = admin.post("/licenses/license/many/extend/", form)
        assert sentence in again.content.decode(), length
    assert state(world.grace_license).expires_on == date(2026, 12, 4)


@pytest.mark.parametrize(
    ("length", "day", "ends"),
    [
        ("1 year 6 months", "", date(2028, 6, 1)),
        ("2 weeks", "", date(2026, 12, 15)),
        ("1 Jahr", "", date(2027, 12, 1)),
        ("P3M", "", date(2027, 3, 1)),
        ("", "2026-12-24", date(2026, 12, 24)),
    ],
)
def test_a_licence_is_extended_by_any_length_or_to_a_day(
    world: World, admin: Browser, length: str, day: str, ends: date
) -> None:
    """The same by its button and by the action for many."""
    with inside(world.acme):
        set_last_day(world.ada_license, day=date(2026, 12, 1))
    seen = seen_in(choose(admin, "extend", world.ada_license))
    confirm(admin, "extend", seen, length=length, day=day)
    license = state(world.ada_license)
    assert (license.expires_on, license.periods) == (ends, 0)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2026-11-30", "ends on that day or later already"),
        ("2026-12-01", "ends on that day or later already"),
        ("2026-11-23", "This day is over"),
        ("24.12.", "Enter a valid date."),
        ("9999-12-31", "too far in the future"),
    ],
)
def test_extending_to_a_day_never_makes_shorter(
    world: World, admin: Browser, day: str, sentence: str
) -> None:
    with inside(world.acme):
        set_last_day(world.ada_license, day=date(2026, 12, 1))
    form = {"seen": seen_in(choose(admin, "extend", world.ada_license)), "day": day}
    assert sentence in admin.post("/licenses/license/many/extend/", form).content.decode()
    both = form | {"length": "1 year", "day": "2027-01-01"}
    assert "one of both" in admin.post("/licenses/license/many/extend/", both).content.decode()
    assert state(world.ada_license).expires_on == date(2026, 12, 1)


def test_seats_are_changed_and_the_history_says_so(world: World, admin: Browser) -> None:
    asked = choose(admin, "set_seats", world.ada_license)
    done = confirm(admin, "set_seats", seen_in(asked), seats="9")
    assert done.redirect_chain[-1][0] == f"/licenses/license/{world.ada_license.pk}/change/"
    assert state(world.ada_license).allowed_activations == 9
    page = signed_in(world.ada).get(f"/licenses/{world.ada_license.pk}/").content.decode()
    assert "Seats: 3 → 9" in page
    assert "Acme Instruments" in page
    assert "(Admin)" not in page


@pytest.mark.parametrize(
    ("typed", "seats"),
    [("-1", -1), ("−1", -1), ("unlimited", -1), ("0", 0), ("-2", None), ("x", None)],
)
def test_seats_of_many_are_what_a_licence_allows(
    world: World, admin: Browser, typed: str, seats: int | None
) -> None:
    asked = choose(admin, "set_seats", world.ada_license)
    page = confirm(admin, "set_seats", seen_in(asked), seats=typed).content.decode()
    expected = world.ada_license.allowed_activations if seats is None else seats
    assert state(world.ada_license).allowed_activations == expected
    assert ("0 or more, or −1 for any number" in page) == (seats is None)


def leads_to(page: str, text: str) -> str:
    """The address of the page's first link that says so."""
    links = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.S)
    return next(
        unescape(url)
        for url, said in links
        if " ".join(re.sub("<[^>]*>", " ", said).split()) == text
    )


@pytest.mark.parametrize("by_overview", [True, False])
def test_those_that_end_next_month_are_extended_in_six_clicks(
    world: World, admin: Browser, by_overview: bool
) -> None:
    """Of one product by the overview, of all by the list; nothing is ticked one by one."""
    ends = {"before": 30, "first": 1, "last": 31, "after": 1, "other": 15, "suspended": 15}
    months = {"before": 11, "after": 1}
    with inside(world.acme):
        for name, day in ends.items():
            month = months.get(name, 12)
            license = create_license(
                product=world.spectra if name == "other" else world.orbit,
                user=world.ada,
                key=f"{name.upper()}-OF-THESE-KEYS",
                **dict(
                    zip(
                        ("expires_at", "expires_on"),
                        _ends(2026 + (month == 1), month, day),
                        strict=True,
                    )
                ),
            )
            if name == "suspended":
                suspend(license)
    overview = admin.get("/").content.decode()
    if by_overview:
        url = leads_to(overview, "Next month")
        url = narrowed(admin.get(url).content.decode(), url, "Orbit")
    else:
        url = leads_to(overview, "Licences")
        url = narrowed(admin.get(url).content.decode(), url, "Next month")
    clicks = 3  # the link, the filter, what it offers
    clicks += 1  # "Go", with nothing chosen
    asked = admin.post(url, {"action": "extend", "index": "0"})
    clicks += 2  # "Show what will change", "Extend"
    form = {"seen": seen_in(asked), "length": "1 year"}
    many_url = leads_of_form(asked.content.decode())
    looked = admin.post(many_url, form)
    assert (
        admin.post(many_url, form | {"seen": seen_in(looked), "confirm": "yes"}).status_code == 302
    )
    assert clicks <= 6
    with inside(world.acme):
        extended = License.objects.filter(expires_on__year=2027, expires_on__month=12)
        names = {key.partition("-")[0].lower() for key in extended.values_list("key", flat=True)}
    assert names == {"first", "last"} | (set() if by_overview else {"other"})


def test_without_a_tick_and_a_filter_nothing_is_chosen(admin: Browser) -> None:
    page = admin.post("/licenses/license/", {"action": "suspend", "index": "0"}, follow=True)
    assert "Items must be selected" in page.content.decode()


def _ends(year: int, month: int, day: int) -> tuple[datetime, date]:
    end = end_of(date(year, month, day), UTC)
    return end.at, date(year, month, day)


def narrowed(page: str, url: str, text: str) -> str:
    """Where the filter's choice of this text leads from a list."""
    found = re.search(rf'<button[^>]*\sname="([^"]+)" value="([^"]+)"\s*>{text}</button>', page)
    assert found
    return f"{url}{'&' if '?' in url else '?'}{found[1]}={found[2]}"


def leads_of_form(page: str) -> str:
    found = re.search(r'action="(/licenses/license/many/[^"]+)"', page)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("seen", ["", "made up", "eyJhIjoxfQ:1:x"])
def test_a_made_up_preview_is_refused(world: World, admin: Browser, seen: str) -> None:
    response = confirm(admin, "revoke", seen)
    assert "This preview is too old" in response.content.decode()


def test_a_preview_of_the_other_vendor_is_worth_nothing(world: World, admin: Browser) -> None:
    seen = seen_in(choose(admin, "revoke", world.ada_license))
    other = signed_in(world.globex_admin)
    assert "This preview is too old" in confirm(other, "revoke", seen).content.decode()
    assert state(world.ada_license).revoked is False


def test_more_than_so_many_that_are_chosen_one_by_one_are_too_many(
    world: World, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MOST", 1)
    chosen = [str(world.ada_license.pk), str(world.grace_license.pk)]
    form = {"action": "revoke", "_selected_action": chosen}
    page = admin.post("/licenses/license/", form, follow=True)
    assert "choose at most 1 licences" in page.content.decode()
    assert state(world.ada_license).revoked is False


def test_the_buttons_of_a_licence_are_those_that_make_sense(world: World, admin: Browser) -> None:
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    offered = re.findall(r'name="action" value="(\w+)"', admin.get(path).content.decode())
    assert offered == ["set_last_day", "set_seats", "suspend", "revoke"]
    with inside(world.acme):
        License.objects.update(subscription_interval="P1D", expires_at=NOW, suspended=True)
    offered = re.findall(r'name="action" value="(\w+)"', admin.get(path).content.decode())
    assert offered == ["unsuspend", "renew", "extend", "set_last_day", "set_seats", "revoke"]


# --- Support ------------------------------------------------------------------------------------


def test_support_changes_nothing(world: World) -> None:
    support = signed_in(world.acme_support)
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    page = support.get(path).content.decode()
    assert world.ada_license.key in page
    assert 'name="action"' not in page
    choose(support, "revoke", world.ada_license)
    assert support.post("/licenses/license/many/revoke/", {"seen": "x"}).status_code == 403
    assert support.get("/licenses/license/add/").status_code == 403
    assert state(world.ada_license).revoked is False


def test_support_sends_the_key_again(world: World) -> None:
    support = signed_in(world.acme_support)
    path = f"/licenses/license/{world.ada_license.pk}/do/send/"
    assert support.post(path).status_code == 302
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert world.ada_license.key in message.body
    with inside(world.acme):
        assert history_of(world.ada_license)[0].action == "license-sent"


def test_support_releases_one_machine_with_a_reason(world: World) -> None:
    support = signed_in(world.acme_support)
    path = f"/licenses/activation/{world.ada_machine.pk}/release/"
    assert "ada-laptop" in support.get(path).content.decode()
    assert support.post(path, {"reason": " "}).status_code == 200
    assert state(world.ada_license).total_activations == 1
    assert support.post(path, {"reason": "The laptop was stolen"}).status_code == 302
    license = state(world.ada_license)
    assert (license.total_activations, license.total_deactivations) == (0, 1)
    page = signed_in(world.ada).get(f"/licenses/{world.ada_license.pk}/").content.decode()
    assert "Machine released by support" in page
    assert "The laptop was stolen" in page


def test_a_page_of_a_machine_that_is_gone_leads_to_its_licence(world: World) -> None:
    """From the browser's history, and by a button that is pressed twice; by any way to be gone."""
    support, machine = signed_in(world.acme_support), world.ada_machine
    page = f"/licenses/activation/{machine.pk}"
    support.post(f"{page}/release/", {"reason": "Stolen"})
    again = {
        "twice": support.post(f"{page}/release/", {"reason": "Stolen again"}),
        "asked anew": support.get(f"{page}/release/"),
        "its own page": support.get(f"{page}/change/"),
    }
    license = f"/licenses/license/{machine.license_id}/change/"
    assert {name: response.headers.get("Location") for name, response in again.items()} == (
        dict.fromkeys(again, license)
    )
    told = "da-laptop: machine released by support on 24 November 2026. Its seat is free"
    shown = support.get(license).content.decode()
    assert told in shown
    missing = support.get("/licenses/activation/nothing/change/", follow=True).content.decode()
    assert "There is no such machine. Perhaps it was deleted." in missing
    assert signed_in(world.globex_admin).get(f"{page}/release/").status_code == 404


def test_a_machine_of_the_other_vendor_is_not_there(world: World) -> None:
    support = signed_in(world.acme_support)
    path = f"/licenses/activation/{world.bob_machine.pk}/release/"
    assert support.get(path).status_code == 404
    assert support.post(path, {"reason": "x"}).status_code == 404
    with inside(world.globex):
        assert Activation.objects.filter(pk=world.bob_machine.pk).exists()


# --- The list -----------------------------------------------------------------------------------


def test_the_list_tells_licences_apart_and_breaks_nothing_inside(
    world: World, admin: Browser
) -> None:
    with inside(world.acme):
        world.ada_license.name, world.ada_license.order_number = "Measuring stations", "PO-1"
        change_license(world.ada_license, fields=["name", "order_number"])
        world.grace_license.order_number = "PO-2"
        change_license(world.grace_license, fields=["order_number"])
    page = admin.get("/licenses/license/").content.decode()
    assert 'Orbit<div class="quiet">Measuring stations</div>' in page
    assert 'Orbit<div class="quiet">PO-2</div>' in page
    assert "PO-1<" not in page
    key = world.ada_license.key
    assert f"<code>{key}</code>" in page
    assert "<span>grace@<wbr>example.com</span>" in page
