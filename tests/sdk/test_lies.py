"""What answers in the licence server's place: nonsense, somebody else's tokens, half an answer."""

import hashlib
import ssl
from collections.abc import Iterator
from datetime import timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from portal_licensing import OnlineClient, ReleaseFile, Status, Web, errors, refusals
from tests.conftest import NOW as MOMENT
from tests.offline.make_vectors import MONTH, NOW, PRODUCT_ID, rs256
from tests.sdk.liar import Answer, Liar, lying
from tests.sdk.test_client import FINGERPRINT, FOREIGN, OWN, PRODUCT, Clock

KEY = "A-LICENCE-KEY-0001"
BUSY = Answer(503, {"message": "Busy.", "code": "DATABASE_UNAVAILABLE"}, {"Retry-After": "7"})
CONTENT = bytes(range(256)) * 4096
FILE_PATH = "/v3/a-release/orbit.bin"


@pytest.fixture
def liar() -> Iterator[Liar]:
    with lying() as liar:
        yield liar


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def client(tmp_path: Path, liar: Liar, pauses: list[float]) -> OnlineClient:
    web = Web(liar.address, timeout=2, pause=pauses.append)
    folder = tmp_path / "data"
    return OnlineClient(PRODUCT, folder, web=web, fingerprint=FINGERPRINT, clock=Clock())


def token(**changes: Any) -> str:
    """As the portal gives one online, changed as asked."""
    said = {
        "aid": "an-activation",
        "pid": PRODUCT_ID,
        "lid": "a-licence",
        "key": KEY,
        "fp": FINGERPRINT,
        "iat": NOW,
        "eat": NOW + 12 * MONTH,
        "leat": 0,
        "orv": 0,
        "suspended": False,
        "ssi": 3600,
        "ssgpeat": 0,
        "aco": 3600,
    }
    return rs256(changes.pop("by", OWN), said | changes)


def answering(**changes: Any) -> Answer:
    return Answer(200, {"activationToken": token(**changes)})


