"""What the servers write down: nothing that opens something."""

import re
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from demo.ids import demo_key
from tests.deploy import servers
from tests.deploy.matrix import curl
from tests.deploy.ways import KEYED
from tests.served import served

pytestmark = pytest.mark.proxies

SESSION = "0" * 32 + "." + "aB3_" * 10 + "xyz"


@dataclass
class Written:
    """What was asked for with these secrets, and what each server wrote of it."""

    secrets: dict[str, str]
    texts: dict[str, str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A link and a key go through each server, are refused, and come when the portal is down."""
    folder = tmp_path_factory.mktemp("logs")
    data = folder / "portal"
    data.mkdir()
    options = {"TRUSTED_PROXIES": "1", "ACCEL_REDIRECT_PREFIX": "/protected/"}
    with ExitStack() as portal_runs, ExitStack() as proxies_run:
        portal = portal_runs.enter_context(
            served(data, GUNICORN_CMD_ARGS="--access-logfile -", **options)
        )
        nginx, caddy = (
            proxies_run.enter_context(each(folder / each.__name__, portal.port, data / "media"))
            for each in (servers.nginx, servers.caddy)
        )
        form = ("--data", "email=ada@example.com")
        curl(f"http://acme.portal.localhost:{nginx}/password-reset/", *form)  # refused: no token
        link = _link(portal.manage("shell", "-v", "0", "-c", MAKE_LINK))
        ask_all(link, {"nginx": nginx, "caddy": caddy, "alone": portal.port})
        portal_runs.close()
        ask_all(link, {"nginx": nginx, "caddy": caddy})
    logs = [path for path in folder.rglob("*log") if path.is_file()]
    texts = {str(path.relative_to(folder)): PRINTED.sub("", path.read_text()) for path in logs}
    assert_every_server_has_written_something(texts)
    secrets = {"link": link.split("/")[2], "key": demo_key("acme", "lab"), "session": SESSION}
    return Written(secrets, texts)


def assert_every_server_has_written_something(texts: dict[str, str]) -> None:
    assert '"GET /password-reset/…/ HTTP/1.1" 200' in texts["portal/log"]
    assert '"GET /password-reset/..." 200' in texts["nginx/portal.log"]
    assert '"GET /password-reset/..." 502' in texts["nginx/portal.log"]
    assert '"uri":"/password-reset/…/"' in texts["caddy/log"]
    assert '"status":502' in texts["caddy/log"]
    assert "connection refused" in texts["caddy/log"]


# E-mails, which the demo prints for who tries it between two lines; no other portal does.
PRINTED = re.compile(r"^-{72}\nE-mail to .*?^-{72}$", re.MULTILINE | re.DOTALL)

MAKE_LINK = """
from accounts.links import Purpose, make_token
from accounts.models import User
from tenancy.door import inside
from tenancy.table import vendor_by_company_id
with inside(vendor_by_company_id("acme")):
    print(make_token(Purpose.RESET, User.objects.get(email="ada@example.com")))
"""


def _link(printed: str) -> str:
    [token] = re.findall(r"\S+", printed)
    return f"/password-reset/{token}/"


def ask_all(link: str, ports: dict[str, int]) -> None:
    for port in ports.values():
        for host in ("acme.portal.localhost", "nobody.portal.localhost", "portal.localhost"):
            for path in (link, f"{link}?again=1", KEYED, f"/nowhere{KEYED}"):
                curl(
                    f"http://{host}:{port}{path}",
                    *("-e", f"http://{host}:{port}{link}", "-b", f"session={SESSION}"),
                )


@pytest.mark.takes_turns
@pytest.mark.parametrize("kind", ["link", "key", "session"])
def test_no_line_tells_a_secret(written: Written, kind: str) -> None:
    secret = written.secrets[kind]
    assert len(secret) > 30
    for name, text in written.texts.items():
        for part in (secret, secret[-30:], secret[:30]):
            assert part not in text, name
