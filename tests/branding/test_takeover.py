"""Attempts to take over a domain, a host or a look: each is refused."""

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEntry
from branding.domains import verbs as domains
from branding.domains.errors import BadDomainName, DomainTaken
from branding.domains.hosts import hosts_that_differ
from branding.models import CustomDomain
from tenancy.door import inside
from tests import world as worlds
from tests.branding.dns_server import NameServer
from tests.branding.test_domains import NAME, TARGET, point, verified
from tests.licenses.test_activation import run_at_once
from tests.world import Browser, World, signed_in, vendor_now

# What globex tries while acme has licenses.acme.example and acme.example's look-alike is at stake.
ATTEMPTS = [
    (f"shop.{NAME}", DomainTaken),
    (f"a.b.c.{NAME}", DomainTaken),
    ("acme.example", DomainTaken),
    (f"SHOP.{NAME}.", DomainTaken),
    ("licenses.асmе.example", BadDomainName),  # Cyrillic among Latin
    ("lісеnsеs.acme.example", BadDomainName),
    ("acme.portal.localhost", BadDomainName),
    ("globex.portal.localhost", BadDomainName),
    ("portal.localhost", BadDomainName),
    ("hosting.portal.localhost", BadDomainName),
    ("APP.Portal.Localhost.", BadDomainName),
    ("127.0.0.1", BadDomainName),
    ("localhost", BadDomainName),
    ("example", BadDomainName),
]


@pytest.mark.parametrize(("name", "error"), ATTEMPTS)
def test_refused(world: World, dns: NameServer, name: str, error: type[Exception]) -> None:
    with inside(world.acme):
        verified(world, dns)
    with inside(world.globex):
        with pytest.raises(error):
            domains.claim(world.globex, name)
        assert not CustomDomain.objects.exists()
    page = signed_in(world.globex_admin).post("/branding/customdomain/add/", {"name": name})
    assert page.status_code == 200
    assert "Acme Instruments" not in page.content.decode()


@pytest.mark.parametrize(
    "name",
    [
        NAME,
        f"{NAME}.",
        NAME.upper(),
        "Licenses.Acme.EXAMPLE.",
        "ｌicenses.acme.example",
        "licenses。acme.example",
    ],
)
def test_another_vendors_domain_can_be_typed_but_not_had(
    world: World, dns: NameServer, name: str
) -> None:
    with inside(world.acme):
        verified(world, dns)
    with inside(world.globex):
        thief = domains.claim(world.globex, name)
        assert thief.name == NAME
        after = domains.check(thief)
        assert (after.state, after.diagnosis, after.verified_at) == ("pending", "taken", None)
    assert "Acme" in Browser().get("/login/", headers={"host": NAME}).content.decode()
    with inside(world.acme):
        [own] = CustomDomain.objects.all()
        assert domains.check(own).state == "verified"


def test_the_owner_of_the_dns_wins_over_who_was_quicker(world: World, dns: NameServer) -> None:
    """Acme has set its CNAME and globex claims the name first: Acme's TXT record decides."""
    point(dns)
    with inside(world.globex):
        thief = domains.make_canonical(domains.claim(world.globex, NAME))
    with inside(world.acme):
        owner = domains.claim(world.acme, NAME)
        assert domains.check(owner).diagnosis == "taken"
        dns.set(owner.txt_name, "TXT", f'"{owner.txt_value}"')
        assert domains.check(owner).state == "verified"
    with inside(world.globex):
        thief.refresh_from_db()
        assert (thief.state, thief.verified_at) == ("pending", None)
        assert vendor_now(world.globex).canonical_domain == ""
        assert domains.check(thief).diagnosis == "taken"
    assert "Acme" in Browser().get("/login/", headers={"host": NAME}).content.decode()
    with inside(world.globex):  # and who has proved it by TXT keeps it
        dns.set(thief.txt_name, "TXT", f'"{owner.txt_value}"', f'"{thief.txt_value}"')
        assert domains.check(thief).diagnosis == "taken"


def test_a_cname_that_was_left_behind_is_nobodys_proof(world: World, dns: NameServer) -> None:
    with inside(world.acme):
        domains.remove(verified(world, dns))
    with inside(world.globex):
        thief = domains.claim(world.globex, NAME)
        assert domains.check(thief).diagnosis == "contested"
    assert Browser().get("/login/", headers={"host": NAME}).status_code == 421
    with inside(world.acme):
        assert domains.check(domains.claim(world.acme, NAME)).diagnosis == "contested"
    with inside(world.globex):
        domains.remove(thief)
    with inside(world.acme):
        [own] = CustomDomain.objects.all()
        assert domains.check(own).state == "verified"


