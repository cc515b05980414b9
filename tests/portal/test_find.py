"""Finding anything in the back office by what somebody reads out."""

import pytest

from licenses.models import GoneMachine, GoneMachineWord
from licenses.verbs.activations import activate, deactivate
from licenses.verbs.licenses import change_license, create_license, delete_license
from licenses.verbs.mailing import send_license
from licenses.verbs.releasing import free
from mail.models import OutgoingEmail
from mail.outbox import queue
from portal.office.find import SHOWN
from tenancy.door import inside
from tenancy.finding import wrong
from tests.accounts.test_roles import person
from tests.world import World, fingerprint, machine, signed_in

pytestmark = pytest.mark.by_database


@pytest.mark.parametrize(
    ("text", "lands_on"),
    [
        ("ADA111-ACME-ORBIT-0001", "license"),
        (" ADA111-ACME-ORBIT-0001 ", "license"),
        ("ADA@example.com", "user"),
        ("ada-laptop", "activation"),
        (fingerprint("ada-laptop"), "activation"),
        ("lovelace", "user"),
        ("1-ACME-ORBIT-0001", "license"),
        ("ADA-LAPTO", "activation"),
        ("ada111acmeorbit0001", "license"),
        ("ADA111 ACME ORBIT 0001", "license"),
    ],
)
def test_one_hit_is_opened_at_once(world: World, text: str, lands_on: str) -> None:
    pages = {
        "license": f"/licenses/license/{world.ada_license.pk}/change/",
        "user": f"/accounts/user/{world.ada.pk}/story/",
        "activation": f"/licenses/activation/{world.ada_machine.pk}/change/",
    }
    for each in (world.acme_admin, world.acme_support):
        response = signed_in(each).get("/find/", {"q": text})
        assert response.status_code == 302, response.content.decode()
        assert response["Location"] == pages[lands_on]
        assert signed_in(each).get(response["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("text", "lands_on"),
    [
        ("ADA111-ACME-0RBIT-OOO1", "license"),  # O and 0
        ("ADAIII-ACME-ORBIT-0001", "license"),  # 1 and I
        ("ADAlll-ACME-ORB1T-0001", "license"),  # 1 and l, I and 1
        ("ADA111-ACME-ORIBT-0001", "license"),  # neighbours
        ("ADA111-ACME-ORBT-0001", "license"),  # missing
        ("ADA111-ACME-ORBIIT-0001", "license"),  # too much
        ("ADA111-ACNE-ORBIT-0001", "license"),  # wrong
        ("ADA1I1", "license"),  # a group alone
        ("ADAlIl", "license"),
        ("AD1A11", "license"),
        ("0RB1T", "license"),
        ("ORIBT", "license"),
        ("OO0I", "license"),
        ("B1T-OOO1", "license"),  # an end
        ("PO-2026-78S", "license"),
        ("Lovelase", "user"),
        ("Lovlace", "user"),
        ("Adda", "user"),
        ("Ada Lovelacw", "user"),
        ("lovelcae ada", "user"),
        ("ada@exmaple.com", "user"),
        ("ada-latpop", "activation"),
        ("adda-laptop", "activation"),
    ],
)
def test_near_hits_are_offered_and_not_opened(world: World, text: str, lands_on: str) -> None:
    with inside(world.acme):
        world.ada_license.order_number = "PO-2026-785"
        change_license(world.ada_license, fields=["order_number"])
    pages = {
        "license": f"/licenses/license/{world.ada_license.pk}/change/",
        "user": f"/accounts/user/{world.ada.pk}/story/",
        "activation": f"/licenses/activation/{world.ada_machine.pk}/change/",
    }
    page = signed_in(world.acme_support).get("/find/", {"q": text})
    assert page.status_code == 200
    assert "Did you mean" in page.content.decode()
    assert pages[lands_on] in page.content.decode()


def test_an_order_number_is_opened_at_once(world: World) -> None:
    with inside(world.acme):
        world.ada_license.order_number = "PO-2026-785"
        change_license(world.ada_license, fields=["order_number"])
    answer = signed_in(world.acme_support).get("/find/", {"q": "po 2026 785"})
    assert answer["Location"] == f"/licenses/license/{world.ada_license.pk}/change/"


def test_a_machine_that_was_released_is_found_by_its_name(world: World) -> None:
    with inside(world.acme):
        free(world.ada_machine, reason="It broke")
    for text in ("ada-laptop", "ADA LAPTOP", "ada-lap"):
        page = signed_in(world.acme_support).get("/find/", {"q": text}).content.decode()
        assert "Machines without a seat by now" in page
        assert "Did you mean" not in page
        assert f"/licenses/license/{world.ada_license.pk}/change/" in page
        assert "Machine released by support" in page


@pytest.mark.parametrize("text", ["ada-latpop", "adda-laptop", "ada-lapt0p", "laptpo"])
def test_a_machine_that_was_released_is_offered_where_its_name_is_nearly_that(
    world: World, text: str
) -> None:
    with inside(world.acme):
        free(world.ada_machine, reason="It broke")
    page = signed_in(world.acme_support).get("/find/", {"q": text}).content.decode()
    assert "Did you mean" in page
    assert "Machines without a seat by now" in page
    assert f"/licenses/license/{world.ada_license.pk}/change/" in page
    nobody = person(world.acme, "looks", "accounts.view_user")
    assert "Machines without" not in signed_in(nobody).get("/find/", {"q": text}).content.decode()
    theirs = signed_in(world.globex_admin).get("/find/", {"q": text}).content.decode()
    assert "Machines without" not in theirs


def test_of_a_machine_that_comes_and_goes_the_last_time_is_kept(world: World) -> None:
    with inside(world.acme):
        for reason in ("once", "twice"):
            seat = activate(world.grace_license, machine("floats"))
            free(seat, reason=reason)
        deactivate(activate(world.grace_license, machine("floats")))
        [gone] = GoneMachine.objects.filter(license=world.grace_license)
        assert (gone.hostname, gone.how) == ("floats", "deactivated")
        assert list(wrong()) == []
        delete_license(world.grace_license)
        assert not GoneMachine.objects.exists()
        assert not GoneMachineWord.objects.exists()


def test_an_e_mail_is_found_by_its_subject(world: World) -> None:
    with inside(world.acme):
        send_license(world.ada_license)
        email = OutgoingEmail.objects.get()
        subject = email.subject or "Your licence for Orbit"
        OutgoingEmail.objects.filter(pk=email.pk).update(subject=subject)
    support, there = signed_in(world.acme_support), f"/mail/outgoingemail/{email.pk}/change/"
    for text in (subject, subject.upper(), " ".join(reversed(subject.split()))):
        assert support.get("/find/", {"q": text})["Location"] == there, text
    with inside(world.acme):
        send_license(world.ada_license)
        OutgoingEmail.objects.update(subject=subject)
    page = support.get("/find/", {"q": subject}).content.decode()
    assert there in page
    assert "Did you mean" not in page


def test_who_has_another_address_by_now_is_found_by_the_one_of_before(world: World) -> None:
    with inside(world.acme):
        queue("address-changed", user=world.ada, recipient="countess@example.com")
        queue("email-change", user=world.grace, recipient="countess@example.com")
        queue("address-changed", user=world.acme_support, recipient="countess@example.com")
        for _ in range(SHOWN + 1):  # and many of them
            queue("address-changed", user=world.ada, recipient="countess@example.com")
    page = signed_in(world.acme_support).get("/find/", {"q": "Countess@Example.com"})
    text = page.content.decode()
    assert "People who had e-mails at this address" in text
    assert f"/accounts/user/{world.ada.pk}/story/" in text
    assert f"/accounts/user/{world.acme_support.pk}/story/" in text
    assert str(world.grace.pk) not in text  # she has not confirmed it
    looking = person(world.acme, "looking", "accounts.view_user")
    for other in (signed_in(looking), signed_in(world.globex_admin)):
        theirs = other.get("/find/", {"q": "countess@example.com"}).content.decode()
        assert "People who had" not in theirs


def test_the_field_on_top_says_what_can_be_found(world: World) -> None:
    page = signed_in(world.acme_support).get("/").content.decode()
    field = page.partition('class="find"')[2].partition("</form>")[0]
    label, placeholder = field.partition("placeholder=")[::2]
    for what in ("key", "order", "e-mail", "name", "subject"):
        assert what in label.lower(), what
        assert what in placeholder.lower(), what


@pytest.mark.parametrize(
    "text",
    [
        "B0B333-GL0BEX-QUILL-02",
        "B08333",
        "GL0BEX",
        "bob@exmaple.com",
        "byrom",
        "bob-laptpo",
        "zzzzzz",
        "xx",
    ],
)
def test_nothing_of_the_other_vendor_is_offered(world: World, text: str) -> None:
    page = signed_in(world.acme_support).get("/find/", {"q": text}).content.decode()
    assert "Nothing here has" in page
    assert "Did you mean" not in page


def test_several_hits_are_listed(world: World) -> None:
    page = signed_in(world.acme_support).get("/find/?q=acme").content.decode()
    assert world.ada_license.key in page
    assert world.grace_license.key in page
    assert "admin@acme.example" in page


@pytest.mark.parametrize(
    "text", ["bob@example.com", "BOB333-GLOBEX-QUILL-02", "bob-laptop", "byron"]
)
def test_the_other_vendor_is_not_found(world: World, text: str) -> None:
    page = signed_in(world.acme_support).get("/find/", {"q": text}).content.decode()
    assert "Nothing here has" in page
    assert "/licenses/license/" not in page.partition("<main")[2].partition("content-main")[2]


def test_what_was_typed_is_escaped_and_empty_asks(world: World) -> None:
    support = signed_in(world.acme_support)
    page = support.get("/find/", {"q": "<script>x"}).content.decode()
    assert "<script>x" not in page
    assert "Type a licence key" in support.get("/find/").content.decode()
    assert support.get("/find/?q=%00").status_code == 400


@pytest.mark.parametrize("licenses", [1, 3])
def test_finding_takes_twelve_queries_at_most(
    world: World, licenses: int, django_assert_num_queries: object
) -> None:
    with inside(world.acme):
        for number in range(licenses):
            create_license(product=world.orbit, user=world.ada, key=f"SAME-BEGINNING-{number:04}")
            create_license(product=world.orbit, user=world.ada, key=f"SAME-BEGINNING-{number:04}-B")
    support = signed_in(world.acme_support)
    support.get("/find/")
    # session, vendor and user; three as a whole; six places where the word may stand; the licences
    with django_assert_num_queries(12):  # type: ignore[operator]
        page = support.get("/find/?q=same-beginning").content.decode()
    assert page.count("SAME-BEGINNING") == 2 * licenses
