"""No secret in the log: what is taken out, what stays, and by which ways it would have come in."""

import logging
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from gunicorn.glogging import SafeAtoms

from accounts.links import Purpose, make_token
from accounts.verbs import sessions
from accounts.view_as.verbs import offer
from licenses.keys import new_key
from licenses.models import License
from tenancy.door import inside
from tests.secrets import FORMATS, Kept, found_in
from tests.world import PASSWORD, Browser, World, signed_in
from web.secrecy import without_secrets

ID = "cf5a5085-6562-4fc4-bbca-074775981d92"
LINK = f"{'WyI3NDlmYTg4Yi01NmJlLTRhY2Qt' * 4}:1wXpBo:_WXmQK507RrJGuFMOlINRF1EfsaxMOlYy3Sh2GsUEzg"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (f"Gone: /password-reset/{LINK}/", "Gone: /password-reset/…/"),
        (f"Gone: /invitation/{LINK.replace(':', '%3A')}/", "Gone: /invitation/…/"),
        (f"/login/?next=/profile/email/{LINK}/", "/login/?next=/profile/email/…/"),
        ("GET /releases/x?key=ADA111-ACME HTTP/1.1", "GET /releases/x?key=… HTTP/1.1"),
        ("GET /x?a=1&KEY=ADA111-ACME&b=2 HTTP/1.1", "GET /x?a=1&KEY=…&b=2 HTTP/1.1"),
        ("GET /x?next=%2Fx%3Fkey%3DADA111%26b%3D2", "GET /x?next=%2Fx%3Fkey%3D…%26b%3D2"),
        ('"/internal/tls-ask?secret=s3cret"', '"/internal/tls-ask?secret=…"'),
        ("bad token eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9xxxxxx.eyJh.abc_-", "bad token …"),
        (f"session {'0' * 32}.{'aB3_' * 10}xyz", f"session {'0' * 32}.…"),
        ("hash argon2$argon2id$v=19$m=102400,t=2,p=8$c29t$aGFzaA", "hash …"),
        ("hash md5$salt$0123456789abcdef", "hash …"),
        ("refused\nDETAIL:  Key (key)=(ADA111-ACME) exists.\nmore", "refused\nDETAIL: …\nmore"),
        ("550 <Ada.L+x@mail.example.com>: no", "550 <…>: no"),
        ("GET /find/?q=ada%40example.com HTTP/1.1", "GET /find/?q=… HTTP/1.1"),
        (f"/licenses/{ID}/ of {ID}", None),
        (f"Not Found: /releases/{ID}/orbit-4.2.1-linux.tar.gz", None),
        ("in every_statement_names_its_vendor_whatever_it_is", None),
        ("Task id=CiJI1zvtPgwvtWHdMBpdCUPfqnbzYyfJ path=mail.delivery.deliver", None),
        ("monkey=banana /keys?keyboard=1", None),
    ],
)
def test_what_is_written(line: str, written: str | None) -> None:
    assert without_secrets(line) == (line if written is None else written)


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_suite_looks_for_is_found(name: str, world: World) -> None:
    """By real secrets; the names that are left are found in the lines above."""
    with inside(world.acme):
        made = [
            make_token(Purpose.RESET, world.ada),
            offer(world.ada, staff=world.acme_support),
            sessions.new_token(world.acme.pk),
            new_key(),
            world.ada.password,
            "/x?key=abc",
            "eyJhbGciOiJSUzI1NiJ9.x.y",
            "-----BEGIN PRIVATE KEY-----",
            "DETAIL:  Key (a)=(b) exists.",
            "to ada@example.com",
        ]
    assert any(name in found_in(each) for each in made)
    assert all(found_in(each) for each in made)
    for each in made[:5]:
        assert found_in(without_secrets(f"about {each}, which is refused")) == []


def requests_of(world: World) -> list[str]:
    """Every path that opens something, as somebody could have it in the address bar."""
    with inside(world.acme):
        view = offer(world.ada, staff=world.acme_support)
    reset, invitation = (
        make_token(each, world.ada) for each in (Purpose.RESET, Purpose.INVITATION)
    )
    email = make_token(Purpose.EMAIL_CHANGE, world.ada, "countess@example.com")
    key = world.ada_license.key
    return [
        f"/password-reset/{reset}/",
        f"/invitation/{invitation}/",
        f"/login/link/{make_token(Purpose.SIGN_IN, world.ada)}/",
        f"/profile/email/{email}/",
        f"/view-as/{view}/",
        f"/releases/{uuid.uuid4()}/x.bin?key={key}",
        f"/releases/feed/{world.quill.pk}.json?key={key}",
    ]


def test_no_refusal_tells_what_opens_something(world: World, logged: Kept) -> None:
    """At the wrong host, without a CSRF token, by a wrong method, at no such page. The link still
    works afterwards, so that whoever reads the log could use it."""
    paths = requests_of(world)
    strict = Browser("acme", enforce_csrf_checks=True)  # type: ignore[arg-type]
    for path in paths:
        for label in ("globex", "nobody", "api", "app", ""):
            Browser(label).get(path)
        for wrong in (path.rstrip("/") + "/further/", path.replace("/", "//", 1)):
            Browser("acme").get(wrong)
        strict.post(path)
        Browser("acme").put(path)
    assert len(logged.lines) > 30
    assert [line for line in logged.lines if found_in(line)] == []
    for secret in (*paths, world.ada_license.key):
        assert not any(secret in line for line in logged.lines)
    assert signed_in(world.ada).get(paths[0]).status_code == 200  # which still works


def test_no_traceback_tells_it_either(world: World, logged: Kept) -> None:
    path = requests_of(world)[0]
    with pytest.MonkeyPatch.context() as patch:

        def fail(*_: Any, **given: Any) -> None:
            raise RuntimeError(f"No such thing: {path} of {PASSWORD and world.ada.password}")

        patch.setattr("accounts.verbs.passwords.read_password_link", fail)
        browser = Browser("acme", raise_request_exception=False)
        assert browser.get(path).status_code == 500
    [line] = [each for each in logged.lines if "RuntimeError" in each]
    assert "No such thing: /password-reset/…/ of …" in line


def test_the_values_of_a_row_that_is_refused_are_not_told(world: World, logged: Kept) -> None:
    """PostgreSQL tells them by itself where no row-level security is."""
    with inside(world.acme):
        try:
            with transaction.atomic():
                License.objects.filter(pk=world.grace_license.pk).update(
                    key=world.ada_license.key, key_form=world.ada_license.key_form
                )
        except IntegrityError:
            logging.getLogger("portal").exception("It is refused.")
    [line] = logged.lines
    assert "IntegrityError" in line
    assert not any(secret in line for secret in (world.ada_license.key, world.ada_license.key_form))


def test_gunicorns_access_log_goes_the_same_way(logged: Kept) -> None:
    """As gunicorn writes it: a format with atoms, in the process that has loaded the portal."""
    atoms = SafeAtoms({"r": f"GET /view-as/{'aB3_' * 10}xyz/?key=ADA111 HTTP/1.1", "s": "200"})
    record = logging.getLogger("gunicorn.access").makeRecord(
        "gunicorn.access", logging.INFO, __file__, 1, '"%(r)s" %(s)s', (atoms,), None
    )
    assert record.getMessage() == '"GET /view-as/…/?key=… HTTP/1.1" 200'
