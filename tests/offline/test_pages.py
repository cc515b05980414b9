"""The Offline page: look, confirm, download; every refusal in one sentence with its code."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Refusal
from licenses.models import Activation, License
from licenses.verbs.activations import activate
from licenses.verbs.licenses import change_license, set_seats
from licenses.verbs.releasing import free
from offline.models import OfflineExchange
from tenancy.door import inside
from tests.conftest import NOW, ON_POSTGRESQL
from tests.offline.requests_maker import MachineKeys, jti
from tests.world import Browser, World, machine, signed_in

MACHINE = MachineKeys()
ANSWERED = {
    "response": OfflineExchange.Kind.ACTIVATION,
    "receipt": OfflineExchange.Kind.DEACTIVATION,
}


def request_of(world: World, name: str = "lab pc/7", **changes: Any) -> str:
    return MACHINE.activation(world.orbit.pk, world.ada_license.key, name, **changes)


def seats(world: World) -> int:
    with inside(world.acme):
        return License.objects.get(pk=world.ada_license.pk).total_activations


def test_a_file_is_looked_at_confirmed_and_answered(world: World) -> None:
    browser, text = signed_in(world.ada), request_of(world)
    review = browser.post("/offline/", {"request_file": SimpleUploadedFile("r.dat", text.encode())})
    assert review.status_code == 200
    page = review.content.decode()
    for expected in ("Activate lab pc/7?", "Orbit", world.ada_license.key, "1 of 3", "Debian 12"):
        assert expected in page
    assert seats(world) == 1
    done = browser.post("/offline/confirm/", {"request_text": text})
    assert done.status_code == 302
    page = browser.get(done["Location"]).content.decode()
    assert "lab pc/7 is activated" in page
    response = browser.get(f"{done['Location']}response/")
    assert response["Content-Disposition"] == 'attachment; filename="lab-pc-7-Orbit.dat"'
    assert response.content.count(b".") == 2
    assert seats(world) == 2


def test_text_is_as_good_as_a_file_and_twice_is_once(world: World) -> None:
    browser, text = signed_in(world.ada), request_of(world)
    assert (
        "Activate lab pc/7?" in browser.post("/offline/", {"request_text": text}).content.decode()
    )
    places = {browser.post("/offline/confirm/", {"request_text": text})["Location"] for _ in "ab"}
    assert len(places) == 1
    page = browser.post("/offline/", {"request_text": text}).content.decode()
    assert "Confirming it again changes nothing" in page
    assert seats(world) == 2


def test_the_response_can_be_fetched_from_the_machine_until_it_runs_out(
    world: World, frozen_time: Any
) -> None:
    browser = signed_in(world.ada)
    browser.post("/offline/confirm/", {"request_text": request_of(world)})
    licence = f"/licenses/{world.ada_license.pk}/"
    with inside(world.acme):
        exchange = OfflineExchange.objects.get()
    path = f"/offline/machines/{exchange.activation_id}/response/"
    assert path in browser.get(licence).content.decode()
    assert browser.get(path).content.decode().strip() == exchange.response
    assert signed_in(world.grace).get(path).status_code == 404
    frozen_time.shift(30 * 86400 - 14 * 86400 + 1)
    browser = signed_in(world.ada)
    assert browser.get(path).status_code == 200
    frozen_time.shift(14 * 86400)
    browser = signed_in(world.ada)
    for gone in (path, f"/offline/{exchange.pk}/response/"):
        answer = browser.get(gone)
        assert answer.status_code == 410
        assert "Make a new request" in answer.content.decode()
    assert path not in browser.get(licence).content.decode()
    assert "Make a new request" in browser.get(f"/offline/{exchange.pk}/").content.decode()


def test_a_deactivation_leads_to_a_receipt(world: World) -> None:
    browser = signed_in(world.ada)
    browser.post("/offline/confirm/", {"request_text": request_of(world, "lab")})
    with inside(world.acme):
        activation_id = OfflineExchange.objects.get().activation_id
    text = MACHINE.deactivation(world.orbit.pk, world.ada_license.key, activation_id)
    page = browser.post("/offline/", {"request_text": text}).content.decode()
    assert "Deactivate lab?" in page
    done = browser.post("/offline/confirm/", {"request_text": text})
    assert "lab is deactivated" in browser.get(done["Location"]).content.decode()
    response = browser.get(f"{done['Location']}response/")
    assert response["Content-Disposition"] == 'attachment; filename="lab-Orbit-receipt.dat"'
    assert "Get the receipt again" in (
        browser.post("/offline/", {"request_text": text}).content.decode()
    )
    assert seats(world) == 1


def test_the_licence_one_comes_from_is_shown_and_the_file_decides(world: World) -> None:
    browser = signed_in(world.ada)
    page = browser.get(f"/offline/?license={world.ada_license.pk}").content.decode()
    assert world.ada_license.key in page
    assert browser.get(f"/offline/?license={world.grace_license.pk}").status_code == 404
    assert browser.get("/offline/?license=nonsense").status_code == 404
    with inside(world.acme):
        from licenses.verbs.licenses import create_license

        other = create_license(product=world.orbit, user=world.ada)
    form = {"request_text": request_of(world), "license": str(other.pk)}
    assert "another licence than the one you came from" in (
        browser.post("/offline/", form).content.decode()
    )


@pytest.mark.parametrize("kind", ["response", "receipt"])
def test_what_the_portal_answered_is_told_from_a_request(world: World, kind: str) -> None:
    """It is the other one of two files that lie side by side: a new request would lead nowhere."""
    browser = signed_in(world.ada)
    browser.post("/offline/confirm/", {"request_text": request_of(world, "lab")})
    if kind == "receipt":
        with inside(world.acme):
            activation_id = OfflineExchange.objects.get().activation_id
        text = MACHINE.deactivation(world.orbit.pk, world.ada_license.key, activation_id)
        browser.post("/offline/confirm/", {"request_text": text})
    with inside(world.acme):
        answered = OfflineExchange.objects.get(kind=ANSWERED[kind]).response
    page = browser.post("/offline/", {"request_text": answered})
    assert page.status_code == 400
    text = page.content.decode()
    assert "give it to the program on the machine" in text
    assert "INVALID_OFFLINE_REQUEST" in text
    assert "make a new one on the machine" not in text


def test_an_empty_file_is_told_to_be_empty_and_kept_for_support(world: World) -> None:
    file = SimpleUploadedFile("activation-request.dat", b"\xef\xbb\xbf\r\n")
    page = signed_in(world.ada).post("/offline/", {"request_file": file}).content.decode()
    assert "INVALID_OFFLINE_REQUEST</code> · it is empty" in page
    assert "Choose the request file, or paste its text." not in page
    with inside(world.acme):
        assert Refusal.objects.get().said.endswith("hand in that file as it is. (it is empty)")


@pytest.mark.parametrize("path", ["/offline/", "/offline/confirm/"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ""),
        ("   ", ""),
        ("hello", "INVALID_OFFLINE_REQUEST"),
        ("a\x00b", ""),
        ("x" * 70_000, "INVALID_OFFLINE_REQUEST"),
        (MACHINE.activation("nonsense", "key"), "INVALID_PRODUCT_ID"),
        (MACHINE.trial("nonsense"), "TRIAL_NOT_ALLOWED"),
    ],
)
def test_a_refusal_is_a_page(world: World, path: str, text: str, code: str) -> None:
    response = signed_in(world.ada).post(path, {"request_text": text})
    assert response.status_code == 400
    page = response.content.decode()
    assert 'role="alert"' in page
    assert code in page
    assert seats(world) == 1


def test_a_large_file_and_one_that_is_not_text(world: World) -> None:
    browser = signed_in(world.ada)
    large = b"x" * 1024 * 1024
    for content in (large, b"\xff\xfe\x00binary", b"\x00", b"PK\x03\x04", b""):
        response = browser.post("/offline/", {"request_file": SimpleUploadedFile("f", content)})
        assert response.status_code == 400
        assert 'role="alert"' in response.content.decode()
    assert (
        "64 KiB"
        in browser.post(
            "/offline/", {"request_file": SimpleUploadedFile("f", large)}
        ).content.decode()
    )


@pytest.mark.parametrize(("megabytes", "status"), [(1, 400), (5, 413)])
def test_a_large_text_is_too_large(world: World, megabytes: int, status: int) -> None:
    """Of more than 2 MB nothing is read at all (docs/operations.md, Who is slow)."""
    text = "x" * megabytes * 1024 * 1024
    response = signed_in(world.ada).post("/offline/", {"request_text": text})
    assert response.status_code == status
    assert "too large" in response.content.decode()


def test_who_has_sent_too_much_finds_back_to_the_form(world: World) -> None:
    file = SimpleUploadedFile("f", b"x" * 5 * 1024 * 1024)
    response = signed_in(world.ada).post("/offline/", {"request_file": file})
    assert response.status_code == 413
    assert '<a class="button" href="/offline/">Go back to the form</a>' in response.content.decode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_file_out_of_an_e_mail(world: World, encoding: str) -> None:
    text = request_of(world)
    lines = "\r\n".join(f"> {text[at : at + 76]}" for at in range(0, len(text), 76))
    letter = f"Hello,\r\n\r\nhere is the request:\r\n\r\n{lines}\r\n\r\nAda".encode(encoding)
    browser = signed_in(world.ada)
    review = browser.post("/offline/", {"request_file": SimpleUploadedFile("r.dat", letter)})
    page = review.content.decode()
    assert "Activate lab pc/7?" in page
    assert f">{text}</textarea>" in page
    done = browser.post("/offline/confirm/", {"request_text": text})
    pasted = browser.post("/offline/confirm/", {"request_text": f"Hello,\r\n{lines}\r\nAda"})
    assert pasted["Location"] == done["Location"]
    assert seats(world) == 2


def test_the_review_tells_the_truth_about_older_responses(world: World, frozen_time: Any) -> None:
    browser = signed_in(world.ada)
    texts = [
        MachineKeys(f"clone {number}").activation(
            world.orbit.pk, world.ada_license.key, "lab", jti=jti(f"clone {number}")
        )
        for number in range(5)
    ]
    browser.post("/offline/confirm/", {"request_text": texts[0]})
    for number, text in enumerate(texts[1:4]):
        page = browser.post("/offline/", {"request_text": text}).content.decode()
        assert "goes on running with its own response" in page
        assert f"{number} of 3 times in the last year" in page
        assert "worth nothing" not in page
        browser.post("/offline/confirm/", {"request_text": text})
    refused = browser.post("/offline/", {"request_text": texts[4]})
    assert refused.status_code == 400
    assert "MACHINE_KEY_REPLACED_TOO_OFTEN" in refused.content.decode()
    assert "ask support" in refused.content.decode()
    page = browser.get(f"/licenses/{world.ada_license.pk}/").content.decode()
    assert "Set up anew: 3 of 3 times in the last year" in page
    assert "Machine set up again" in page
    with inside(world.acme):
        machine = OfflineExchange.objects.first()
        assert machine is not None
    staff = signed_in(world.acme_admin)
    page = staff.get(f"/licenses/activation/{machine.activation_id}/change/").content.decode()
    assert "3 of 3 times in the last year" in page
    frozen_time.shift(30 * 86400)
    page = signed_in(world.ada).post("/offline/", {"request_text": texts[3]}).content.decode()
    assert "can’t be installed any more" in page
    assert "Get a new response" in page


def test_a_lease_is_told_of(world: World) -> None:
    browser = signed_in(world.ada)
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(lease_duration=7 * 86400)
    done = browser.post("/offline/confirm/", {"request_text": request_of(world)})
    told, license = (
        re.sub("<[^>]*>", "", browser.get(path).content.decode())
        for path in (done["Location"], f"/licenses/{world.ada_license.pk}/")
    )
    assert "The program stops on 1 December 2026, 12:00 UTC: make a new request" in told
    assert "Lease ends in 7 days" in license


def test_what_another_customer_handed_in_is_not_there(world: World) -> None:
    signed_in(world.ada).post("/offline/confirm/", {"request_text": request_of(world)})
    with inside(world.acme):
        exchange = OfflineExchange.objects.get()
    for stranger in (world.grace, world.bob, world.ada_of_globex):
        browser = signed_in(stranger)
        assert browser.get(f"/offline/{exchange.pk}/").status_code == 404
        assert browser.get(f"/offline/{exchange.pk}/response/").status_code == 404
        refused = browser.post("/offline/confirm/", {"request_text": request_of(world)})
        assert refused.status_code == 400
    assert seats(world) == 2


def test_handing_in_is_limited(world: World) -> None:
    browser = signed_in(world.ada)
    codes = [browser.post("/offline/", {"request_text": "x"}).status_code for _ in range(121)]
    assert codes == [400] * 120 + [429]


def test_queries(world: World) -> None:
    browser: Browser = signed_in(world.ada)
    browser.get("/offline/")
    with CaptureQueriesContext(connection) as captured:
        browser.get("/offline/")
    assert len(captured) == (1 if ON_POSTGRESQL else 2)


# --- No seat left, and other refusals: the way on ------------------------------------------------


@pytest.fixture
def full(world: World) -> World:
    """Ada's licence has no seat left: a machine with network and two without use them."""
    browser = signed_in(world.ada)
    for name in ("one", "two"):
        browser.post("/offline/confirm/", {"request_text": request_of(world, name)})
    assert seats(world) == 3
    return world


