"""Custom domains through all their states, asked from a real name server on loopback."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from branding.domains import dns_checks
from branding.domains import verbs as domains
from branding.domains.dns_checks import Answer, Finding
from branding.domains.errors import BadDomainName, DomainNotVerified, DomainTaken, TooManyDomains
from branding.domains.hosts import hosts_that_differ
from branding.domains.sentences import DIAGNOSES, diagnosis
from branding.models import CustomDomain
from tenancy.door import inside
from tenancy.hosts import vendor_url
from tenancy.models import Vendor
from tenancy.table import every_host
from tests import world as worlds
from tests.branding.dns_server import NameServer
from tests.conftest import NOW
from tests.licenses.test_activation import run_at_once
from tests.world import Browser, World, set_vendor, signed_in, vendor_now

NAME = "licenses.acme.example"
TARGET = "hosting.portal.localhost"


def claimed(world: World, name: str = NAME) -> CustomDomain:
    return domains.claim(world.acme, name)


def point(dns: NameServer, name: str = NAME, target: str = TARGET) -> None:
    dns.set(name, "CNAME", f"{target}.")


def checked(domain: CustomDomain) -> tuple[str, str]:
    after = domains.check(domain)
    return after.state, after.diagnosis


def verified(world: World, dns: NameServer, name: str = NAME) -> CustomDomain:
    point(dns, name)
    domain = domains.check(claimed(world, name))
    assert domain.state == "verified", domain.diagnosis
    return domain


# --- Diagnoses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "state", "found"),
    [
        ({}, ("pending", "no-record"), ""),
        ({(NAME, "CNAME"): [f"{TARGET}."]}, ("verified", "fine"), ""),
        ({(NAME, "CNAME"): [f"{TARGET.upper()}."]}, ("verified", "fine"), ""),
        ({(NAME, "CNAME"): ["a.example."], ("a.example", "CNAME"): [f"{TARGET}."]},
         ("verified", "fine"), ""),
        ({(NAME, "CNAME"): ["shops.example."]}, ("pending", "wrong-target"), "shops.example"),
        ({(NAME, "CNAME"): [f"{NAME}."]}, ("pending", "wrong-target"), NAME),
        ({(NAME, "A"): ["192.0.2.7"], (NAME, "AAAA"): ["2001:db8::7"]},
         ("pending", "proxy"), "192.0.2.7, 2001:db8::7"),
        ({(NAME, "MX"): ["10 mail.acme.example."]}, ("pending", "no-record"), ""),
        ({(NAME, "CNAME"): [f"{TARGET}."], ("acme.example", "CAA"): ['0 issue "letsencrypt.org"']},
         ("verified", "fine"), ""),
        ({(NAME, "CNAME"): [f"{TARGET}."],
          ("acme.example", "CAA"): ['0 issue "letsencrypt.org; validationmethods=dns-01"']},
         ("verified", "fine"), ""),
        ({(NAME, "CNAME"): [f"{TARGET}."], ("acme.example", "CAA"): ['0 issue "other.example"']},
         ("pending", "caa"), "other.example"),
        ({(NAME, "CNAME"): [f"{TARGET}."], ("acme.example", "CAA"): ['0 issue ";"']},
         ("pending", "caa"), ""),
        ({(NAME, "CNAME"): [f"{TARGET}."],
          ("acme.example", "CAA"): ['0 iodef "mailto:a@acme.example"']}, ("verified", "fine"), ""),
    ],
)  # fmt: skip
def test_what_the_dns_says(
    acme: World,
    dns: NameServer,
    records: dict[tuple[str, str], list[str]],
    state: tuple[str, str],
    found: str,
) -> None:
    dns.records.update(records)
    domain = claimed(acme)
    assert checked(domain) == state
    domain.refresh_from_db()
    assert domain.found == found
    text = diagnosis(domain)
    assert text
    assert "%" not in text
    if found:
        assert found in text or state[1] == "fine"


def test_a_txt_record_proves_a_domain_behind_a_proxy(acme: World, dns: NameServer) -> None:
    domain = claimed(acme)
    dns.set(NAME, "A", "192.0.2.7")
    assert checked(domain) == ("pending", "proxy")
    dns.set(domain.txt_name, "TXT", '"something else"', f'"{domain.txt_value}"')
    assert checked(domain) == ("verified", "fine")


WRONG = [
    # What stands in the zone's file, how it reads, and what the page says about it.
    ('"\\"{value}\\""', '"{value}"', "the quotation marks have become a part of it"),
    ("\"'{value}'\"", "'{value}'", "the quotation marks have become a part of it"),
    ('"{token}"', "{token}", "which is only the end of it"),
    ('"\\"{token}\\""', '"{token}"', "which is only the end of it"),
    ('"{upper}"', "{upper}", "capital and small letters differ"),
    ('"Portal-Verification={token}"', "Portal-Verification={token}", "letters differ"),
    ('"portal-verification: {token}"', "portal-verification: {token}", "something else"),
    ('"{value}" " and more"', "{value} and more", "something else"),
    ('"portal-verification=of-before"', "portal-verification=of-before", "something else"),
    ('"v=spf1 -all"', "v=spf1 -all", "something else"),
]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("besides", ["nothing", "a proxy", "another target", "every name"])
def test_a_wrong_txt_record_is_told(
    acme: World, dns: NameServer, wrong: tuple[str, str, str], besides: str
) -> None:
    """Whatever else is there: who has set one wants to prove the domain by it."""
    record, read, said = wrong
    domain = claimed(acme)
    words = {
        "value": domain.txt_value, "token": domain.token, "upper": domain.txt_value.swapcase(),
    }  # fmt: skip
    if besides == "a proxy":
        dns.set(NAME, "A", "192.0.2.7")
    if besides == "another target":
        point(dns, target="shops.example")
    if besides == "every name":
        point(dns)
        dns.every[".acme.example", "CNAME"] = [f"{TARGET}."]
    dns.set(domain.txt_name, "TXT", record.format(**words))
    assert checked(domain) == ("pending", "wrong-txt")
    domain.refresh_from_db()
    assert domain.found == read.format(**words)
    sentence = diagnosis(domain)
    assert said in sentence
    assert domain.found in sentence
    assert domain.txt_value in sentence
    assert domain.txt_name in sentence


def test_a_wrong_txt_record_beside_a_right_cname_is_no_fault(acme: World, dns: NameServer) -> None:
    domain = claimed(acme)
    point(dns)
    dns.set(domain.txt_name, "TXT", f'"{domain.token}"')
    assert checked(domain) == ("verified", "fine")


def test_where_the_txt_record_decides_its_fault_is_told(world: World, dns: NameServer) -> None:
    with inside(world.globex):
        domains.claim(world.globex, NAME)
    with inside(world.acme):
        domain = claimed(world)
        point(dns)
        assert checked(domain) == ("pending", "contested")
        dns.set(domain.txt_name, "TXT", f'"{domain.token}"')
        assert checked(domain) == ("pending", "wrong-txt")
        domain.refresh_from_db()
        assert "which is only the end of it" in diagnosis(domain)


@pytest.mark.parametrize("place", [NAME, f"_portal-verification.{NAME}.acme.example"])
def test_a_txt_record_in_the_wrong_place_is_told(acme: World, dns: NameServer, place: str) -> None:
    domain = claimed(acme)
    dns.set(place, "TXT", f'"{domain.txt_value}"')
    assert checked(domain) == ("pending", "txt-elsewhere")
    domain.refresh_from_db()
    sentence = diagnosis(domain)
    assert f"in the wrong place, at {place}. It has to stand at {domain.txt_name}." in sentence
    dns.set(domain.txt_name, "TXT", f'"{domain.txt_value}"')
    assert checked(domain) == ("verified", "fine")


def test_a_txt_record_for_all_names_is_no_proof_that_went_wrong(
    acme: World, dns: NameServer
) -> None:
    dns.every[".acme.example", "TXT"] = ['"v=spf1 -all"']
    assert checked(claimed(acme)) == ("pending", "no-record")


def test_silence_says_nothing(acme: World, dns: NameServer, monkeypatch: Any) -> None:
    monkeypatch.setattr("branding.domains.dns_checks.TIMEOUT", 0.2)
    domain = verified(acme, dns)
    dns.silent.add(NAME)
    dns.silent.add(domain.txt_name)
    other = claimed(acme, "other.acme.example")
    dns.silent.add(other.txt_name)
    with time_machine.travel(NOW, tick=True):  # waiting takes time
        assert checked(domain) == ("verified", "no-answer")
        assert checked(other) == ("pending", "no-answer")


def test_every_diagnosis_has_its_sentence() -> None:
    assert set(DIAGNOSES) == {choice.value for choice in CustomDomain.Diagnosis}


# --- From claim to end -------------------------------------------------------------------------


def test_claiming_is_safe_to_repeat_and_limited(acme: World) -> None:
    assert claimed(acme).pk == claimed(acme, "LICENSES.acme.example.").pk
    for number in range(9):
        claimed(acme, f"n{number}.acme.example")
    with pytest.raises(TooManyDomains):
        claimed(acme, "one-more.acme.example")
    with pytest.raises(BadDomainName):
        claimed(acme, "acme.portal.localhost")


def test_checks_come_less_often_and_end_after_30_days(
    acme: World, dns: NameServer, frozen_time: Any
) -> None:
    domain, waits = claimed(acme), []
    while domain.next_check_at:
        frozen_time.move_to(domain.next_check_at)
        before = domain.next_check_at
        domain = domains.check(domain)
        if domain.next_check_at:
            waits.append((domain.next_check_at - before).total_seconds() / 60)
    assert waits[:8] == [10, 20, 40, 80, 160, 320, 360, 360]
    last = domain.last_checked_at
    assert last
    assert timedelta(days=30) <= last - NOW < timedelta(days=30, hours=7)
    point(dns)
    assert checked(domain) == ("verified", "fine")  # by hand it can still be checked


def test_a_record_that_is_gone_warns_then_ends(
    acme: World, dns: NameServer, frozen_time: Any
) -> None:
    domain = domains.make_canonical(verified(acme, dns))
    dns.clear()
    assert checked(domain) == ("failing", "no-record")
    domain.refresh_from_db()
    assert domain.served_until == NOW + timedelta(days=7)
    assert "The record that was there is gone." in diagnosis(domain)
    assert [message.to for message in mail.outbox] == [["admin@acme.example"]]
    assert "1 December 2026" in str(mail.outbox[0].body)
    for days, sent in ((1, 1), (3, 2), (2, 3), (0.9, 3)):
        frozen_time.shift(days * 86400)
        assert checked(domain) == ("failing", "no-record")
        assert len(mail.outbox) == sent
    with inside(acme.acme):
        assert Browser().get("/login/", headers={"host": NAME}).status_code == 200
    frozen_time.shift(86400)
    assert Browser().get("/login/", headers={"host": NAME}).status_code == 421  # at once
    domains.check(domain)
    domain.refresh_from_db()
    assert (domain.state, domain.verified_at, domain.next_check_at) == ("pending", None, None)
    assert vendor_now(acme.acme).canonical_domain == ""
    assert "is served no more" in str(mail.outbox[-1].subject)
    point(dns)
    assert checked(domain) == ("verified", "fine")


def test_a_record_that_comes_back_mends_everything(
    acme: World, dns: NameServer, frozen_time: Any
) -> None:
    domain = verified(acme, dns)
    dns.clear()
    domains.check(domain)
    frozen_time.shift(86400)
    point(dns)
    assert checked(domain) == ("verified", "fine")
    domain.refresh_from_db()
    assert (domain.served_until, domain.failing_since, domain.warnings) == (None, None, 0)


def test_check_domains_checks_what_is_due(
    world: World, dns: NameServer, frozen_time: Any, capsys: Any
) -> None:
    point(dns)
    with inside(world.acme):
        domains.claim(world.acme, NAME)
    with inside(world.globex):
        domains.claim(world.globex, "portal.globex.example")
    call_command("check_domains")
    said = capsys.readouterr().out
    assert f"{NAME}: verified, fine" in said
    assert "portal.globex.example: pending, no-record" in said
    call_command("check_domains")
    assert "Checked 0 domains." in capsys.readouterr().out
    frozen_time.shift(11 * 60)
    call_command("check_domains")
    assert "Checked 1 domains." in capsys.readouterr().out
    call_command("check_domains", all=True)
    assert "Checked 2 domains." in capsys.readouterr().out


# --- The portal's address ----------------------------------------------------------------------


def test_a_verified_domain_is_the_portal(world: World, dns: NameServer) -> None:
    with inside(world.acme):
        verified(world, dns)
    ada = Browser()
    ada.defaults["HTTP_HOST"] = f"{NAME}:8000"
    ada.sign_in("ada@example.com")
    assert world.ada_license.key in ada.get("/licenses/").content.decode()
    for host in (NAME.upper(), f"{NAME}.", f"{NAME}.:8000"):
        assert ada.get("/licenses/", headers={"host": host}).status_code == 200
    for host in (f"x.{NAME}", f"{NAME}.evil.example", "acme.example", f"evil-{NAME}"):
        assert ada.get("/licenses/", headers={"host": host}).status_code == 421
    # The other vendor's cookie is worth nothing there.
    bob = signed_in(world.bob)
    ada.cookies = bob.cookies
    assert ada.get("/licenses/").status_code == 302


def test_it_becomes_the_address_and_going_back_is_one_step(world: World, dns: NameServer) -> None:
    with inside(world.acme):
        domain = verified(world, dns)
        assert vendor_url(world.acme, "login") == "http://acme.portal.localhost:8000/login/"
        domains.make_canonical(domain)
    vendor = vendor_now(world.acme)
    assert vendor_url(vendor, "login") == f"http://{NAME}:8000/login/"
    browser = Browser()
    response = browser.get("/licenses/?q=a%20b")
    assert (response.status_code, response["Location"]) == (
        302,
        f"http://{NAME}:8000/licenses/?q=a%20b",
    )
    assert browser.post("/login/", {"email": "x"}).status_code == 303
    assert browser.get("/login/", headers={"host": NAME}).status_code == 200
    assert Browser("globex").get("/login/").status_code == 200
    with inside(vendor):
        domains.make_subdomain_canonical(vendor)
    assert Browser().get("/login/").status_code == 200
    assert browser.get("/login/", headers={"host": NAME}).status_code == 200


def test_an_unverified_one_does_not_become_the_address(acme: World, dns: NameServer) -> None:
    domain = verified(acme, dns)
    dns.clear()
    with pytest.raises(DomainNotVerified):
        domains.make_canonical(domain)
    assert vendor_now(acme.acme).canonical_domain == ""


def test_removing_it_frees_the_name_at_once(world: World, dns: NameServer) -> None:
    with inside(world.acme):
        domain = domains.make_canonical(verified(world, dns))
        domains.remove(domain)
        domains.remove(domain)
    assert vendor_now(world.acme).canonical_domain == ""
    assert Browser().get("/login/", headers={"host": NAME}).status_code == 421
    with inside(world.globex):
        other = domains.claim(world.globex, f"x.{NAME}")
        dns.set(other.txt_name, "TXT", f'"{other.txt_value}"')
        assert checked(other) == ("verified", "fine")


def test_an_inactive_vendor_is_closed_at_its_domain_too(world: World, dns: NameServer) -> None:
    with inside(world.acme):
        verified(world, dns)
    set_vendor(world.acme, status="inactive")
    assert Browser().get("/login/", headers={"host": NAME}).status_code == 403


def test_under_https_nothing_below_the_domain_is_bound(
    world: World, dns: NameServer, settings: Any
) -> None:
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.TRUSTED_PROXIES = 1
    with inside(world.acme):
        verified(world, dns)
    for host, value in (
        (NAME, "max-age=31536000"),
        ("nobody.example", "max-age=31536000"),
        ("acme.portal.localhost", "max-age=31536000; includeSubDomains; preload"),
    ):
        for path in ("/login/", "/static/css/base.css", "/nothing-here/"):
            headers = {"x-forwarded-proto": "https", "host": host}
            answer = Browser().get(path, headers=headers)
            answer.getvalue()  # also of a file, which is closed at its end
            assert answer["Strict-Transport-Security"] == value


def test_a_host_is_looked_up_by_one_query(
    world: World, dns: NameServer, django_assert_num_queries: Any
) -> None:
    with inside(world.acme):
        verified(world, dns)
    browser = Browser()
    for host in (NAME, "acme.portal.localhost", "evil.example"):
        with django_assert_num_queries(1):
            browser.get("/nothing-here/", headers={"host": host})


# --- The table of hosts ------------------------------------------------------------------------


def hosts_of(vendor: Vendor) -> dict[str, datetime | None]:
    """The vendor's hosts and until when each is served; the table has no more and no less than
    vendors and domains say."""
    assert hosts_that_differ() == []
    return {name: until for name, vendor_id, until in every_host() if vendor_id == vendor.pk}


def test_after_each_verb_the_table_says_what_the_domain_says(
    acme: World, dns: NameServer, frozen_time: Any
) -> None:
    own = {"acme": None}
    domain = claimed(acme)
    assert hosts_of(acme.acme) == own
    domains.check(domain)
    assert hosts_of(acme.acme) == own
    point(dns)
    for verb in (domains.check, domains.check, domains.make_canonical):
        verb(domain)
        assert hosts_of(acme.acme) == {**own, NAME: None}
    domains.make_subdomain_canonical(acme.acme)
    assert hosts_of(acme.acme) == {**own, NAME: None}
    dns.clear()
    for _ in range(2):
        domains.check(domain)
        assert hosts_of(acme.acme) == {**own, NAME: NOW + timedelta(days=7)}
    point(dns)
    domains.check(domain)
    assert hosts_of(acme.acme) == {**own, NAME: None}
    dns.clear()
    domains.check(domain)
    frozen_time.shift(7 * 86400)
    domains.check(domain)
    assert hosts_of(acme.acme) == own
    point(dns)
    domains.check(domain)
    assert hosts_of(acme.acme) == {**own, NAME: None}
    domains.remove(domain)
    assert hosts_of(acme.acme) == own


def test_a_domain_that_goes_over_takes_its_row_along(world: World, dns: NameServer) -> None:
    with inside(world.acme):
        first = verified(world, dns)
    with inside(world.globex):
        second = domains.claim(world.globex, NAME)
        domains.check(second)
        domains.remove(second)  # a claim that was not proved frees nothing
    assert hosts_of(world.acme) == {"acme": None, NAME: None}
    with inside(world.globex):
        second = domains.claim(world.globex, NAME)
        dns.set(second.txt_name, "TXT", f'"{second.txt_value}"')
        domains.check(second)
    assert hosts_of(world.acme) == {"acme": None}
    assert hosts_of(world.globex) == {"globex": None, NAME: None}
    with inside(world.acme):
        domains.remove(first)
    assert hosts_of(world.globex) == {"globex": None, NAME: None}
    call_command("release_domain", NAME)
    assert hosts_of(world.globex) == {"globex": None}


# --- The back office ---------------------------------------------------------------------------


def test_a_domain_in_a_few_clicks(world: World, dns: NameServer) -> None:
    admin = signed_in(world.acme_admin)
    page = admin.post(
        "/branding/customdomain/add/", {"name": "Licenses.Acme.Example."}, follow=True
    )
    text = page.content.decode()
    with inside(world.acme):
        domain = CustomDomain.objects.get()
    for part in (NAME, TARGET, domain.txt_name, domain.txt_value, "There is no record"):
        assert part in text, part
    point(dns)
    path = f"/branding/customdomain/{domain.pk}"
    text = admin.post(f"{path}/do/check/", follow=True).content.decode()
    assert "Verified" in text
    text = admin.post(f"{path}/do/make-address/", follow=True).content.decode()
    assert "is the address of your portal now." in text
    text = admin.post(f"{path}/do/go-back/", follow=True).content.decode()
    assert "below our zone again" in text
    dns.clear()
    text = admin.post(f"{path}/do/make-address/", follow=True).content.decode()
    assert "has to be verified first" in text
    assert "The portal answers at this domain until" in text
    assert admin.post(f"{path}/delete/", {"post": "yes"}).status_code == 302
    with inside(world.acme):
        assert not CustomDomain.objects.exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("https://a.example", "This is no domain name"),
        ("acme.portal.localhost", "belongs to the portal itself"),
        ("192.0.2.1", "an address of a machine"),
        ("acme", "at least one dot"),
        ("co.uk", "Nobody owns this name"),
        ("licenses.аcme.example", "mixes letters"),
    ],
)
def test_a_bad_name_is_said(world: World, name: str, text: str) -> None:
    page = signed_in(world.acme_admin).post("/branding/customdomain/add/", {"name": name})
    assert text in page.content.decode()


def test_the_list_costs_the_same_for_one_row_and_for_three(
    world: World, dns: NameServer, django_assert_num_queries: Any
) -> None:
    from tests.licenses.test_pages import queries

    admin = signed_in(world.acme_admin)
    with inside(world.acme):
        claimed(world)
    admin.get("/branding/customdomain/")
    one = queries(admin, "/branding/customdomain/")
    with inside(world.acme):
        claimed(world, "b.acme.example")
        claimed(world, "c.acme.example")
    assert queries(admin, "/branding/customdomain/") == one


def test_taken_is_raised_by_the_verb(world: World, dns: NameServer) -> None:
    with inside(world.acme):
        verified(world, dns)
    with inside(world.globex), pytest.raises(DomainTaken):
        domains.claim(world.globex, f"x.{NAME}")


# --- What name servers can do to us ------------------------------------------------------------


def test_a_record_with_control_characters_stops_nobody(
    world: World, dns: NameServer, capsys: Any
) -> None:
    point(dns)
    dns.set("acme.example", "CAA", '0 issue "evil\\000ca"')
    with inside(world.acme):
        domain = domains.check(claimed(world))
    assert (domain.diagnosis, domain.found) == ("caa", "evil?ca")


def test_what_goes_wrong_with_one_domain_stops_no_other(
    world: World, dns: NameServer, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside(world.acme):
        claimed(world, "bad.acme.example")
        claimed(world, "good.acme.example")
    look = dns_checks.look

    def sometimes(name: str, **more: Any) -> Any:
        if name.startswith("bad."):
            raise RuntimeError("Something nobody thought of.")
        return look(name, **more)

    monkeypatch.setattr(dns_checks, "look", sometimes)
    with pytest.raises(CommandError, match="1 of them could not be checked"):
        call_command("check_domains")
    assert "good.acme.example: pending, no-record" in capsys.readouterr().out
    call_command("check_domains")
    assert "Checked 0 domains." in capsys.readouterr().out


def test_slow_name_servers_cost_a_limited_time(
    acme: World, dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("branding.domains.dns_checks.PATIENCE", 0.5)
    domain = claimed(acme, "a.b.c.d.e.f.g.acme.example")
    dns.set(domain.name, "CNAME", f"{TARGET}.")
    answer = dns.answer

    def slowly(wire: bytes) -> bytes | None:
        time.sleep(0.2)
        return answer(wire)

    monkeypatch.setattr(dns, "answer", slowly)
    with time_machine.travel(NOW, tick=True):
        begun = time.monotonic()
        assert checked(domain) == ("pending", "no-answer")
        assert time.monotonic() - begun < 3


def test_addresses_of_our_own_network_are_not_shown(acme: World, dns: NameServer) -> None:
    dns.set("db.acme.example", "A", "10.1.2.3", "192.0.2.9")
    domain = domains.check(claimed(acme, "db.acme.example"))
    assert (domain.diagnosis, domain.found) == ("proxy", "-, 192.0.2.9")


def test_silence_does_not_stop_the_clock(
    acme: World, dns: NameServer, frozen_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = domains.make_canonical(verified(acme, dns))
    dns.clear()
    domains.check(domain)
    vendor = vendor_now(acme.acme)
    assert vendor_url(vendor, "login") == f"http://{NAME}:8000/login/"
    frozen_time.shift(7 * 86400)
    # At once, without any check: links and visitors go to the subdomain again.
    assert vendor_url(vendor, "login") == "http://acme.portal.localhost:8000/login/"
    assert Browser().get("/login/").status_code == 200
    silent = Answer(Finding.NO_ANSWER)
    after = domains._note(domain, silent)
    assert (after.state, after.verified_at) == ("pending", None)
    assert vendor_now(acme.acme).canonical_domain == ""
    assert "is served no more" in str(mail.outbox[-1].subject)


@pytest.mark.django_db(transaction=True)
def test_the_dns_is_asked_outside_any_transaction(
    dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, seen = worlds.build(), []

    def look(name: str, **more: Any) -> Answer:
        seen.append(connection.in_atomic_block)
        return Answer(Finding.NO_RECORD)

    monkeypatch.setattr(dns_checks, "look", look)
    admin = signed_in(world.acme_admin)
    admin.post("/branding/customdomain/add/", {"name": NAME})
    with inside(world.acme):
        path = f"/branding/customdomain/{CustomDomain.objects.get().pk}/do"
    admin.post(f"{path}/check/")
    admin.post(f"{path}/make-address/")
    call_command("check_domains", all=True)
    assert seen == [False] * 4


def test_checks_are_limited(world: World, dns: NameServer) -> None:
    admin = signed_in(world.acme_admin)
    with inside(world.acme):
        path = f"/branding/customdomain/{claimed(world).pk}/do/check/"
    codes = [admin.post(path).status_code for _ in range(21)]
    assert codes == [302] * 20 + [429]
    page = admin.post("/branding/customdomain/add/", {"name": "b.acme.example"}, follow=True)
    assert "Set one of the records below, then check." in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_claims_at_once_keep_to_the_limit() -> None:
    world = worlds.build()

    def act(n: int) -> str:
        with inside(world.acme):
            try:
                domains.claim(world.acme, f"n{n % 12}.acme.example")
            except TooManyDomains:
                return "too many"
        return "done"

    results = run_at_once(16, act)
    with inside(world.acme):
        assert CustomDomain.objects.count() == 10
    assert results.count("too many") >= 2
