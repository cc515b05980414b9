"""Machines that can't give their seats back: customers ask, support answers; or customers release
them themselves, as often as the vendor allows."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit.acting import acting_as
from licenses import errors, words
from licenses.history import history_of
from licenses.models import Activation, License, Product, SeatRequest
from licenses.verbs.activations import activate, deactivate
from licenses.verbs.licenses import change_license, create_license
from licenses.verbs.releasing import ask, refuse, release, release_own
from mail.models import OutgoingEmail
from tenancy.door import inside
from tests import world as worlds
from tests.accounts import test_roles as roles
from tests.licenses.test_activation import KEY, OTHER_KEY, run_at_once
from tests.licenses.test_pages import queries
from tests.world import Browser, World, machine, set_vendor, signed_in

State = SeatRequest.State
BROKEN = "The power supply burnt out"


@pytest.fixture
def lost(world: World) -> Activation:
    """A machine of Ada's without network, on a licence of its own."""
    with inside(world.acme):
        license = create_license(
            product=world.orbit, user=world.ada, allowed_activations=2, key="LOST00-0000-0001"
        )
        return activate(license, machine("clean-room"), key=KEY)


def path_of(machine: Activation) -> str:
    return f"/licenses/{machine.license_id}/activations/{machine.pk}/release/"


def request_of(world: World) -> SeatRequest:
    with inside(world.acme):
        return SeatRequest.objects.get()


def counts(world: World, license_id: Any) -> tuple[int, int]:
    with inside(world.acme):
        license = License.objects.get(pk=license_id)
        return license.total_activations, license.total_deactivations


def asked(world: World, lost: Activation) -> SeatRequest:
    with inside(world.acme), acting_as(world.ada):
        return ask(lost, user=world.ada, reason=BROKEN)


def test_a_lost_machine_is_asked_for_where_the_explanation_stands(
    world: World, lost: Activation
) -> None:
    ada, page = signed_in(world.ada), f"/licenses/{lost.license_id}/"
    assert f'href="{path_of(lost)}"' in ada.get(page).content.decode()
    form = ada.get(path_of(lost)).content.decode()
    for told in (
        "Ask support to release clean-room",
        "counts as a deactivation",
        "0 deactivations",
    ):
        assert told in form
    empty = ada.post(path_of(lost), {"reason": " "})
    assert "This field is required" in empty.content.decode()
    assert ada.post(path_of(lost), {"reason": BROKEN})["Location"] == f"{page}#requests"
    told = ada.get(page).content.decode()
    for text in ("Support has been asked to release", "Waiting for support", BROKEN):
        assert text in told
    assert f'href="{path_of(lost)}"' not in told
    assert counts(world, lost.license_id) == (1, 0)
    # Asking again changes nothing.
    ada.post(path_of(lost), {"reason": "Again"})
    assert request_of(world).reason == BROKEN


def test_staff_reads_it_in_an_email_and_in_a_list(world: World, lost: Activation) -> None:
    asked(world, lost)
    told = {message.to[0]: message for message in mail.outbox}
    assert set(told) == {"admin@acme.example", "support@acme.example"}
    message = told["support@acme.example"]
    request = request_of(world)
    for text in ("clean-room", BROKEN, "ada@example.com", f"{request.pk}/answer/"):
        assert text in message.body
    support = signed_in(world.acme_support)
    listed = support.get("/licenses/seatrequest/").content.decode()
    for text in ("clean-room", BROKEN, "ada@example.com", "waiting for an answer"):
        assert text in listed
    assert "clean-room" not in (
        signed_in(world.globex_admin).get("/licenses/seatrequest/").content.decode()
    )


def test_the_row_of_an_open_request_leads_to_its_answer(world: World, lost: Activation) -> None:
    request = asked(world, lost)
    row = f"/licenses/seatrequest/{request.pk}"
    support = signed_in(world.acme_support)
    listed = support.get("/licenses/seatrequest/").content.decode()
    assert f'href="{row}/answer/' in listed
    assert f'href="{request.pk}/change/' not in listed
    looking = roles.person(world.acme, "looking", "licenses.view_seatrequest")
    assert (
        f'href="{request.pk}/change/'
        in signed_in(looking).get("/licenses/seatrequest/").content.decode()
    )
    support.post(f"{row}/answer/", {"do": "refuse", "answer": "No"})
    listed = support.get("/licenses/seatrequest/").content.decode()
    assert f'href="{request.pk}/change/' in listed
    assert f"{row}/answer/" not in listed