@pytest.mark.parametrize("path", ["/offline/", "/offline/confirm/"])
def test_without_a_seat_left_the_licence_and_its_machines_are_there(full: World, path: str) -> None:
    response = signed_in(full.ada).post(path, {"request_text": request_of(full, "third")})
    assert response.status_code == 400
    page = response.content.decode()
    for told in (
        "No seat left for third",
        "ACTIVATION_LIMIT_REACHED",
        "Orbit",
        full.ada_license.key,
        "Ada of Acme only",  # the note
        "3 of 3",
        "ada-laptop",
        "one",
        "two",
    ):
        assert told in page
    assert page.count('name="stop"') == 1  # the two without network can be released
    assert page.count("/release/") == 2


def test_the_name_of_the_licence_is_told_before_anything_happens(full: World) -> None:
    with inside(full.acme):
        license = License.objects.get(pk=full.ada_license.pk)
        license.name = "Measuring stations"
        change_license(license, fields=["name"])
    browser, text = signed_in(full.ada), request_of(full, "third")
    page = browser.post("/offline/", {"request_text": text}).content.decode()
    assert "No seat left" in page
    assert "Measuring stations" in page
    with inside(full.acme):
        License.objects.filter(pk=full.ada_license.pk).update(allowed_activations=9)
    page = browser.post("/offline/", {"request_text": text}).content.decode()
    assert "Activate third?" in page
    assert "Measuring stations" in page


