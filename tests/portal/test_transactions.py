"""A door is no transaction: what a page reads holds nothing, and what was written stays written."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections
from django.test.signals import template_rendered

from accounts import sessions
from audit.models import AuditEntry
from backoffice import export
from licenses.verbs.licenses import create_license, suspend
from tenancy.door import inside
from tests.conftest import ON_POSTGRESQL
from tests.others import somebody_writing
from tests.world import Browser, World, signed_in
from web import limits
from web.models import RateBucket

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMERS = (
    "/",
    "/licenses/",
    "/licenses/?q=ADA",
    "{license}",
    "/offline/",
    "/releases/",
    "/profile/",
)
STAFFS = (
    "/",
    "/licenses/license/",
    "{staffs}",
    "/accounts/user/",
    "/password_change/",
    "/find/?q=ada",
)


def pages(world: World) -> Iterator[tuple[Browser, str]]:
    license = f"/licenses/{world.ada_license.pk}/"
    staffs = f"/licenses/license/{world.ada_license.pk}/change/"
    for person, paths in ((world.ada, CUSTOMERS), (world.acme_admin, STAFFS)):
        browser = signed_in(person)
        for path in paths:
            yield browser, path.format(license=license, staffs=staffs)


def elsewhere(act: Callable[[], Any]) -> Any:
    """What another process would find: done in a thread with a connection of its own."""

    def alone() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(alone).result()


@pytest.mark.skipif(ON_POSTGRESQL, reason="Readers and writers wait for one another on SQLite")
def test_a_page_view_takes_no_write_lock(world: World) -> None:
    for browser, path in pages(world):
        assert browser.get(path, follow=True).status_code == 200  # notes once that one was seen
        with somebody_writing():
            assert browser.get(path, follow=True).status_code == 200, path


@pytest.mark.skipif(ON_POSTGRESQL, reason="Readers and writers wait for one another on SQLite")
def test_somebody_else_can_hold_the_write_lock(world: World) -> None:
    """The test above would notice: what does write has to wait."""
    with somebody_writing():
        form = {"email": "ada@example.com", "password": "wrong"}
        assert Browser().post("/login/", form).status_code == 503


def rendered_in_a_transaction(act: Callable[[], Any]) -> tuple[list[str], list[str]]:
    """The templates that are rendered by it, and those of them inside a transaction."""
    seen: list[str] = []
    inside_one: list[str] = []

    def note(sender: Any, template: Any, **_kwargs: Any) -> None:
        seen.append(str(template.name))
        if connection.in_atomic_block:
            inside_one.append(str(template.name))

    template_rendered.connect(note)
    try:
        act()
    finally:
        template_rendered.disconnect(note)
    return seen, inside_one


def test_no_page_is_rendered_inside_a_transaction(world: World) -> None:
    for browser, path in pages(world):
        seen, inside_one = rendered_in_a_transaction(
            lambda b=browser, p=path: b.get(p, follow=True)
        )  # type: ignore[misc]
        assert seen, path
        assert not inside_one, path


def refusals(world: World) -> Iterator[tuple[Browser, str, dict[str, Any]]]:
    """What is sent and comes back as a page that says what is wrong."""
    ada, admin = signed_in(world.ada), signed_in(world.acme_admin)
    yield Browser(), "/login/", {"email": "ada@example.com", "password": "wrong"}
    yield ada, "/offline/", {"text": "no request"}
    yield ada, "/profile/", {"first_name": "x" * 200}
    yield admin, f"/licenses/license/{world.ada_license.pk}/change/", {"allowed_activations": "x"}
    yield (
        admin,
        "/licenses/license/",
        {"action": "revoke", "_selected_action": [world.ada_license.pk]},
    )
    yield admin, "/password_change/", {"old_password": "wrong"}
    yield admin, f"/licenses/activation/{world.ada_machine.pk}/release/", {"reason": ""}


def test_no_page_that_refuses_is_rendered_while_a_chain_is_held(world: World) -> None:
    for browser, path, form in refusals(world):
        seen, inside_one = rendered_in_a_transaction(
            lambda b=browser, p=path, f=form: b.post(p, f)  # type: ignore[misc]
        )
        assert seen, path
        assert not inside_one, path


def test_a_limit_stays_used_whatever_follows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(sessions.auth, "authenticate", breaks)
    browser = Browser()
    browser.raise_request_exception = False
    form = {"email": "ada@example.com", "password": "guess"}
    for _ in range(limits.SIGN_IN_PER_ADDRESS.burst):
        assert browser.post("/login/", form).status_code == 500
    assert browser.post("/login/", form).status_code == 429
    # Of the address, of the network, and of the note that somebody is held back.
    assert elsewhere(RateBucket.objects.count) == 3


def test_a_streamed_export_reads_to_its_end_in_a_transaction_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 1)
    with inside(world.acme):
        for number in range(3):
            create_license(product=world.orbit, user=world.ada, notes=f"more {number}")
    admin = signed_in(world.acme_admin)
    response = admin.get("/licenses/license/export.csv")
    assert not connection.in_atomic_block
    parts = iter(response.streaming_content)
    read = next(parts) + next(parts)  # its head, and its first row
    assert connection.in_atomic_block == ON_POSTGRESQL
    # Who took the list is known at once, and others write meanwhile.
    assert elsewhere(lambda: exported(world)) == 1
    elsewhere(lambda: suspended(world))
    for part in parts:
        read += part
    assert read.decode().count("\r\n") == 1 + 5
    assert not connection.in_atomic_block


def test_a_download_that_is_broken_off_leaves_nothing_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 1)
    response = signed_in(world.acme_admin).get("/licenses/license/export.csv")
    parts = iter(response.streaming_content)
    next(parts), next(parts)
    response.close()
    assert not connection.in_atomic_block
    assert elsewhere(lambda: exported(world)) == 1


def exported(world: World) -> int:
    with inside(world.acme):
        return AuditEntry.objects.filter(action="exported").count()


def suspended(world: World) -> None:
    with inside(world.acme):
        suspend(world.grace_license)