LIES: dict[str, tuple[Answer, type[Exception]]] = {
    "another signature": (answering(by=FOREIGN), errors.UnknownSigningKey),
    "another machine": (answering(fp="g" * 64), errors.OtherMachine),
    "another product": (answering(pid="another"), errors.OtherProduct),
    "another licence": (answering(key="ANOTHER-KEY-000001"), errors.OtherLicense),
    "a token of a machine without network": (answering(cnf={"jkt": "x"}), errors.OtherMachine),
    "a token without an end": (answering(eat=None), errors.InvalidResponse),
    "a signature that was changed": (
        Answer(200, {"activationToken": token()[:-4] + "AAAA"}),
        errors.InvalidResponse,
    ),
    "no token": (Answer(200, {"activationToken": 5}), refusals.UnusableAnswer),
    "no content": (Answer(204), refusals.UnusableAnswer),
    "a page": (Answer(200, b"<html>Welcome to our network</html>"), refusals.UnusableAnswer),
    "a list": (Answer(200, []), refusals.UnusableAnswer),
    "too much": (Answer(200, b'"' + b"a" * 2**20 + b'"'), refusals.UnusableAnswer),
    "another address": (
        Answer(302, b"", {"Location": "http://127.0.0.1:9/v3/activations"}),
        refusals.UnusableAnswer,
    ),
    "a page for an error": (Answer(404, b"<html>Not found</html>"), refusals.UnusableAnswer),
    "half of it": (
        Answer(200, {"activationToken": token()}, breaks_after=40),
        refusals.ServerUnreachable,
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_activates_nothing_and_takes_nothing_away(
    client: OnlineClient, liar: Liar, lie: str
) -> None:
    answer, error = LIES[lie]
    liar.answers = [answer]
    with pytest.raises(error):
        client.activate(KEY)
    assert client.check().status is Status.NOT_ACTIVATED
    liar.answers = [answering()]
    assert client.activate(KEY).valid
    liar.answers = [answer]
    with pytest.raises(error):
        client.sync()
    assert client.check().valid


def test_an_activation_that_is_not_this_one_confirms_nothing(
    client: OnlineClient, liar: Liar
) -> None:
    liar.answers = [answering()]
    client.activate(KEY)
    liar.answers = [answering(aid="another-activation")]
    with pytest.raises(errors.OtherLicense):
        client.sync()
    assert client.check().claims["aid"] == "an-activation"


def test_it_comes_again_as_late_as_the_server_wishes(
    client: OnlineClient, liar: Liar, pauses: list[float]
) -> None:
    liar.answers = [BUSY, Answer(429, b"", {"Retry-After": "3"}), answering()]
    assert client.activate(KEY).valid
    assert (len(liar.asked), pauses[0] >= 7, 3 <= pauses[1] < 7) == (3, True, True)


@pytest.mark.parametrize(
    ("answer", "times", "wait"),
    [
        (BUSY, 4, 7),
        (Answer(503, b"", {"Retry-After": "86400"}), 1, 86400),
        (Answer(503, b"", {"Retry-After": formatdate(MOMENT.timestamp() + 5)}), 4, 5),
        (Answer(500, b"Oh."), 4, 0),
        (Answer(400, {"message": "No.", "code": "INVALID_LICENSE_KEY"}), 1, 0),
    ],
)
def test_it_gives_up_where_it_is_not_worth_it(
    client: OnlineClient, liar: Liar, answer: Answer, times: int, wait: float
) -> None:
    liar.answers = [answer]
    with pytest.raises(refusals.Refused) as refused:
        client.activate(KEY)
    assert len(liar.asked) == times
    assert (refused.value.status, refused.value.retry_after) == (answer.status, wait)


def test_pauses_grow(client: OnlineClient, liar: Liar, pauses: list[float]) -> None:
    liar.answers = [Answer(500)]
    with pytest.raises(refusals.Refused):
        client.activate(KEY)
    assert [0.5 <= pauses[0] < 1, 1 <= pauses[1] < 2, 2 <= pauses[2] < 4] == [True] * 3


def test_a_meter_that_is_tried_again_counts_once(client: OnlineClient, liar: Liar) -> None:
    liar.answers = [answering()]
    client.activate(KEY)
    counted = {
        "name": "pages",
        "uses": 1,
        "licenseAllowedUses": -1,
        "licenseTotalUses": 1,
        "licenseGrossUses": 1,
    }
    liar.answers = [BUSY, Answer(200, counted)]
    assert client.increment("pages").uses == 1
    first, second = (headers["idempotency-key"] for _method, _path, headers in liar.asked[1:])
    assert first == second
    client.increment("pages")
    assert liar.asked[-1][2]["idempotency-key"] != first
    liar.answers = [Answer(200, {"name": "pages"})]
    with pytest.raises(refusals.UnusableAnswer):
        client.increment("pages")


@pytest.mark.parametrize(
    "address",
    ["", "api.portal.example", "http://api.portal.example/v3", "ftp://localhost", "https://"],
)
def test_an_address_without_tls_is_none(address: str) -> None:
    with pytest.raises(errors.InvalidInput):
        Web(address)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One for localhost that it has signed itself, with its key, in a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(MOMENT - timedelta(days=1000))
    builder = builder.not_valid_after(MOMENT + timedelta(days=10000))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    path = tmp_path / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path


def test_who_has_no_certificate_that_counts_is_told_nothing(
    certificate: Path, pauses: list[float]
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    with lying(server) as liar:
        liar.answers = [Answer(200, {"said": "something"})]
        address = f"https://localhost:{liar.port}/v3"
        with pytest.raises(refusals.ServerUnreachable) as refused:
            Web(address, pause=pauses.append).call("GET", "me")
        assert "certificate verify failed" in str(refused.value)
        assert (liar.asked, pauses) == ([], [])  # it is not worth another try
        own = ssl.create_default_context(cafile=str(certificate))
        assert Web(address, context=own).call("GET", "me") == {"said": "something"}
        other = address.replace("localhost", "127.0.0.1")
        with pytest.raises(refusals.ServerUnreachable):
            Web(other, context=own, attempts=1).call("GET", "me")


def test_a_proxy_of_the_network_is_gone_through(
    liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{liar.port}")
    liar.answers = [BUSY, Answer(200, {"said": "something"})]
    web = Web("http://api.portal.localhost/v3", pause=lambda _seconds: None)
    assert web.call("GET", "me") == {"said": "something"}
    assert {path for _method, path, _headers in liar.asked} == {"http://api.portal.localhost/v3/me"}


# --- Downloads ---------------------------------------------------------------------------------


def published(liar: Liar, content: bytes = CONTENT, path: str = FILE_PATH) -> ReleaseFile:
    digest = hashlib.sha256(content).hexdigest()
    url = f"http://127.0.0.1:{liar.port}{path}"
    return ReleaseFile("orbit.bin", len(content), digest, url)


def part(headers: dict[str, str], breaks_after: int | None = None) -> Answer:
    """What a server with ranges answers."""
    if "range" not in headers:
        return Answer(200, CONTENT, breaks_after=breaks_after)
    begin = int(headers["range"].removeprefix("bytes=").rstrip("-"))
    ranged = {"Content-Range": f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    return Answer(206, CONTENT[begin:], ranged, breaks_after)


@pytest.fixture
def activated(client: OnlineClient, liar: Liar) -> OnlineClient:
    liar.answers = [answering()]
    client.activate(KEY)
    liar.asked.clear()
    return client


def test_a_download_that_breaks_off_goes_on(
    activated: OnlineClient, liar: Liar, tmp_path: Path
) -> None:
    liar.answers = [
        lambda headers: part(headers, 300_000),
        BUSY,
        lambda headers: part(headers, 500_000),
        part,
    ]
    told: list[tuple[int, int]] = []
    path = activated.download(
        published(liar), tmp_path / "files", progress=lambda *said: told.append(said)
    )
    assert path.read_bytes() == CONTENT
    assert [each.name for each in path.parent.iterdir()] == ["orbit.bin"]
    assert [headers.get("range") for _m, _p, headers in liar.asked] == [
        None,
        "bytes=300000-",
        "bytes=300000-",
        "bytes=800000-",
    ]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert {headers["license-key"] for _m, _p, headers in liar.asked} == {KEY}
    liar.asked.clear()
    assert activated.download(published(liar), path.parent) == path
    assert liar.asked == []  # it is there


def test_a_download_is_gone_on_with_the_next_time(
    activated: OnlineClient, liar: Liar, tmp_path: Path
) -> None:
    liar.answers = [lambda headers: part(headers, 1000), Answer(500)]
    with pytest.raises(refusals.Refused):
        activated.download(published(liar), tmp_path)
    assert not (tmp_path / "orbit.bin").exists()
    liar.answers = [part]
    assert activated.download(published(liar), tmp_path).read_bytes() == CONTENT
    assert liar.asked[-1][2]["range"] == "bytes=1000-"


def test_a_server_without_ranges_begins_anew(
    activated: OnlineClient, liar: Liar, tmp_path: Path
) -> None:
    (tmp_path / ".orbit.bin.part").write_bytes(b"x" * 1000)
    liar.answers = [Answer(200, CONTENT)]
    assert activated.download(published(liar), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "content", [b"x" + CONTENT[1:], CONTENT + b"x"], ids=["another file", "a longer one"]
)
def test_what_is_not_the_file_is_not_kept(
    activated: OnlineClient, liar: Liar, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "orbit.bin").write_text("the release before")
    liar.answers = [Answer(200, content)]
    if content.startswith(CONTENT):
        # No byte more is taken than the file has.
        assert activated.download(published(liar), tmp_path).read_bytes() == CONTENT
        return
    with pytest.raises(refusals.DownloadDamaged):
        activated.download(published(liar), tmp_path)
    assert (tmp_path / "orbit.bin").read_text() == "the release before"
    assert not (tmp_path / ".orbit.bin.part").exists()


def test_the_key_goes_to_the_portal_alone(
    activated: OnlineClient, liar: Liar, tmp_path: Path
) -> None:
    """A store of files is redirected to, once, and without the key."""
    with lying() as store:
        elsewhere = f"http://127.0.0.1:{store.port}/bucket/orbit.bin?signature=1"
        liar.answers = [Answer(302, b"", {"Location": elsewhere})]
        store.answers = [part]
        assert activated.download(published(liar), tmp_path).read_bytes() == CONTENT
        assert "license-key" not in store.asked[0][2]
        (tmp_path / "orbit.bin").unlink()
        store.answers = [Answer(302, b"", {"Location": elsewhere})]
        with pytest.raises(refusals.UnusableAnswer):
            activated.download(published(liar), tmp_path)
        liar.answers = [Answer(302, b"", {"Location": "http://files.example/orbit.bin"})]
        with pytest.raises(refusals.UnusableAnswer):
            activated.download(published(liar), tmp_path)


@pytest.mark.parametrize("name", ["../orbit.bin", "a/b", "", ".bashrc", "C:\\x", "a\x00", "a."])
def test_a_name_that_leads_elsewhere_is_no_files(
    activated: OnlineClient, liar: Liar, name: str
) -> None:
    file = {"name": name, "size": 1, "checksum": "0" * 64, "url": "https://a.example/"}
    liar.answers = [Answer(200, {"id": "a", "version": "1.0", "channel": "x", "files": [file]})]
    with pytest.raises(refusals.UnusableAnswer):
        activated.latest()
    file["name"] = "orbit (all systems) 4.2.bin"
    liar.answers = [Answer(200, {"id": "a", "version": "1.0", "channel": "x", "files": [file]})]
    assert activated.latest().files[0].name == "orbit (all systems) 4.2.bin"