def chosen_in(page: str) -> str:
    """The machine whose seat the page offers."""
    found = re.search(r'<button[^>]* name="stop" value="([^"]+)"', page)
    assert found
    return found[1]


def machines(world: World) -> set[str]:
    with inside(world.acme):
        named = Activation.objects.filter(license=world.ada_license)
        return set(named.values_list("hostname", flat=True))


def test_one_stops_and_one_starts_by_one_button_after_it_was_seen(full: World) -> None:
    browser, text = signed_in(full.ada), request_of(full, "third")
    before = machines(full)
    page = browser.post("/offline/", {"request_text": text}).content.decode()
    form = {"request_text": text, "stop": chosen_in(page)}
    review = browser.post("/offline/", form)
    assert review.status_code == 200
    page = review.content.decode()
    assert "ada-laptop stops, third starts" in page
    assert "Stop ada-laptop, activate third" in page
    assert f'name="stop" value="{form["stop"]}"' in page
    assert machines(full) == before  # whoever cancels here has lost nothing
    places = {browser.post("/offline/confirm/", form)["Location"] for _twice in "ab"}
    assert len(places) == 1
    assert "third is activated" in browser.get(places.pop()).content.decode()
    assert machines(full) == before - {"ada-laptop"} | {"third"}
    with inside(full.acme):
        license = License.objects.get(pk=full.ada_license.pk)
        assert (license.total_activations, license.total_deactivations) == (3, 1)


