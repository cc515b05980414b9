"""The page at PARENT_HOST, and the demo data."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import Refusal, Session, Tag, User
from audit.chain import verify
from audit.models import AuditEntry
from demo.ids import demo_id
from demo.seed import ACME, demo_key
from licenses.models import Activation, License, Product, SeatRequest
from licenses.status import Status
from licenses.verbs.products import create_product
from mail.models import OutgoingEmail, OwnText, SentText
from releases.models import Download, ReleaseFile
from tenancy.door import inside
from tenancy.table import every_vendor, vendor_by_company_id
from tenancy.verbs import serve
from tests.world import Browser, World, signed_in


@pytest.mark.parametrize("typed", ["acme", " ACME ", "nobody-has-this"])
def test_it_leads_to_a_portal_without_looking(world: World, typed: str) -> None:
    response = Browser("").get("/", {"company_id": typed})
    assert response.status_code == 302
    assert response["Location"] == f"http://{typed.strip().lower()}.portal.localhost:8000/"


# What leads to acme when it is typed or pasted where a company id is asked.
ACMES = [
    "acme",
    "ACME",
    "acme.",
    "\u200bacme\u00a0",
    "ａｃｍｅ",
    "https://acme.portal.localhost/licenses/",
    "http://acme.portal.localhost:8000/login/?next=/licenses/#top",
    "HTTPS://ACME.PORTAL.LOCALHOST./",
    "acme.portal.localhost",
    "acme.portal.localhost/releases/",
    "<https://acme.portal.localhost/>",
    "https://acme.portal.localhost/,",
    "https://licences.acme.example/",
    "Licences.Acme.Example",
]
NOBODYS = [
    "",
    "app",
    "a.b",
    "evil.example/",
    "-x",
    "x" * 64,
    "a@b",
    "https://acme.portal.localhost.evil.example/",
    "https://evil.example/acme.portal.localhost/",
    "https://evil.example/?acme.portal.localhost",
    "https://acme.portal.localhost@evil.example/",
    "https://app.portal.localhost/",
    "https://portal.localhost/",
    "https://a.acme.portal.localhost/",
    "javascript:alert(1)",
    "https:/acme",
    "http://[::1]/",
    "http://[acme",
    "acme/../globex",
]


@pytest.fixture
def proved(world: World) -> World:
    serve(world.acme.pk, "licences.acme.example")
    return world


@pytest.mark.parametrize("typed", ACMES)
def test_a_company_id_or_a_portals_whole_address_leads_to_it(proved: World, typed: str) -> None:
    response = Browser("").get("/", {"company_id": typed})
    assert response.status_code == 302
    assert response["Location"] == "http://acme.portal.localhost:8000/"


@pytest.mark.parametrize("typed", ACMES)
def test_staff_may_type_it_so(proved: World, typed: str) -> None:
    Browser("app").sign_in("admin@acme.example", company_id=typed)
    Browser("app").post("/password-reset/", {"email": "admin@acme.example", "company_id": typed})
    assert [message.to for message in mail.outbox] == [["admin@acme.example"]]


@pytest.mark.parametrize(
    "typed", ["acme", "https://acme.portal.localhost/", "licences.acme.example"]
)
def test_commands_take_it_so(proved: World, typed: str) -> None:
    outputs = set()
    for name in ("acme", typed):
        out = StringIO()
        call_command("product_file", name, "Orbit", stdout=out)
        call_command("verify_audit", name, stdout=out)
        outputs.add(out.getvalue())
    assert len(outputs) == 1
    given = ["Orbit", "ada@example.com", "--policy", "none"]
    call_command("issue_license", typed, *given, stdout=StringIO())
    with pytest.raises(CommandError, match="no vendor"):
        call_command("product_file", "https://nobody.portal.localhost/", "Orbit")


@pytest.mark.parametrize("typed", ["orbit", " ORBIT ", "Or\u200bbit", "ｏｒｂｉｔ"])
def test_commands_take_a_products_name_in_another_spelling(world: World, typed: str) -> None:
    out = StringIO()
    call_command("product_file", "acme", typed, stdout=out)
    assert str(world.orbit.pk) in out.getvalue()
    with inside(world.acme):
        for name in ("ORBIT", "Ôrbit"):
            create_product(Product(vendor=world.acme, name=name))
    with pytest.raises(CommandError, match="no product"):
        call_command("product_file", "acme", f"{typed}.")  # which of them?
    out = StringIO()
    call_command("product_file", "acme", "Orbit", stdout=out)
    assert str(world.orbit.pk) in out.getvalue()


def test_an_operator_may_paste_the_address_that_a_portal_is_to_have(world: World) -> None:
    form = {"name": "Initech", "status": "active", "admin_email": "bill@initech.example"}
    operator = signed_in(world.operator)
    pasted = form | {"company_id": "https://Initech.portal.localhost/"}
    assert operator.post("/tenancy/vendor/add/", pasted).status_code == 302
    assert vendor_by_company_id("initech")
    for company_id in ("https://acme.portal.localhost/", "ACME"):
        again = operator.post("/tenancy/vendor/add/", form | {"company_id": company_id})
        assert "already exists" in again.content.decode()


@pytest.mark.parametrize("typed", NOBODYS)
def test_it_says_what_is_no_company_id(world: World, typed: str) -> None:
    response = Browser("").get("/", {"company_id": typed})
    assert response.status_code == 200
    assert "errors" in response.content.decode()


@pytest.mark.takes_turns
def test_the_demo_is_the_same_each_time(db: None) -> None:
    def everything() -> object:
        rows = []
        for vendor in every_vendor():
            with inside(vendor):
                rows.append((vendor.pk, sorted(User.objects.values_list("pk", "email"))))
                rows.append(sorted(License.objects.values_list("pk", "key", "total_activations")))
                rows.append(sorted(Activation.objects.values_list("fingerprint", flat=True)))
                for model in (OwnText, Refusal):
                    rows.append(sorted(model.objects.values_list("pk", flat=True)))
                rows.append(list(OutgoingEmail.objects.values_list("kind", "recipient", "state")))
        return rows

    out = StringIO()
    call_command("seed_demo", stdout=out)
    first = everything()
    call_command("seed_demo", stdout=StringIO())
    assert everything() == first
    assert "demo-acme-ada" in out.getvalue()
    assert demo_key("acme", "lab") == "7FEFAB-36978D-5805A6-09B8A4-FA377F-AD2026"


@pytest.mark.takes_turns
def test_the_demo_begins_again_whatever_was_made_of_its_people(db: None) -> None:
    """Who tries the profile changes the e-mail, too."""
    call_command("seed_demo", stdout=StringIO())
    for vendor in every_vendor():
        with inside(vendor):
            for each in User.objects.all():
                User.objects.filter(pk=each.pk).update(email=f"new-{each.email}")
            for model in (Session, Refusal, OutgoingEmail, Tag):
                model.objects.all().delete()  # type: ignore[attr-defined]
    call_command("seed_demo", stdout=StringIO())
    acme = vendor_by_company_id("acme")
    assert acme
    with inside(acme):
        assert User.objects.filter(email="new-ada@example.com").exists()
        assert not User.objects.filter(email="ada@example.com").exists()
        for model in (Session, Refusal, OutgoingEmail, Tag):
            assert model.objects.exists()  # type: ignore[attr-defined]


@pytest.mark.takes_turns
def test_the_demo_is_in_order_of_time(db: None) -> None:
    """What is told of the past could have happened: entries, and each row after what it needs."""
    call_command("seed_demo", stdout=StringIO())
    before = datetime.now(UTC)
    for vendor in every_vendor():
        with inside(vendor):
            told = [entry.created_at for entry in AuditEntry.objects.order_by("sequence")]
            assert len(set(told)) > 5
            assert told == sorted(told)
            assert told[-1] <= before
            assert told[0] >= vendor.created_at
            assert verify(vendor).faults == []
            for license in License.objects.select_related("user", "product"):
                assert license.user
                began = {license.user.created_at, license.product.created_at, vendor.created_at}
                assert max(began) <= license.created_at <= before
            for activation in Activation.objects.select_related("license"):
                seen = activation.last_synced_at
                assert activation.license.created_at <= activation.created_at
                assert seen is None or activation.created_at <= seen <= before
            for file in ReleaseFile.objects.select_related("release__product"):
                release = file.release
                assert release.product.created_at <= release.created_at <= file.created_at
                assert release.published_at is None or file.created_at <= release.published_at
            for download in Download.objects.select_related("license", "file__release"):
                assert download.license
                published = download.file.release.published_at
                assert published
                assert max(download.license.created_at, published) <= download.created_at <= before


@pytest.mark.takes_turns
def test_the_demo_shows_what_support_is_asked_about(db: None) -> None:
    call_command("seed_demo", stdout=StringIO())
    acme = vendor_by_company_id("acme")
    assert acme
    with inside(acme):
        failed = OutgoingEmail.objects.get(
            pk=demo_id("acme", "email", "license", "grace@example.com")
        )
        assert (failed.state, "mailbox" in failed.last_error) == ("failed", True)
        kinds = ("license", "password-reset")
        ids = [demo_id("acme", "email", kind, "ada@example.com") for kind in kinds]
        license, reset = (SentText.objects.get(email=pk) for pk in ids)
        assert license.text.startswith("Hello Ada Lovelace,\n\nthank you for your order.")
        assert "[link taken out]" in reset.text
        assert {refusal.kind for refusal in Refusal.objects.all()} == {"file", "sign-in"}
        assert SeatRequest.objects.get().is_open


@pytest.mark.takes_turns
def test_the_demo_shows_every_status(db: None) -> None:
    call_command("seed_demo", stdout=StringIO())
    acme = vendor_by_company_id("acme")
    assert acme
    with inside(acme):
        ada = User.objects.get(email="ada@example.com")
        statuses = {license.standing.status for license in License.objects.filter(user=ada)}
        assert statuses == set(Status)
        free = License.objects.filter(user=ada, type="node-locked", allowed_activations__gt=1)
        assert any(each.seats_left and each.standing.usable for each in free)
    Browser("acme").sign_in("ada@example.com", "demo-acme-ada")
    Browser("globex").sign_in("ada@example.com", "demo-globex-ada")
    Browser("app").sign_in("root@example.com", "demo-root")
    assert len(ACME.samples) == 12