def test_the_licences_page_marks_what_is_asked_for(world: World, lost: Activation) -> None:
    support, path = signed_in(world.acme_support), f"/licenses/license/{lost.license_id}/change/"
    assert "Release asked for" not in support.get(path).content.decode()
    request = asked(world, lost)
    page = support.get(path).content.decode()
    assert page.count("Release asked for") == 1
    assert f'href="/licenses/seatrequest/{request.pk}/answer/"' in page


def test_who_asked_may_be_gone(world: World, lost: Activation) -> None:
    request = asked(world, lost)
    with inside(world.acme):
        SeatRequest.objects.update(user=None)
    support = signed_in(world.acme_support)
    page = support.get(f"/licenses/seatrequest/{request.pk}/answer/").content.decode()
    assert "somebody who is gone asked to release clean-room" in page
    assert "None" not in page


def test_who_decides_reads_until_when_the_response_works(
    world: World, lost: Activation, frozen_time: Any
) -> None:
    with inside(world.acme):
        until = timezone.now() + timedelta(days=12)
        Activation.objects.filter(pk=lost.pk).update(offline_response_valid_until=until)
        request = asked(world, lost)
    support, path = signed_in(world.acme_support), f"/licenses/seatrequest/{request.pk}/answer/"
    page = support.get(path).content.decode()
    assert "can be installed until 6 December 2026" in page
    assert "goes on running, without an end" in page
    with inside(world.acme):
        license = License.objects.get(pk=lost.license_id)
        license.expires_at = timezone.now() + timedelta(days=90)
        change_license(license, fields=["expires_at"])
        found = Activation.objects.select_related("license").get(pk=lost.pk)
        assert "until 22 February 2027" in words.works_until(found)
        found.lease_expires_at = timezone.now() + timedelta(days=3)
        assert "until 27 November 2026" in words.works_until(found)
        found.offline = False
        assert "has network" in words.works_until(found)
    frozen_time.shift(13 * 86400)
    page = signed_in(world.acme_support).get(path).content.decode()
    assert "could be installed until 6 December 2026" in page


def test_who_answers_finds_the_person_the_licence_and_the_next_request(
    world: World, lost: Activation
) -> None:
    request = asked(world, lost)
    with inside(world.acme):
        another = activate(world.ada_license, machine("another"), key=OTHER_KEY)
        other = ask(another, user=world.ada, reason="Lost, too")
    support, path = signed_in(world.acme_support), f"/licenses/seatrequest/{request.pk}/answer/"
    page = support.get(path).content.decode()
    assert f'href="/accounts/user/{world.ada.pk}/story/"' in page
    assert f'href="/licenses/license/{lost.license_id}/change/"' in page
    waiting = "/licenses/seatrequest/?state__exact=open"
    assert f'class="button" href="{waiting}"' in page
    story = support.get(f"/accounts/user/{world.ada.pk}/story/").content.decode()
    assert f'<a href="{path}">waiting for an answer</a>' in story
    assert support.post(path, {"do": "refuse", "answer": "Seen"})["Location"] == waiting
    last = f"/licenses/seatrequest/{other.pk}/answer/"
    done = support.post(last, {"do": "refuse", "answer": "Seen"})
    assert done["Location"] == "/licenses/seatrequest/"


@pytest.mark.parametrize("unlimited", [True, False])
def test_what_is_beyond_a_limit_is_told_where_there_is_one(
    world: World, lost: Activation, unlimited: bool
) -> None:
    with inside(world.acme):
        License.objects.update(allowed_deactivations=-1 if unlimited else 3)
    request = asked(world, lost)
    page = signed_in(world.acme_support).get(f"/licenses/seatrequest/{request.pk}/answer/")
    assert ("beyond what the licence allows" in page.content.decode()) is not unlimited