def test_nothing_stops_where_a_seat_is_free_by_now(full: World) -> None:
    browser = signed_in(full.ada)
    form = {"request_text": request_of(full, "third")}
    form["stop"] = chosen_in(browser.post("/offline/", form).content.decode())
    with inside(full.acme):
        set_seats(full.ada_license, allowed_activations=4)
    assert "Activate third?" in browser.post("/offline/", form).content.decode()
    assert browser.post("/offline/confirm/", form).status_code == 302
    assert machines(full) == {"ada-laptop", "one", "two", "third"}


def test_where_one_seat_is_not_enough_another_is_asked_for(world: World) -> None:
    with inside(world.acme):
        for name in ("x", "y"):
            activate(world.ada_license, machine(name))
        set_seats(world.ada_license, allowed_activations=2)
    browser = signed_in(world.ada)
    form: dict[str, Any] = {"request_text": request_of(world, "third")}
    first = chosen_in(browser.post("/offline/", form).content.decode())
    again = browser.post("/offline/", form | {"stop": [first]})
    page = again.content.decode()
    assert (again.status_code, "alone does not make room" in page) == (400, True)
    assert f'type="hidden" name="stop" value="{first}"' in page
    form["stop"] = [first, chosen_in(page)]
    assert "stop, third starts" in browser.post("/offline/", form).content.decode()
    assert browser.post("/offline/confirm/", form).status_code == 302
    left = machines(world)
    assert (len(left), "third" in left) == (2, True)


