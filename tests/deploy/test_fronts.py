"""What each front lets through: no stranger and no neighbour stops the others.

Behind nginx and Caddy as deploy/ sets them up, and by gunicorn alone; all on PostgreSQL.
"""

import hashlib
import json
import select
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from bench.attacks.uploads import UPLOAD
from bench.downloads import staff, upload
from bench.strangers import sent
from bench.under_attack import (
    FRONTS,
    MOST,
    Site,
    ask,
    database,
    fronts_of,
    modules,
    neighbour,
    served_behind,
    under,
)
from demo.ids import demo_id, demo_key
from web.logs import LINES

pytestmark = pytest.mark.proxies

MIB = 1024 * 1024
LASTS = 2.0  # seconds
TRIES = 3  # a busy machine is slow now and then; who is kept waiting is so each time
PUT = f"/v3/{demo_id('acme', 'release', 'Orbit', '4.2.1', 'linux')}/orbit.bin"
ATTACKS = {module.__name__.rpartition(".")[2]: module for module in modules()}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[dict[str, str]]:
    with database() as settings:
        yield settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is served behind all fronts."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def proxies(postgresql: dict[str, str], folder: Path) -> Iterator[list[Site]]:
    with served_behind(["nginx", "caddy"], folder, REQUEST_DEADLINE="2", **postgresql) as sites:
        yield sites


@pytest.fixture(scope="module")
def alone(postgresql: dict[str, str], folder: Path) -> Iterator[list[Site]]:
    with served_behind(["alone"], folder, REQUEST_DEADLINE="2", **postgresql) as sites:
        yield sites


@pytest.fixture(scope="module", params=list(FRONTS))
def site(request: pytest.FixtureRequest) -> Site:
    sites = request.getfixturevalue("alone" if request.param == "alone" else "proxies")
    [found] = [each for each in sites if each.front == request.param]
    return replace(found, lasts=LASTS)


@pytest.fixture(scope="module")
def cookies(site: Site) -> str:
    return neighbour(site)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_neighbour_is_answered_meanwhile(site: Site, cookies: str, name: str) -> None:
    module: ModuleType = ATTACKS[name]
    if site.front not in fronts_of(module):
        pytest.skip("It is not for this front.")
    for _ in range(TRIES):
        outcome = under(module, site, module.SMALL, cookies)
        if outcome.slowest < MOST and not outcome.failed:
            return
    raise AssertionError(str(outcome))


# --- Bodies ------------------------------------------------------------------------------------


def answer_to(site: Site, head: bytes, body: bytes = b"") -> bytes:
    """What comes until the server hangs up."""
    received = b""
    with site.connect() as client:
        sent(client, head + b"\r\n" + body)
        while True:
            try:
                data = client.recv(65536)
            except ConnectionResetError:
                return received
            if not data:
                return received
            received += data


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def post(site: Site, path: str, label: str, size: int, method: str = "POST") -> int:
    """The status of the answer to a form of so many bytes; 0 for none."""
    head = site.head(
        method,
        path,
        label,
        Connection="close",
        Content_Type="application/x-www-form-urlencoded",
        Content_Length=str(size),
    )
    return status_of(answer_to(site, head, b"x" * size))


def test_bodies_are_limited_by_page(site: Site) -> None:
    # 403 is Django's word for a form without its token: it was let through.
    assert post(site, "/login/", "acme", 100_000) == 403
    assert post(site, "/login/", "acme", 3 * MIB) == 413
    assert post(site, "/offline/", "acme", 3 * MIB) == 413
    assert post(site, "/imports/dataimport/add/", "app", 3 * MIB) == 302
    assert post(site, "/imports/dataimport/add/", "app", 17 * MIB) in {302, 413}
    assert post(site, UPLOAD, "app", 17 * MIB) == 302
    assert post(site, UPLOAD, "acme", 17 * MIB) == 404
    # The same of programs: only a file's own address takes what is large.
    assert post(site, PUT, "api", 17 * MIB, "PUT") == 401
    assert post(site, PUT, "acme", 17 * MIB, "PUT") == 404
    assert post(site, "/v3/releases", "api", 3 * MIB) == 413
    assert post(site, f"/v3/releases/{demo_id('acme')}", "api", 3 * MIB, "PATCH") == 413
    nowhere = 404 if site.front == "alone" else 413
    assert post(site, f"{PUT}/more", "api", 3 * MIB, "PUT") == nowhere


def test_an_unknown_host_takes_nothing(site: Site) -> None:
    for host in ("evil.example", "portal.localhost.evil.example", "127.0.0.1"):
        head = f"POST /login/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: {30 * MIB}\r\n"
        status = status_of(answer_to(site, head.encode(), b"x" * (30 * MIB)))
        assert status in ({0, 413} if site.front == "nginx" else {413, 421})