def test_released_the_seat_is_free_and_counts_and_the_customer_is_told(
    world: World, lost: Activation
) -> None:
    request = asked(world, lost)
    mail.outbox.clear()
    support, path = signed_in(world.acme_support), f"/licenses/seatrequest/{request.pk}/answer/"
    assert support.post(path, {"do": "nonsense"}).status_code == 200
    assert support.post(path, {"do": "release", "answer": "We wish you luck"}).status_code == 302
    assert counts(world, lost.license_id) == (0, 1)
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert message.subject == "clean-room is released"
    assert "We wish you luck" in message.body
    page = signed_in(world.ada).get(f"/licenses/{lost.license_id}/").content.decode()
    for text in ("Released", "We wish you luck", "Machine released by support"):
        assert text in page
    request = request_of(world)
    assert (request.state, request.answered_by_id) == (State.RELEASED, world.acme_support.pk)
    # An answer that comes twice changes nothing, and leads to what came of it.
    assert support.post(path, {"do": "refuse", "answer": "x"})["Location"].endswith(
        f"{request.pk}/change/"
    )
    assert counts(world, lost.license_id) == (0, 1)


def test_refused_with_a_sentence_the_machine_keeps_its_seat(world: World, lost: Activation) -> None:
    request = asked(world, lost)
    mail.outbox.clear()
    support, path = signed_in(world.acme_support), f"/licenses/seatrequest/{request.pk}/answer/"
    page = support.post(path, {"do": "refuse", "answer": ""})
    assert "Say why" in page.content.decode()
    assert not mail.outbox
    assert (
        support.post(path, {"do": "refuse", "answer": "It was seen yesterday"}).status_code == 302
    )
    assert counts(world, lost.license_id) == (1, 0)
    [message] = mail.outbox
    assert "It was seen yesterday" in message.body
    ada, page = signed_in(world.ada), f"/licenses/{lost.license_id}/"
    told = ada.get(page).content.decode()
    for text in ("Refused", "It was seen yesterday", "Release of a machine refused", path_of(lost)):
        assert text in told
    ada.post(path_of(lost), {"reason": "It is a ghost"})
    with inside(world.acme):
        assert SeatRequest.objects.filter(state=State.OPEN).count() == 1


def test_the_trail_tells_of_all_of_it(world: World, lost: Activation) -> None:
    request = asked(world, lost)
    with inside(world.acme), acting_as(world.acme_support):
        refuse(request, answer="No")
    request = asked(world, lost)
    with inside(world.acme), acting_as(world.acme_support):
        release(request)
        told = [entry.action for entry in history_of(request.license)]
    assert told[:4] == ["freed", "release-asked", "release-refused", "release-asked"]


def test_support_that_releases_a_machine_has_answered(world: World, lost: Activation) -> None:
    asked(world, lost)
    mail.outbox.clear()
    support = signed_in(world.acme_support)
    support.post(f"/licenses/activation/{lost.pk}/release/", {"reason": "As you asked"})
    request = request_of(world)
    assert (request.state, request.answer) == (State.RELEASED, "As you asked")
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]


def test_who_releases_without_a_word_has_not_said_the_customers_words(
    world: World, lost: Activation
) -> None:
    request = asked(world, lost)
    mail.outbox.clear()
    support = signed_in(world.acme_support)
    support.post(f"/licenses/seatrequest/{request.pk}/answer/", {"do": "release", "answer": " "})
    [message] = mail.outbox
    assert "is released" in message.body
    assert BROKEN not in message.body
    assert "\n\n\n" not in message.body
    told = signed_in(world.ada).get(f"/licenses/{lost.license_id}/").content.decode()
    assert "Machine released by support" in told
    assert BROKEN in told
    assert "Answered on" not in told


def test_a_machine_that_turns_up_again_needs_no_answer(world: World, lost: Activation) -> None:
    request = asked(world, lost)
    with inside(world.acme):
        OutgoingEmail.objects.all().delete()
        deactivate(lost)
        request.refresh_from_db()
        assert request.state == State.NOT_NEEDED
        for act in (lambda: refuse(request, answer="No"), lambda: release(request)):
            with pytest.raises(errors.RequestAnswered):
                act()
    page = signed_in(world.ada).get(f"/licenses/{lost.license_id}/").content.decode()
    assert "No longer needed" in page


def test_an_answer_in_a_second_tab_says_that_there_is_one(world: World, lost: Activation) -> None:
    request, support = asked(world, lost), signed_in(world.acme_support)
    path = f"/licenses/seatrequest/{request.pk}/answer/"
    assert support.post(path, {"do": "release", "answer": ""}).status_code == 302
    support.get("/")  # where the first answer is said
    page = support.post(path, {"do": "refuse", "answer": "No."}, follow=True).content.decode()
    assert "This request has been answered" in page
    assert "has been answered" not in support.get(path, follow=True).content.decode()


