"""What the portal fetches from elsewhere comes from public addresses, is small, and comes soon."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from web import fetching
from web.fetching import Fault, NotFetched, is_fetchable, is_public

HERE = "http://127.0.0.1"

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1",
    "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:db8::1", "x", "",
    "::127.0.0.1", "::a9fe:a9fe", "::ffff:0:127.0.0.1", "fec0::1", "3fff::1", "5f00::1",
    "192.0.0.192",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:1.1.1.1"]


def test_which_addresses_are_everybodys() -> None:
    assert [each for each in PRIVATE if is_public(each)] == []
    assert [each for each in PUBLIC if not is_public(each)] == []


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://id.example", True),
        ("https://id.example:8443/realms/x?y=z", True),
        ("http://127.0.0.1:80/", True),  # which the operator allows
        ("http://id.example", False),
        ("ftp://id.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https:///keys", False),
        ("//id.example", False),
        ("id.example", False),
        ("https://ada:pw@id.example/", False),
        ("https://@id.example/", False),
        ("https://id.example/#x", False),
        ("https://id.example:0/", False),
        ("https://id.example:x/", False),
        ("https://[::1/", False),
        ("https://id.example/\r\nX: y", False),
        ("https://id.example/a b", False),
        ("https://id.example\\@evil.example/", False),
        ("https://ïd.example/", False),
        (f"https://id.example/{'x' * 2000}", False),
    ],
)
def test_which_addresses_may_be_asked(settings: Any, url: str, fine: bool) -> None:
    settings.PRIVATE_PROVIDERS = {"127.0.0.1"}
    assert is_fetchable(url) is fine


@contextmanager
def answering(*parts: bytes, pause: float = 0.0) -> Iterator[int]:
    """A server on loopback that answers with these parts and a pause before each; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                line, _address = listener.accept()
                with line:
                    line.recv(65536)
                    for part in parts:
                        threading.Event().wait(pause)
                        line.sendall(part)
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.close()
            thread.join()


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def allowed(settings: Any) -> None:
    settings.PRIVATE_PROVIDERS = {"127.0.0.1"}


def fault_of(port: int, path: str = "/") -> NotFetched:
    with pytest.raises(NotFetched) as refused:
        fetching.get(f"{HERE}:{port}{path}")
    return refused.value


def test_an_object_is_read(allowed: None) -> None:
    with answering(answer(b'{"a": 1}')) as port:
        assert fetching.get(f"{HERE}:{port}/x?y=z") == {"a": 1}


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (answer(b"", "302 Found", "Location: http://127.0.0.1/"), Fault.REDIRECT),
        (answer(b"", "301 Moved", "Location: https://id.example/"), Fault.REDIRECT),
        (answer(b"{}", "404 Not Found"), Fault.BAD_STATUS),
        (answer(b"{}", "500 Oh"), Fault.BAD_STATUS),
        (answer(b"<html>"), Fault.NO_JSON),
        (answer(b"[]"), Fault.NO_JSON),
        (answer(b"[" * 100_000), Fault.NO_JSON),
        (answer(b'{"a": "' + b"x" * fetching.LARGEST + b'"}'), Fault.TOO_LARGE),
        (b"nothing like HTTP\r\n\r\n", Fault.NO_ANSWER),
        (b"", Fault.NO_ANSWER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", Fault.NO_ANSWER),
    ],
)
def test_what_is_no_answer_is_told(allowed: None, said: bytes, fault: Fault) -> None:
    with answering(said) as port:
        error = fault_of(port, "/x?secret=1")
    assert error.fault is fault
    assert error.sentence.endswith(".")
    assert "secret" not in error.sentence


def test_a_server_that_drips_is_cut_off(allowed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes soon enough, and all of them would not."""
    monkeypatch.setattr(fetching, "TIMEOUT", 0.4)
    begin = time.perf_counter_ns()
    with answering(*[b"X"] * 60, pause=0.05) as port:
        assert fault_of(port).fault is Fault.NO_ANSWER
        assert time.perf_counter_ns() - begin < 2e9


def test_nobody_listens(allowed: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert fault_of(port).fault is Fault.NO_ANSWER


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (["127.0.0.1"], Fault.NOT_PUBLIC),
        (["10.1.2.3"], Fault.NOT_PUBLIC),
        (["1.1.1.1", "127.0.0.1"], Fault.NOT_PUBLIC),
        (["::ffff:169.254.169.254"], Fault.NOT_PUBLIC),
        ([], Fault.UNKNOWN_NAME),
    ],
)
def test_what_a_name_leads_to_is_checked(
    monkeypatch: pytest.MonkeyPatch, found: list[str], fault: Fault
) -> None:
    """Nothing is connected to: the tests would refuse that, too."""
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answers)
    with pytest.raises(NotFetched) as refused:
        fetching.get("https://id.example/keys")
    assert refused.value.fault is fault


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
def test_no_spelling_of_this_machine_is_asked(host: str) -> None:
    with pytest.raises(NotFetched) as refused:
        fetching.get(f"https://{host}/")
    assert refused.value.fault in {Fault.NOT_PUBLIC, Fault.UNKNOWN_NAME}


def test_it_connects_to_the_very_address_that_was_checked(
    allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere the second time gains nothing: there is no second time."""
    asked = []

    def look_up(host: str, *_args: Any, **_options: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 0))]

    connected = []

    def connect(address: Any, **_options: Any) -> Any:
        connected.append(address)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotFetched):
        fetching.get("https://id.example/keys")
    assert asked == ["id.example"]
    assert connected == [("1.1.1.1", 443)]