def test_nobody_fills_the_disk(site: Site) -> None:
    folder = site.portal.data
    forms = (("/login/", "acme"), (UPLOAD, "app"), (UPLOAD, "acme"), ("/login/", "x"))
    for method, path, label in (*(("POST", *form) for form in forms), ("PUT", PUT, "api")):
        before = size_of(folder)
        head = site.head(method, path, label, Content_Length=str(30 * MIB))
        with site.connect() as client:
            sent(client, head + b"\r\n" + b"x" * (29 * MIB))
            time.sleep(0.3)
            assert size_of(folder) - before < 4 * MIB


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_staff_upload_what_is_large(site: Site, tmp_path: Path) -> None:
    version = f"7.{list(FRONTS).index(site.front)}"
    path = upload(staff(site.port), 20 * MIB, tmp_path, version)
    done = subprocess.run(
        ["curl", "-sf", f"http://acme.portal.localhost:{site.port}{path}"],
        capture_output=True,
        check=True,
    )
    assert done.stdout == bytes(20 * MIB)


def test_programs_upload_what_is_large(site: Site, tmp_path: Path) -> None:
    """By a token; the portal hears of the file when its first bytes come, not when it is whole."""
    person = {
        "companyId": "acme",
        "email": "admin@acme.example",
        "password": "demo-acme-admin",
    }
    token = call(site, "/v3/accounts/login", person)["accessToken"]
    headers = {"Authorization": f"Bearer {token}"}
    draft = {
        "productId": str(demo_id("acme", "product", "Orbit")),
        "version": f"7.1{list(FRONTS).index(site.front)}",
        "platform": "linux",
    }
    release = call(site, "/v3/releases", draft, **headers)["id"]
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(20 * MIB)
    done = subprocess.run(
        ["curl", "-sf", "-H", f"Host: {site.host('api')}", "-T", large,
         "-H", f"Authorization: Bearer {token}",
         f"http://127.0.0.1:{site.port}/v3/{release}/"],
        capture_output=True, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["size"] == 20 * MIB
    assert told["checksum"] == hashlib.sha256(bytes(20 * MIB)).hexdigest()
    call(site, f"/v3/releases/{release}/publish", {}, **headers)
    path = f"/v3/{release}/large.bin?key={demo_key('acme', 'lab')}"
    assert ask(site.port, site.host("api"), path)[1] == bytes(20 * MIB)

    head = site.head("PUT", f"/v3/{release}/more.bin", "api", Content_Length=str(20 * 1000**3))
    with site.connect() as client:
        client.sendall(head + f"Authorization: Bearer {token}\r\n\r\n".encode())
        # Caddy passes an answer on with the next bytes that come.
        while not select.select([client], [], [], 0.05)[0]:
            client.sendall(bytes(65536))
        assert status_of(client.recv(65536)) == 409  # it is published


def call(site: Site, path: str, body: dict[str, str], **headers: str) -> dict[str, str]:
    """What the Web API answers to a POST."""
    headers = {"Content-Type": "application/json", **headers}
    return dict(
        json.loads(ask(site.port, site.host("api"), path, json.dumps(body).encode(), **headers)[1])
    )


# --- Who comes from where ----------------------------------------------------------------------

ODD = (
    b"X-Forwarded-For: unknown",
    b"X-Forwarded-For: _hidden",
    b'X-Forwarded-For: "[2001:db8::1]:80"\r\nX-Forwarded-For: a b',
    b"X-Forwarded-For: \xe4",
    b"Forwarded: for=unknown",
    b"SCRIPT_NAME: /login",
)


@pytest.mark.parametrize("headers", ODD)
def test_an_odd_header_keeps_nobody_out(site: Site, headers: bytes) -> None:
    """Through the front, and as a proxy of somebody else's would pass it on."""
    for port in (site.port, site.portal.port):
        there = replace(site, port=port)
        cookie, token = there.form()
        body = f"csrfmiddlewaretoken={token}&email=ada%40example.com&password=demo-acme-ada"
        head = there.head(
            "POST",
            "/login/",
            Connection="close",
            Cookie=cookie,
            Content_Type="application/x-www-form-urlencoded",
            Content_Length=str(len(body)),
        )
        answer = answer_to(there, head + headers + b"\r\n", body.encode())
        assert status_of(answer) == 302, answer
        assert b"session=" in answer


def test_what_strangers_did_is_told_in_few_lines(site: Site) -> None:
    lines = (site.portal.data / "log").read_text().splitlines()
    assert [line for line in lines if "Traceback" in line] == []
    minutes = 3
    for start in ("Nobody is at the host", "Invalid request"):
        told = [line for line in lines if start in line]
        assert len(told) <= 2 * LINES * minutes
