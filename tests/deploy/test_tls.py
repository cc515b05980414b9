"""TLS and unknown hosts, behind nginx and behind Caddy as deploy/ sets them up."""

import http.client
import json
import socket
import ssl

import pytest

from tests.deploy.conftest import Secured

pytestmark = pytest.mark.proxies


def connect(port: int, name: str | None) -> ssl.SSLSocket:
    """A connection by TLS; raises ssl.SSLError when there is no certificate for this name."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    try:
        return context.wrap_socket(client, server_hostname=name)
    except OSError:
        client.close()
        raise


def ask(client: socket.socket, host: str) -> tuple[int, str | None, str | None]:
    """Status, Location and Strict-Transport-Security; status 0 when the server hangs up."""
    client.sendall(f"GET /login/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = http.client.HTTPResponse(client)
    try:
        answer.begin()
    except (http.client.BadStatusLine, ConnectionResetError):
        return 0, None, None
    finally:
        answer.close()
    return (
        answer.status,
        answer.headers["Location"],
        answer.headers["Strict-Transport-Security"],
    )


@pytest.mark.parametrize("front", ["nginx", "caddy"])
def test_hosts_of_ours_are_served_by_tls_alone(secured: Secured, front: str) -> None:
    tls, plain = secured.ports[front]
    for host in ("acme.portal.localhost", "app.portal.localhost"):
        with connect(tls, host) as client:
            assert ask(client, host) == (200, None, "max-age=31536000")
        with socket.create_connection(("127.0.0.1", plain), timeout=20) as client:
            assert ask(client, host) == (301, f"https://{host}/login/", None)


@pytest.mark.parametrize("front", ["nginx", "caddy"])
@pytest.mark.parametrize(
    ("label", "path"),
    [("api", "/v3/licenses"), ("acme", "/releases/feed/x.json"), ("acme", "/releases/x?key=y")],
)
def test_a_program_that_comes_in_clear_is_refused(
    secured: Secured, front: str, label: str, path: str
) -> None:
    """And not led to https, where it would arrive each time with its key read on the way."""
    client = http.client.HTTPConnection("127.0.0.1", secured.ports[front][1], timeout=20)
    client.request("GET", path, headers={"Host": f"{label}.portal.localhost"})
    answer = client.getresponse()
    assert (answer.status, answer.headers["Location"]) == (403, None)
    assert json.loads(answer.read())["code"] == "ONLY_BY_HTTPS"
    client.close()


@pytest.mark.parametrize("front", ["nginx", "caddy"])
@pytest.mark.parametrize("host", ["evil.example", "portal.localhost.evil.example", "127.0.0.1"])
def test_an_unknown_host_is_refused(secured: Secured, front: str, host: str) -> None:
    """It gets no certificate, no page and no redirect."""
    tls, plain = secured.ports[front]
    with pytest.raises(ssl.SSLError):
        connect(tls, host)
    refused = (0 if front == "nginx" else 421, None, None)
    with socket.create_connection(("127.0.0.1", plain), timeout=20) as client:
        assert ask(client, host) == refused
    with connect(tls, "acme.portal.localhost") as client:
        status, location, _hsts = ask(client, host)
        assert (status, location) == refused[:2]