@pytest.mark.parametrize("chosen", ["nonsense", "grace", "offline"])
@pytest.mark.parametrize("path", ["/offline/", "/offline/confirm/"])
def test_nothing_else_makes_room(full: World, chosen: str, path: str) -> None:
    before = machines(full)
    with inside(full.acme):
        of_grace = Activation.objects.get(license=full.grace_license)
        offline = Activation.objects.filter(license=full.ada_license, offline=True)[0]
    ids = {"nonsense": "nonsense", "grace": of_grace.pk, "offline": offline.pk}
    form = {"request_text": request_of(full, "third"), "stop": str(ids[chosen])}
    refused = signed_in(full.ada).post(path, form)
    assert (refused.status_code, machines(full)) == (400, before)
    assert "Which machine gives up its seat?" in refused.content.decode()
    assert ("OFFLINE_DEACTIVATION_REQUIRED" in refused.content.decode()) is (chosen == "offline")
    with inside(full.acme):
        assert Activation.objects.filter(pk=of_grace.pk).exists()


@pytest.mark.unfound
def test_the_page_of_machines_costs_the_same_for_one_and_for_three(full: World) -> None:
    browser = signed_in(full.ada)
    costs = []
    for seats_allowed in (1, 3):
        with inside(full.acme):
            if seats_allowed == 1:
                kept = list(Activation.objects.filter(license=full.ada_license, offline=True))
                License.objects.filter(pk=full.ada_license.pk).update(
                    allowed_activations=1, total_activations=1
                )
                Activation.objects.filter(pk__in=[each.pk for each in kept]).delete()
            else:
                Activation.objects.bulk_create(kept)
                License.objects.filter(pk=full.ada_license.pk).update(
                    allowed_activations=3, total_activations=3
                )
        with CaptureQueriesContext(connection) as captured:
            page = browser.post("/offline/", {"request_text": request_of(full, "third")})
        assert page.status_code == 400
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_a_refused_file_is_kept_and_leads_on(world: World) -> None:
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(expires_at=NOW)
    text = request_of(world)
    page = signed_in(world.ada).post("/offline/", {"request_text": text}).content.decode()
    assert "EXPIRED_LICENSE" in page
    assert f'href="/licenses/{world.ada_license.pk}/"' in page
    assert text in page


def test_a_used_up_limit_of_deactivations_leads_to_support(world: World) -> None:
    browser = signed_in(world.ada)
    browser.post("/offline/confirm/", {"request_text": request_of(world, "lab")})
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(allowed_deactivations=0)
        machine = Activation.objects.get(license=world.ada_license, offline=True)
    text = MACHINE.deactivation(world.orbit.pk, world.ada_license.key, machine.pk, "lab")
    page = browser.post("/offline/", {"request_text": text}).content.decode()
    assert "DEACTIVATION_LIMIT_REACHED" in page
    told = re.sub(r"<[^>]+>|\s+", " ", page)
    assert re.search(
        rf"lab +· +Orbit +· +Ada of Acme only +· +{world.ada_license.key}", told
    )  # which file it was
    assert f"/activations/{machine.pk}/release/" in page


def test_the_response_of_a_machine_that_was_released_is_not_handed_out(world: World) -> None:
    browser = signed_in(world.ada)
    done = browser.post("/offline/confirm/", {"request_text": request_of(world, "lab")})["Location"]
    with inside(world.acme):
        machine = Activation.objects.get(license=world.ada_license, offline=True)
        free(machine, reason="It was lost")
    for gone in (f"{done}response/", f"/offline/machines/{machine.pk}/response/"):
        answer = browser.get(gone)
        assert answer.status_code == 410
        page = answer.content.decode()
        assert "lab has no seat any more" in page
        assert "make a new request on it" in page
        assert "data-download-once" not in page
    assert signed_in(world.grace).get(f"{done}response/").status_code == 404