def test_support_may_release_beyond_the_limit_of_deactivations(
    world: World, lost: Activation
) -> None:
    with inside(world.acme):
        License.objects.filter(pk=lost.license_id).update(allowed_deactivations=0)
        release(asked(world, lost))
    assert counts(world, lost.license_id) == (0, 1)


def test_a_machine_that_can_be_deactivated_needs_nobody(world: World) -> None:
    path = path_of(world.ada_machine)
    ada = signed_in(world.ada)
    assert ada.get(path)["Location"].endswith("/deactivate/")
    with inside(world.acme), pytest.raises(errors.ReleaseNotNeeded):
        ask(world.ada_machine, user=world.ada, reason=BROKEN)


@pytest.mark.parametrize("limit", ["deactivations", "product"])
def test_whoever_is_refused_by_a_limit_can_ask(world: World, limit: str) -> None:
    with inside(world.acme):
        if limit == "product":
            Product.objects.filter(pk=world.orbit.pk).update(customers_may_deactivate=False)
        else:
            License.objects.filter(pk=world.ada_license.pk).update(allowed_deactivations=0)
    ada, page = signed_in(world.ada), f"/licenses/{world.ada_license.pk}/"
    assert "Ask support to release it" in ada.get(page).content.decode()
    ada.post(path_of(world.ada_machine), {"reason": BROKEN})
    assert request_of(world).activation_id == world.ada_machine.pk


@pytest.mark.takes_turns
def test_asking_is_limited(world: World, lost: Activation) -> None:
    ada = signed_in(world.ada)
    for _ in range(20):
        ada.post(path_of(lost), {"reason": BROKEN})
        with inside(world.acme):
            refuse(SeatRequest.objects.get(state=State.OPEN), answer="No")
    assert ada.post(path_of(lost), {"reason": BROKEN}).status_code == 429


def test_another_customer_finds_nothing(world: World, lost: Activation) -> None:
    grace = signed_in(world.grace)
    assert grace.get(path_of(lost)).status_code == 404
    assert grace.post(path_of(lost), {"reason": BROKEN}).status_code == 404


def test_a_later_owner_does_not_read_what_was_asked_before(world: World, lost: Activation) -> None:
    asked(world, lost)
    with inside(world.acme):
        license = License.objects.get(pk=lost.license_id)
        license.user = world.grace
        change_license(license, fields=["user"])
    page = signed_in(world.grace).get(f"/licenses/{lost.license_id}/").content.decode()
    assert "clean-room" in page
    assert BROKEN not in page


# --- Customers release themselves ---------------------------------------------------------------


def test_a_vendor_lets_customers_release_so_many_a_year(
    world: World, lost: Activation, frozen_time: Any
) -> None:
    admin = signed_in(world.acme_admin)
    form = {"time_zone": "UTC", "send_expiry_reminders": "on", "allowed_own_releases": "1"}
    assert admin.post("/accounts/portalsettings/", form).status_code == 302
    with inside(world.acme):
        license = create_license(product=world.orbit, user=world.ada, allowed_activations=2)
        other = activate(license, machine("second"), key=OTHER_KEY)
    ada = signed_in(world.ada)
    assert "Release the machine" in ada.get(path_of(lost)).content.decode()
    ada.post(path_of(lost), {"reason": BROKEN})
    assert counts(world, lost.license_id) == (0, 1)
    assert not mail.outbox  # nobody has to do anything
    request = request_of(world)
    assert (request.state, request.by_customer) == (State.RELEASED, True)
    assert "Machine released by its customer" in (
        ada.get(f"/licenses/{lost.license_id}/").content.decode()
    )
    # The year's one is used, for all licences of the customer: now support is asked.
    assert "Ask support to release second" in ada.get(path_of(other)).content.decode()
    with inside(world.acme), pytest.raises(errors.OwnReleasesUsedUp):
        release_own(other, user=world.ada, reason=BROKEN)
    frozen_time.shift(366 * 86400)
    with inside(world.acme):
        release_own(other, user=world.ada, reason=BROKEN)
    assert counts(world, license.pk) == (0, 1)


