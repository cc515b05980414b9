"""Headers and cookies of every kind of answer."""

import json
from typing import Any

import pytest
from django.db import OperationalError

from tests.world import Browser, World, signed_in

PAGES = [
    ("acme", "/login/"),
    ("acme", "/licenses/"),
    ("acme", "/nothing/"),
    ("nobody", "/"),
    ("app", "/login/"),
    ("app", "/"),
    ("api", "/"),
    ("", "/"),
]


@pytest.mark.parametrize(("label", "path"), PAGES)
def test_every_answer_is_strict(world: World, label: str, path: str) -> None:
    response = Browser(label).get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "no-store" in response["Cache-Control"]
    assert "camera=()" in response["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in response["Permissions-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in response


def fails(*_: object, **__: object) -> None:
    raise RuntimeError("on purpose")


def is_locked(*_: object, **__: object) -> None:
    raise OperationalError("canceling statement due to lock timeout")


@pytest.mark.parametrize(
    ("label", "path", "status"),
    [
        *((label, path, None) for label, path in PAGES),
        ("api", "/v3/products", 401),
        ("api", "/v3/nothing", 404),
        ("acme", "/logout/", 405),
        ("acme", "/healthz", 200),
        ("acme", "/readyz", 200),
        ("acme", "/favicon.ico", None),
    ],
)
def test_every_answer_says_the_id_of_its_request(
    world: World, settings: Any, label: str, path: str, status: int | None
) -> None:
    settings.TRUSTED_PROXIES = 1
    given = "0123456789abcdef0123456789abcdef"
    response = Browser(label).get(path, headers={"X-Request-ID": given})
    assert response["X-Request-ID"] == given
    assert status in {None, response.status_code}


def test_nobodys_host_is_told_an_id_too(world: World) -> None:
    response = Browser().get("/", headers={"host": "a b"})
    assert (response.status_code, len(response["X-Request-ID"])) == (400, 36)


def test_static_files_have_no_id_since_browsers_keep_them(world: World) -> None:
    for path in ("/static/css/base.css", "/static/nothing.css"):
        answer = Browser().get(path)
        answer.getvalue()  # also of a file, which is closed at its end
        assert "X-Request-ID" not in answer


@pytest.mark.parametrize(("fault", "status"), [(fails, 500), (is_locked, 503)])
def test_a_fault_is_told_with_the_id_of_its_lines(
    world: World, monkeypatch: pytest.MonkeyPatch, logged: Any, fault: Any, status: int
) -> None:
    monkeypatch.setattr("accounts.views.SignInForm", fault)
    response = Browser("acme", raise_request_exception=False).get("/login/")
    assert response.status_code == status
    id = response["X-Request-ID"]
    assert f"<code>{id}</code>" in response.content.decode()
    assert [line for line in logged.json_lines if json.loads(line).get("request") == id]


def test_a_program_is_told_in_the_header(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.middleware.people.find", fails)
    response = Browser("api", raise_request_exception=False).get(
        "/v3/products", headers={"Authorization": "Bearer x"}
    )
    assert response.status_code == 500
    assert response.json().keys() == {"message", "code"}
    assert len(response["X-Request-ID"]) == 36


def test_who_comes_too_often_is_told_an_id_each_time(world: World) -> None:
    browser = Browser("api")
    answers = [browser.get("/v3/products") for _ in range(100)]
    assert {each.status_code for each in answers} == {401, 429}
    assert len({each["X-Request-ID"] for each in answers}) == 100


def test_what_a_load_balancer_is_told_is_not_kept(world: World) -> None:
    for path in ("/healthz", "/readyz"):
        assert Browser("acme").get(path)["Cache-Control"] == "no-store"


def test_pages_can_not_be_framed(world: World) -> None:
    assert Browser("acme").get("/login/")["X-Frame-Options"] == "DENY"


def test_no_page_has_inline_code(world: World) -> None:
    browser = signed_in(world.ada)
    for path in ("/licenses/", f"/licenses/{world.ada_license.pk}/", "/offline/", "/profile/"):
        page = browser.get(path).content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        assert "<script>" not in page


def test_cookies_are_host_only_and_closed_to_scripts(world: World) -> None:
    cookies = Browser("acme").sign_in("ada@example.com").cookies
    for name in ("session", "csrf"):
        if name not in cookies:
            continue
        assert cookies[name]["domain"] == ""
        assert cookies[name]["httponly"] is True
        assert cookies[name]["samesite"] == "Lax"
        assert cookies[name]["path"] == "/"
    assert "session" in cookies


def test_production_adds_tls() -> None:
    """The settings are read anew in a process of their own, as production has them."""
    import json
    import os
    import subprocess
    import sys

    code = (
        "import json; from portal import settings as s; print(json.dumps([s.SESSION_COOKIE_NAME, "
        "s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.HTTPS, "
        "s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD]))"
    )
    year = 31536000
    for hsts, expected in (
        ({}, [year, False, False]),
        ({"HSTS": "off"}, [0, False, False]),
        ({"HSTS": "subdomains"}, [year, True, False]),
        ({"HSTS": "preload"}, [year, True, True]),
    ):
        environment = {**os.environ, "PUBLIC_SCHEME": "https", **hsts}
        printed = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        cookies = ["__Host-session", "__Host-csrf", True, True]
        assert json.loads(printed) == [*cookies, True, *expected]


@pytest.mark.parametrize(
    ("host", "path", "code"),
    [
        ("acme.portal.localhost", "/licenses/?q=a", 301),
        ("app.portal.localhost", "/", 301),
        ("portal.localhost", "/", 301),
        ("nobody.portal.localhost", "/", 421),
        ("evil.example", "/licenses/", 421),
        ("portal.localhost.evil.example", "/", 421),
        ("evil.example/", "/", 400),
    ],
)
def test_only_known_hosts_are_sent_to_https(
    world: World, settings: Any, host: str, path: str, code: int
) -> None:
    settings.HTTPS = True
    for method in ("get", "post"):
        response = getattr(Browser(), method)(path, headers={"host": host})
        assert response.status_code == code
        assert response.get("Location") == (f"https://{host}{path}" if code == 301 else None)
    if code == 301:
        assert Browser().get(path, headers={"host": host}, secure=True).status_code != 301


@pytest.mark.parametrize(
    ("label", "path", "headers"),
    [
        ("api", "/v3/licenses", {}),
        ("api", "/v3/activations", {"authorization": "Bearer x"}),
        ("api", "/nothing-here", {}),
        ("acme", "/releases/feed/0b8b7c5e-7c5e-4c5e-8c5e-0b8b7c5e0b8b.json", {}),
        ("acme", "/releases/?key=a-key", {}),
        ("acme", "/releases/", {"license-key": "a-key"}),
        ("acme", "/", {"authorization": "Basic eDp5"}),
    ],
)
def test_programs_are_refused_and_not_led_on(
    world: World, settings: Any, label: str, path: str, headers: dict[str, str]
) -> None:
    settings.HTTPS = True
    for method in ("get", "head", "post", "put", "delete"):
        refused = getattr(Browser(label), method)(path, headers=headers)
        assert refused.status_code == 403
        assert "Location" not in refused
        assert method == "head" or refused.json()["code"] == "ONLY_BY_HTTPS"
    served = Browser(label).get(path, headers=headers, secure=True)
    assert b"ONLY_BY_HTTPS" not in served.content


def test_health_is_told_in_clear(world: World, settings: Any) -> None:
    settings.HTTPS = True
    assert Browser().get("/healthz").status_code == 200


def test_health_on_any_host(world: World) -> None:
    """Without a database: tests/portal/test_unavailable.py; what is told: test_seeing.py."""
    for path, said in (("/healthz", b"ok"), ("/readyz", b"ready")):
        for label in ("acme", "nobody", "app", ""):
            response = Browser(label).get(path)
            assert (response.status_code, response.content.splitlines()[0]) == (200, said)
        assert Browser().get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
        assert Browser().post(path).status_code == 405