def test_the_people_who_run_it_can_release_a_name(
    world: World, dns: NameServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with inside(world.acme):
        domains.make_canonical(verified(world, dns))
    call_command("release_domain", "Licenses.ACME.example.")
    assert f"{NAME} is no longer Acme Instruments's (acme)." in capsys.readouterr().out
    assert vendor_now(world.acme).canonical_domain == ""
    with inside(world.acme):
        told = AuditEntry.objects.filter(action="deleted", label=NAME)
        assert {entry.subject_type for entry in told} == {
            "branding.customdomain",
            "branding.proveddomain",
        }
    with inside(world.globex):
        assert domains.check(domains.claim(world.globex, NAME)).state == "verified"
    for name in ("nobody.example", "acme.portal.localhost"):
        with pytest.raises(CommandError, match=r"No vendor has proved|is no custom domain"):
            call_command("release_domain", name)


def test_a_record_for_all_names_is_nobodys_proof(
    world: World, dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda number: "anything")
    dns.set("anything.acme.example", "CNAME", f"{TARGET}.")
    point(dns)
    with inside(world.globex):
        thief = domains.claim(world.globex, NAME)
        after = domains.check(thief)
        assert (after.state, after.diagnosis) == ("pending", "wildcard")
        dns.set(thief.txt_name, "TXT", f'"{thief.txt_value}"')
        assert domains.check(thief).state == "verified"
        dns.records.pop((thief.txt_name, "TXT"))
        assert domains.check(thief).state == "verified"  # what was proved goes on


def test_a_whole_word_in_another_script_that_looks_alike(world: World, dns: NameServer) -> None:
    with inside(world.acme):
        verified(world, dns, "ace.example")
    for name in ("асе.example", "xn--80ak9a.example"):
        with inside(world.globex), pytest.raises(DomainTaken):
            domains.claim(world.globex, name)


def test_two_claims_of_one_name_need_the_txt_record(world: World, dns: NameServer) -> None:
    """A CNAME says that the owner wants a portal here, not whose: nobody wins by being quick."""
    with inside(world.globex):
        thief = domains.claim(world.globex, NAME)
    with inside(world.acme):
        owner = domains.claim(world.acme, NAME)
        point(dns)
        assert domains.check(owner).diagnosis == "contested"
    with inside(world.globex):
        assert domains.check(thief).diagnosis == "contested"
    dns.set(owner.txt_name, "TXT", f'"{owner.txt_value}"')
    with inside(world.globex):
        assert domains.check(thief).diagnosis == "contested"
    with inside(world.acme):
        assert domains.check(owner).state == "verified"
    with inside(world.globex):
        after = domains.check(thief)
        assert (after.state, after.diagnosis) == ("pending", "taken")
    assert "Acme" in Browser().get("/login/", headers={"host": NAME}).content.decode()


def test_a_name_that_was_claimed_before_it_was_proved_elsewhere(
    world: World, dns: NameServer
) -> None:
    """A claim below a name, made before that name was proved, is not proved any more."""
    with inside(world.globex):
        below = domains.claim(world.globex, f"shop.{NAME}")
        dns.set(below.name, "CNAME", f"{TARGET}.")
    with inside(world.acme):
        verified(world, dns)
    with inside(world.globex):
        after = domains.check(below)
        assert (after.state, after.diagnosis) == ("pending", "taken")


@pytest.mark.django_db(transaction=True)
def test_proved_by_two_at_once_it_is_one_vendors(settings: object) -> None:
    from branding.domains.dns_checks import Answer, Finding

    world = worlds.build()
    claims = []
    for vendor in (world.acme, world.globex):
        with inside(vendor):
            claims.append((vendor, domains.claim(vendor, NAME)))

    def act(n: int) -> str:
        vendor, domain = claims[n % 2]
        with inside(vendor):
            return domains._note(domain, Answer(Finding.FINE, by_txt=True)).state

    results = run_at_once(8, act)
    winners = set()
    for vendor, domain in claims:
        with inside(vendor):
            domain.refresh_from_db()
            winners.add((domain.state, domain.verified_at is not None))
    assert winners == {("verified", True), ("pending", False)}
    assert results.count("verified") >= 1
    assert hosts_that_differ() == []