@pytest.mark.parametrize(
    ("limit", "error"),
    [
        ({"allowed_deactivations": 0}, errors.DeactivationLimitReached),
        ({"customers_may_deactivate": False}, errors.CustomerDeactivationNotAllowed),
    ],
)
def test_the_limits_of_customers_hold(
    world: World, lost: Activation, limit: dict[str, Any], error: type[Exception]
) -> None:
    set_vendor(world.acme, allowed_own_releases=5)
    with inside(world.acme):
        if "allowed_deactivations" in limit:
            License.objects.filter(pk=lost.license_id).update(**limit)
        else:
            Product.objects.filter(pk=world.orbit.pk).update(**limit)
        with pytest.raises(error):
            release_own(lost, user=world.ada, reason=BROKEN)
    assert "Ask support" in signed_in(world.ada).get(path_of(lost)).content.decode()


def test_a_reason_that_nobody_can_read_is_refused(world: World, lost: Activation) -> None:
    set_vendor(world.acme, allowed_own_releases=5)
    with inside(world.acme):
        for act in (ask, release_own):
            with pytest.raises(ValidationError):
                act(lost, user=world.ada, reason="a\u202eb")
    assert counts(world, lost.license_id) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_of_three_a_year_are_three() -> None:
    """Of several licences, since one licence's lock would settle it otherwise."""
    world = worlds.build()
    set_vendor(world.acme, allowed_own_releases=3)
    with inside(world.acme):
        machines = [
            activate(create_license(product=world.orbit, user=world.ada), machine(f"m{n}"), key=KEY)
            for n in range(20)
        ]

    def act(n: int) -> None:
        with inside(world.acme):
            release_own(machines[n], user=world.ada, reason=BROKEN)

    results = run_at_once(20, act)
    assert (results.count("done"), results.count("OWN_RELEASES_USED_UP")) == (3, 17)
    with inside(world.acme):
        assert SeatRequest.objects.filter(by_customer=True).count() == 3


@pytest.mark.django_db(transaction=True)
def test_asked_twenty_times_at_once_is_one_request() -> None:
    world = worlds.build()
    with inside(world.acme):
        license = create_license(product=world.orbit, user=world.ada)
        lost = activate(license, machine("lost"), key=KEY)

    def act(n: int) -> None:
        with inside(world.acme):
            ask(lost, user=world.ada, reason=BROKEN)

    results = run_at_once(20, act)
    assert (results.count("done"), results.count("RELEASE_ASKED_ALREADY")) == (1, 19)


def test_nobody_else_answers(world: World, lost: Activation) -> None:
    request = asked(world, lost)
    path = f"/licenses/seatrequest/{request.pk}/answer/"
    for person, code in ((world.globex_admin, 404), (world.operator, 403)):
        browser: Browser = signed_in(person)
        assert browser.post(path, {"do": "release"}).status_code == code
    assert counts(world, lost.license_id) == (1, 0)


def test_all_machines_on_one_page_say_who_releases_them(world: World, lost: Activation) -> None:
    """Support, the customer, or nobody before support has answered; for as many queries."""
    ada, path = signed_in(world.ada), "/licenses/machines/"
    texts = ("Ask support to release it", "Lost or broken: release it", "Waiting for support")

    def told() -> list[int]:
        pages = (ada.get(path), ada.get(f"/licenses/{lost.license_id}/"))
        return [" ".join(pages[0].content.decode().split()).count(text) for text in texts] + [
            pages[1].content.decode().count("Lost or broken: release it")
        ]

    assert told() == [1, 0, 0, 0]
    set_vendor(world.acme, allowed_own_releases=1)
    assert told() == [0, 1, 0, 1]
    set_vendor(world.acme, allowed_own_releases=0)
    asked(world, lost)
    assert told() == [0, 0, 1, 0]
    with inside(world.acme):
        other = activate(lost.license, machine("second-room"), key=OTHER_KEY)
    one = queries(ada, path)
    assert told() == [1, 0, 1, 0]
    asked(world, other)
    assert told() == [0, 0, 2, 0]
    assert queries(ada, path) == one


def test_the_back_office_says_on_the_machines_pages_that_it_is_asked_for(
    world: World, lost: Activation
) -> None:
    request = asked(world, lost)
    support = signed_in(world.acme_support)
    answer = f"/licenses/seatrequest/{request.pk}/answer/"
    pages = [f"/licenses/activation/{lost.pk}/{page}/" for page in ("change", "release")]
    for path in pages:
        page = support.get(path).content.decode()
        assert BROKEN in page, path
        assert answer in page, path
    with inside(world.acme):
        refuse(request, answer="No")
    for path in pages:
        assert BROKEN not in support.get(path).content.decode(), path
