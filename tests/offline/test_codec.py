"""Reading requests: everything that isn't a well-formed, properly signed request is refused."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from offline.codec import (
    LARGEST,
    ActivationRequest,
    DeactivationRequest,
    InvalidOfflineRequest,
    TrialRequest,
    parse_request,
)
from tests.offline.requests_maker import (
    ACTIVATION,
    MachineKeys,
    activation_payload,
    encode,
    jti,
    sign,
    sign_raw,
)

MACHINE, OTHER = MachineKeys(), MachineKeys("other")
PAYLOAD = activation_payload("a-product", "a-key", "lab")
GOOD = MACHINE.activation("a-product", "a-key")
HEADER = MACHINE.header(ACTIVATION)
NO_VALUE = object()
header, payload, signature = GOOD.split(".")


def refused(data: bytes | str) -> str:
    """The reason for which the data is refused."""
    with pytest.raises(InvalidOfflineRequest) as refusal:
        parse_request(data)
    assert refusal.value.code == "INVALID_OFFLINE_REQUEST"
    return refusal.value.reason


def with_payload(**changes: Any) -> str:
    payload = {name: value for name, value in (PAYLOAD | changes).items() if value is not NO_VALUE}
    return sign(HEADER, payload, MACHINE.key)


def with_header(**changes: Any) -> str:
    header = {name: value for name, value in (HEADER | changes).items() if value is not NO_VALUE}
    return sign(header, PAYLOAD, MACHINE.key)


def test_an_activation_request() -> None:
    request = parse_request(GOOD)
    assert isinstance(request, ActivationRequest)
    assert str(request.jti) == jti("activate lab")
    assert (request.product_id, request.key, request.hostname) == ("a-product", "a-key", "lab")
    assert (request.os, request.os_version, request.container) == ("linux", "Debian 12", False)
    assert [(entry.key, entry.value) for entry in request.metadata] == [("room", "12")]
    assert request.machine_jwk == MACHINE.jwk
    assert request.thumbprint == OKPKey.import_key(MACHINE.jwk).thumbprint()
    assert len(request.digest) == 64


def test_a_trial_and_a_deactivation_request() -> None:
    assert isinstance(parse_request(MACHINE.trial("a-product")), TrialRequest)
    request = parse_request(MACHINE.deactivation("a-product", "a-key", "an-activation"))
    assert isinstance(request, DeactivationRequest)
    assert (request.key, request.activation_id) == ("a-key", "an-activation")


def test_a_request_made_with_a_stock_jose_library() -> None:
    key = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "typ": ACTIVATION, "jwk": key.as_dict(private=False)}
    text = jws.serialize_compact(header, json.dumps(PAYLOAD), key, algorithms=["Ed25519"])
    assert parse_request(text).thumbprint == key.thumbprint()


@pytest.mark.parametrize(
    "text",
    [
        GOOD.encode(),
        f"\n  {GOOD}\r\n\n",
        f"\ufeff{GOOD}",
        with_payload(later="version", nested={"a": [1]}),
        with_payload(osVersion=None, metadata=None, container=None, vmName=NO_VALUE),
        with_payload(hostname="Rechner von Jürgen 🖥"),
        with_payload(iat=0),
        with_payload(iat=4_000_000_000),
        with_payload(fingerprint="x" * 256),
        with_header(kid="ignored", cty="ignored"),
        with_header(alg="EdDSA"),
    ],
)
def test_what_is_accepted(text: bytes | str) -> None:
    assert parse_request(text).product_id == "a-product"


@pytest.mark.parametrize("name", ["hostname", "osVersion", "vmName", "appVersion", "clientVersion"])
@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("a\r\nb", "a\ufffd\ufffdb"),
        ("caf\udce9", "caf\ufffd"),
        ("\x1b[31mred\x9b", "\ufffd[31mred\ufffd"),
        ("\x00", "\ufffd"),
        ("h" * 300, "h" * 256),
        ("🖥" * 300, "🖥" * 256),
        ("h" * 255 + "\ud83d\udda5", "h" * 255 + "🖥"),
    ],
)
def test_what_describes_the_machine_is_cut_and_not_refused(name: str, told: str, kept: str) -> None:
    request = parse_request(with_payload(**{name: told}))
    shown = {"osVersion": "os_version", "vmName": "vm_name", "appVersion": "app_version",
             "clientVersion": "client_version"}.get(name, name)  # fmt: skip
    assert getattr(request, shown) == kept


def wrapped(width: int, end: str = "\n", before: str = "") -> str:
    return end.join(before + GOOD[at : at + width] for at in range(0, len(GOOD), width))


LETTER = "Dear Acme,\n\nplease find the request of our machine below.\n\n{}\n\nRegards\nAda"


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode("utf-8-sig"),
        b"\xef\xbb\xbf" + GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        f"{GOOD}\r\n".encode("utf-16"),
        GOOD.encode("utf-16-le"),
        GOOD.encode("utf-16-be"),
        b"\xfe\xff" + GOOD.encode("utf-16-be"),
        wrapped(76),
        wrapped(76, "\r\n"),
        wrapped(64, "\r"),
        wrapped(72, "\n\n"),
        wrapped(1, " "),
        wrapped(60, "\n\t"),
        wrapped(76, "\u00a0\n"),
        wrapped(76, before="> "),
        wrapped(76, before=">"),
        wrapped(76, before=">> "),
        wrapped(76, before="  > > > "),
        wrapped(76, "\u200b"),
        wrapped(40, "\u00ad"),
        wrapped(76).encode("utf-16"),
        f"\n\n \n{GOOD}\n\n\n",
        LETTER.format(GOOD),
        LETTER.format(wrapped(76)),
        LETTER.format(wrapped(76, before="> ")),
        LETTER.format(wrapped(76)).replace("\n", "\n> "),
        LETTER.format(wrapped(76)).encode("utf-16"),
        f"The request is {GOOD} as the program wrote it.",
        f"Request:\n{GOOD}\nThanks",
        f"Bitte schön, für Sie:\r\n{wrapped(76)}\r\n-- \r\nJürgen".encode(),
        f"they sent exactly eyes, e.g. these\n{GOOD}",
        f"{GOOD}\n{GOOD}",
        f"{header}.\n{payload}\n.{signature}",
        f"{header} . {payload} . {signature}",
        f"{header[:2]}\n{header[2:]}.\n{payload}.{signature}",
    ],
)
def test_a_file_as_it_comes(data: bytes | str) -> None:
    request = parse_request(data)
    assert (request.text, request.digest) == (GOOD, parse_request(GOOD).digest)


def test_a_header_that_begins_with_a_blank_is_read_where_nothing_is_around_it() -> None:
    raw = json.dumps(HEADER).replace("{", "{ ", 1).encode()
    text = sign_raw(raw, json.dumps(PAYLOAD).encode(), MACHINE.key)
    assert not text.startswith("eyJ")
    assert parse_request(f"\n{text[:70]}\n{text[70:]}\n").text == text


def test_the_digest_tells_the_same_request() -> None:
    assert parse_request(GOOD).digest == parse_request(f" {GOOD} ").digest
    assert parse_request(GOOD).digest != parse_request(with_payload(iat=1)).digest


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "it is empty"),
        ("hello", "three parts"),
        (f"{header}.{payload}", "three parts"),
        (f"{GOOD}.", "three parts"),
        (f"{GOOD}.{GOOD}", "three parts"),
        (b"\xff\xfe" + GOOD.encode(), "UTF-8"),
        (GOOD.encode("utf-16")[:-1], "UTF-8"),
        (GOOD.encode("utf-32"), "base64url"),
        ("\ud800", "UTF-8"),
        (f"{header}=.{payload}.{signature}", "base64url"),
        (f"{header}.{payload}.{signature[:-1]}", "base64url"),
        (f"{header}.{payload[:9]}?{payload[9:]}.{signature}", "signature"),
        (f"{header}.{payload[:9]}\n>{payload[10:]}.{signature}", "signature"),
        (f"{GOOD}Regards, Ada", "base64url"),
        (f"request:{GOOD}", "base64url"),
        (f"{header}.{payload}.{signature}\x00", "base64url"),
        (f"+{header[1:]}.{payload}.{signature}", "base64url"),
        (f"{header}.{payload}.", "signature"),
        (f"{header}.{payload}.{encode(b'0' * 64)}", "signature"),
        (f"{header}.{payload}.{encode(b'0' * 63)}", "signature"),
        (
            f"{header}.{encode(json.dumps(PAYLOAD | {'key': 'b'}).encode())}.{signature}",
            "signature",
        ),
        (with_header(alg="none"), "alg"),
        (f"{encode(json.dumps(HEADER | {'alg': 'none'}).encode())}.{payload}.", "alg"),
        (with_header(alg="HS256"), "alg"),
        (with_header(alg="RS256"), "alg"),
        (with_header(alg="ed25519"), "alg"),
        (with_header(alg=NO_VALUE), "alg"),
        (with_header(alg=["Ed25519"]), "alg"),
        (with_header(typ="JWT"), "typ"),
        (with_header(typ=NO_VALUE), "typ"),
        (with_header(typ=f"application/{ACTIVATION}"), "typ"),
        (with_header(typ="offline-deactivation-receipt+jwt"), "typ"),
        (with_header(crit=["exp"]), "crit"),
        (with_header(jwk=NO_VALUE), "jwk"),
        (with_header(jwk="x"), "jwk"),
        (with_header(jwk=OTHER.jwk), "signature"),
        (with_header(jwk=MACHINE.jwk | {"d": encode(b"0" * 32)}), "private key"),
        (with_header(jwk=MACHINE.jwk | {"crv": "X25519"}), "jwk"),
        (with_header(jwk=MACHINE.jwk | {"kty": "EC"}), "jwk"),
        (with_header(jwk=MACHINE.jwk | {"x": encode(b"0" * 31)}), "jwk"),
        (with_header(jwk=MACHINE.jwk | {"x": 5}), "jwk"),
        (with_header(jwk=MACHINE.jwk | {"x": MACHINE.jwk["x"] + "="}), "base64url"),
        (sign_raw(b"[]", b"{}", MACHINE.key), "object"),
        (sign_raw(json.dumps(HEADER).encode(), b"[]", MACHINE.key), "object"),
        (sign_raw(json.dumps(HEADER).encode(), b"5", MACHINE.key), "object"),
        (sign_raw(json.dumps(HEADER).encode(), b"", MACHINE.key), "JSON"),
        (sign_raw(json.dumps(HEADER).encode(), b"{'a': 1}", MACHINE.key), "JSON"),
        (sign_raw(json.dumps(HEADER).encode(), b'{"iat": NaN}', MACHINE.key), "JSON"),
        (
            sign_raw(json.dumps(HEADER).encode(), b'{"a": ' + b"9" * 9000 + b"}", MACHINE.key),
            "JSON",
        ),
        (sign_raw(json.dumps(HEADER).encode(), b"\xff", MACHINE.key), "JSON"),
        (sign_raw(json.dumps(HEADER).encode(), b'{"jti":1,"jti":1}', MACHINE.key), "twice"),
        (sign_raw(json.dumps(HEADER).encode(), b'{"x":{"a":1,"a":2}}', MACHINE.key), "twice"),
        (sign_raw(b'{"alg":"Ed25519","alg":"none"}', b"{}", MACHINE.key), "twice"),
        (sign_raw(json.dumps(HEADER).encode(), b"[" * 40_000, MACHINE.key), "JSON"),
        (sign_raw(json.dumps(HEADER).encode(), b'{"a":' * 8_000, MACHINE.key), "JSON"),
        (with_payload(jti=NO_VALUE), "jti"),
        (with_payload(jti="1"), "jti"),
        (with_payload(jti=5), "jti"),
        (with_payload(iat=NO_VALUE), "iat"),
        (with_payload(iat=True), "iat"),
        (with_payload(iat=1.5), "iat"),
        (with_payload(iat="1"), "iat"),
        (with_payload(iat=-1), "iat"),
        (with_payload(iat=2**53), "iat"),
        (with_payload(productId=NO_VALUE), "productId"),
        (with_payload(productId=""), "productId"),
        (with_payload(key=NO_VALUE), "key"),
        (with_payload(key=5), "key"),
        (with_payload(key="k" * 257), "key"),
        (with_payload(fingerprint="x" * 63), "fingerprint"),
        (with_payload(fingerprint="x" * 257), "fingerprint"),
        (with_payload(fingerprint="x" * 63 + "\x00"), "fingerprint"),
        (with_payload(userHash="a\x00b"), "userHash"),
        (with_payload(userHash="a\nb"), "userHash"),
        (with_payload(userHash="\ud800"), "userHash"),
        (with_payload(userHash="h" * 257), "userHash"),
        (with_payload(hostname=5), "hostname"),
        (with_payload(os="beos"), "os"),
        (with_payload(os=NO_VALUE), "os"),
        (with_payload(container="false"), "container"),
        (with_payload(container=0), "container"),
        (with_payload(metadata={}), "metadata"),
        (with_payload(metadata=["x"]), "metadata"),
        (with_payload(metadata=[{"key": "a", "value": "1"}] * 2), "metadata"),
        (with_payload(metadata=[{"key": str(n), "value": ""} for n in range(51)]), "metadata"),
        (with_payload(metadata=[{"key": "", "value": ""}]), "key"),
        (with_payload(metadata=[{"key": "a", "value": 5}]), "value"),
        (with_payload(meterAttributes=[{"name": "a", "uses": -1}]), "uses"),
        (with_payload(meterAttributes=[{"name": "a", "uses": True}]), "uses"),
        (with_payload(meterAttributes=[{"name": "a"}]), "uses"),
        (MACHINE.deactivation("p", "k", "a", activationId=None), "activationId"),
        (MACHINE.deactivation("p", "k", "a", key=None), "key"),
    ],
)
def test_what_is_refused(data: bytes | str, reason: str) -> None:
    assert reason in refused(data)


def test_the_public_key_is_no_secret() -> None:
    """HS256 over the public key, the classic confusion of algorithms."""
    secret = OctKey.import_key(MACHINE.jwk["x"])
    text = jws.serialize_compact(
        {"alg": "HS256", "typ": ACTIVATION, "jwk": MACHINE.jwk},
        json.dumps(PAYLOAD),
        secret,
        algorithms=["HS256"],
    )
    assert "alg" in refused(text)


def test_a_key_of_another_kind_is_no_machine_key() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": urlsafe_b64encode(key.x.to_bytes(32, "big")).decode().rstrip("="),
    }
    assert "jwk" in refused(with_header(jwk=jwk))


@pytest.mark.parametrize("size", [LARGEST + 1, 5 * 1024 * 1024])
def test_a_large_file_is_refused_by_its_size(size: int) -> None:
    assert "64 KiB" in refused(GOOD.encode().ljust(size))
    assert "64 KiB" in refused("ä" * (size // 2 + 1))


def test_a_file_of_the_largest_size_is_read() -> None:
    assert parse_request(GOOD.encode().ljust(LARGEST)).hostname == "lab"  # type: ignore[union-attr]


def test_the_key_has_to_be_the_signers() -> None:
    stranger = Ed25519PrivateKey.generate()
    assert "signature" in refused(sign(HEADER, PAYLOAD, stranger))
