"""Writes data/vectors.json: `python -m tests.offline.make_vectors`. The same file every time."""

import hmac
import json
import string
from base64 import b64encode, urlsafe_b64decode
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from joserfc import jws
from joserfc.jwk import RSAKey

from offline.codec import thumbprint
from tests.offline.requests_maker import (
    ACTIVATION,
    MachineKeys,
    activation_payload,
    encode,
    jti,
    sign,
    sign_raw,
)

DATA = Path(__file__).parent / "data"
VECTORS = DATA / "vectors.json"
RECEIPT = "offline-deactivation-receipt+jwt"
PRODUCT_ID = "631e3d99-d564-56ce-84d7-af61e9f5b208"
KEY = "7FEFAB-36978D-5805A6-09B8A4-FA377F-AD2026"
ACTIVATION_ID = "0d4dd8ad-3a2e-4f4e-8a4c-59f2f6f3b7a1"
LICENSE_ID = "c6f6c3f0-45a5-5a27-8a6f-5c3f0d8b1c11"
NOW = 1_795_521_600  # 2026-11-24 12:00 UTC
MONTH = 30 * 86400
MACHINE, OTHER = MachineKeys(), MachineKeys("other")
FINGERPRINT = "lab".ljust(64, "-")

HOUR, DAY = 3600, 86400
ALPHABET = f"{string.ascii_uppercase}{string.ascii_lowercase}{string.digits}-_"
# y of the points of small order on Ed25519: whoever knows none of their secrets can sign for them.
ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
OTHER_ORDER_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
P = 2**255 - 19
SMALL_ORDER = {
    "0": 0,
    "1": 1,
    "-1": P - 1,
    "order 8": int.from_bytes(bytes.fromhex(ORDER_8), "little"),
    "order 8, the other": int.from_bytes(bytes.fromhex(OTHER_ORDER_8), "little"),
    "0, not canonical": P,
    "1, not canonical": P + 1,
}

DESCRIPTION = (
    "Vectors of the offline activation protocol, version 1 (docs/offline-protocol.md). A file's "
    "content is `text` or, where it is no text in UTF-8, `base64`. `machine` is the machine's "
    "Ed25519 key as a private JWK; `products` are the RSA keys of the product, of the same product "
    "after a rotation, and of another product (private PEM in keys.json). A portal runs "
    "`requests`: each is accepted with the members given, or refused with the code. A program runs "
    "the others: it ships with the publicKeys named, is the machine in `context` and made its "
    "requests. `responses` and `receipts` are accepted at `now` (seconds), or refused for the "
    "`why` given: text, base64, json, signature, algorithm, kid, kind, claims, product, key, "
    "fingerprint, machine-key, run-out, request. An accepted response leads to `status` (valid, if "
    "none is given). Where they are given, `asked` is the key that was asked for, `lastSeen` the "
    "latest time that the machine remembers and `signedAt` when the response before was signed. "
    "`starts` are starts of the program at `now` with the installed response `text`, on a machine "
    "with `fingerprint`, and lead to `status`. `productFiles` are read with the `kids` given, or "
    "refused. `licenseKeys` are what people type and the key that is written into a request."
)


def rsa_keys() -> dict[str, RSAKey]:
    pems = json.loads((DATA / "keys.json").read_text())["rsa"]
    return {name: RSAKey.import_key(pem) for name, pem in pems.items()}


def public_entry(key: RSAKey) -> dict[str, str]:
    return {"kid": key.thumbprint(), "pem": key.as_pem(private=False).decode()}


def rsa_pem(bits: int) -> str:
    """A public key of that size to which there is no private one."""
    numbers = RSAPublicNumbers(65_537, (1 << bits - 1) + 1)
    format = serialization.PublicFormat.SubjectPublicKeyInfo
    return numbers.public_key().public_bytes(serialization.Encoding.PEM, format).decode()


def claims(**changes: Any) -> dict[str, Any]:
    said = {
        "aid": ACTIVATION_ID, "pid": PRODUCT_ID, "lid": LICENSE_ID, "key": KEY,
        "type": "node-locked", "fp": FINGERPRINT, "fms": "exact", "os": "linux", "iat": NOW,
        "eat": NOW + 12 * MONTH, "leat": 0, "orv": NOW + MONTH, "suspended": False, "ssi": 3600,
        "ssgpeat": 0, "aco": 3600, "fc": 0, "ls": "per-machine", "ld": 0, "name": "Ada Lovelace",
        "email": "ada@example.com", "company": "Analytical Engines", "pmd": [], "lmd": [],
        "umd": [], "amd": [{"key": "room", "value": "12"}], "lma": [], "ama": [], "lcat": NOW,
        "laat": NOW, "cnf": {"jkt": MACHINE.thumbprint}, "req": jti("activate lab"),
    }  # fmt: skip
    return said | changes


def rs256(key: RSAKey, payload: dict[str, Any], **header: Any) -> str:
    head = {"alg": "RS256", "kid": key.thumbprint(), "typ": "JWT", **header}
    return jws.serialize_compact(head, json.dumps(payload), key, algorithms=["RS256"])


def hmac_signed(header: dict[str, Any], payload: dict[str, Any], secret: str) -> str:
    """HS256 by hand: JOSE libraries rightly refuse a public key as the secret."""
    parts = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(payload).encode())}"
    return f"{parts}.{encode(hmac.digest(secret.encode(), parts.encode(), 'sha256'))}"


def rs256_raw(key: RSAKey, header: bytes, payload: bytes) -> str:
    """RS256 over any bytes, which a JOSE library would refuse to sign."""
    signing_input = f"{encode(header)}.{encode(payload)}"
    private = key.private_key
    signature = private.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signing_input}.{encode(signature)}"


def loosened(text: str) -> str:
    """The text with the bits of its last character set that no byte has."""
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) | 1]


def of_nobody(y: int, sign_bit: int) -> str:
    """A request with a public key of small order, and a signature that holds for it."""
    key = (y | sign_bit << 255).to_bytes(32, "little")
    header = MACHINE.header(ACTIVATION, jwk={**MACHINE.jwk, "x": encode(key)})
    points = [
        (each | bit << 255).to_bytes(32, "little")
        for each in SMALL_ORDER.values()
        for bit in (0, 1)
    ]
    for number in range(64):
        payload = activation_payload(PRODUCT_ID, KEY, "lab") | {"jti": jti(f"nobody {number}")}
        parts = [encode(json.dumps(each).encode()) for each in (header, payload)]
        signing_input = ".".join(parts)
        for point in points:
            signature = point + bytes(32)
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(signature, signing_input.encode())
            except (InvalidSignature, ValueError):
                continue
            return f"{signing_input}.{encode(signature)}"
    # The library that makes this file refuses the key by itself.
    return f"{signing_input}.{encode(bytes([1]) + bytes(63))}"


def as_they_come(good: str) -> dict[str, str | bytes]:
    """The same file, as e-mail, editors and people leave it."""
    lines = [good[at : at + 76] for at in range(0, len(good), 76)]
    quoted = "".join(f"> {line}\r\n" for line in lines)
    return {
        "white space around": f"\r\n  {good}\n",
        "byte order mark": "\ufeff" + good,
        "two byte order marks": "\ufeff\ufeff" + good,
        "UTF-16 with a byte order mark": good.encode("utf-16"),
        "UTF-16, big end first": b"\xfe\xff" + good.encode("utf-16-be"),
        "UTF-16 without a byte order mark": good.encode("utf-16-le"),
        "wrapped at 76 characters": "\n".join(lines),
        "wrapped at 76 characters with CRLF": "\r\n".join(lines),
        "blank lines and tabs inside": "\n\n\t".join(lines),
        "zero-width spaces and no-break spaces inside": "\u200b\u00a0".join(lines),
        "quoted": quoted,
        "quoted twice": "".join(f">> {line}\n" for line in lines),
        "a sentence before and after": f"The file is {good} as the program wrote it.",
        "a letter around it": f"Hello,\n\nhere is our file:\n\n{good}\n\nRegards\nAda\n",
        "a quoted letter around it": f"> Hello,\r\n>\r\n{quoted}>\r\n> Regards\r\n> Ada\r\n",
    }


def request_vectors() -> list[dict[str, Any]]:
    header = MACHINE.header(ACTIVATION)
    payload = activation_payload(PRODUCT_ID, KEY, "lab")
    good = MACHINE.activation(PRODUCT_ID, KEY)
    first, second, third = good.split(".")

    def changed_header(**changes: Any) -> str:
        return sign(header | changes, payload, MACHINE.key)

    def changed(**changes: Any) -> str:
        return sign(header, payload | changes, MACHINE.key)

    def raw(member: str, *, behind: str = "") -> str:
        """A complete request with one more member, as it is written here."""
        text = json.dumps(payload, ensure_ascii=False)[:-1] + f", {member}}}{behind}"
        return sign_raw(
            json.dumps(header).encode(), text.encode("utf-8", "surrogateescape"), MACHINE.key
        )

    def without(name: str) -> str:
        rest = {each: value for each, value in payload.items() if each != name}
        return sign(header, rest, MACHINE.key)

    accepted: dict[str, str | bytes] = {
        "activation": good,
        "activation with the older algorithm name EdDSA": changed_header(alg="EdDSA"),
        **as_they_come(good),
        "unknown members": changed(later={"version": 2}),
        "null is not there": changed(osVersion=None, vmName=None, metadata=None),
        "only what is required": sign(
            header,
            {
                name: payload[name]
                for name in ("jti", "iat", "productId", "key", "fingerprint", "os")
            },
            MACHINE.key,
        ),
        "32 levels": raw(f'"later": {"[" * 31}{"]" * 31}'),
        "the largest number": changed(iat=2**53 - 1),
        "NUL in the host name": changed(hostname="a\x00b"),
        "half a character in the host name": changed(hostname="caf\udce9"),
        "a host name of 300 characters": changed(hostname="h" * 300),
        "deactivation": MACHINE.deactivation(PRODUCT_ID, KEY, ACTIVATION_ID),
        "trial": MACHINE.trial(PRODUCT_ID),
    }
    none = encode(json.dumps(header | {"alg": "none"}).encode())
    hs256 = hmac_signed(header | {"alg": "HS256"}, payload, MACHINE.jwk["x"])
    raw_header = json.dumps(header).encode()
    refused: dict[str, str | bytes] = {
        "empty": "",
        "two parts": f"{first}.{second}",
        "four parts": f"{good}.{third}",
        "padding": f"{first}=.{second}.{third}",
        "loose last bits": loosened(good),
        "alg none": f"{none}.{second}.",
        "HS256 with the public key as the secret": hs256,
        "RS256 in the header": changed_header(alg="RS256"),
        "unknown typ": changed_header(typ="JWT"),
        "no typ": sign(
            {each: value for each, value in header.items() if each != "typ"}, payload, MACHINE.key
        ),
        "critical extension": changed_header(crit=["exp"]),
        "no jwk": sign({"alg": "Ed25519", "typ": ACTIVATION}, payload, MACHINE.key),
        "jwk of another machine": changed_header(jwk=OTHER.jwk),
        "private key in the jwk": changed_header(jwk=MACHINE.jwk | {"d": encode(b"0" * 32)}),
        "jwk of another curve": changed_header(jwk=MACHINE.jwk | {"crv": "X25519"}),
        "payload changed after signing": f"{first}.{changed(key='x' * 20).split('.')[1]}.{third}",
        "duplicate member": sign_raw(raw_header, b'{"iat":1,"iat":1}', MACHINE.key),
        "a member twice in a complete request": raw(f'"iat": {payload["iat"]}'),
        "a member twice, once with an escape": raw(f'"i\\u0061t": {payload["iat"]}'),
        "a member twice inside": raw('"later": {"a": 1, "a": 1}'),
        "a member twice in the header": sign_raw(
            raw_header[:-1] + b', "alg": "Ed25519"}', json.dumps(payload).encode(), MACHINE.key
        ),
        "33 levels": raw(f'"later": {"[" * 32}{"]" * 32}'),
        "nested 3,000 deep": raw(f'"later": {"[" * 3000}{"]" * 3000}'),
        "nested without end": sign_raw(raw_header, b"[" * 20_000, MACHINE.key),
        "text behind the object": raw('"later": 1', behind=" trailing"),
        "another object behind it": raw('"later": 1', behind="{}"),
        "invalid UTF-8": raw('"later": "\udcff"'),
        "not an object": sign_raw(raw_header, b"[]", MACHINE.key),
        "NaN": raw('"later": NaN'),
        "NUL in the fingerprint": changed(fingerprint="x" * 64 + "\x00"),
        "NUL in the key": changed(key=KEY + "\x00"),
        "fingerprint too short": changed(fingerprint="x" * 63),
        "fractional iat": sign_raw(
            raw_header,
            json.dumps(payload).replace(str(payload["iat"]), f"{payload['iat']}.0").encode(),
            MACHINE.key,
        ),
        "iat with an exponent": changed(iat=1e300),
        "iat beyond 2^53 - 1": changed(iat=2**53),
        "iat below 0": changed(iat=-1),
        "iat is null": changed(iat=None),
        "iat as a text": changed(iat=str(payload["iat"])),
        "jti without dashes": changed(jti=payload["jti"].replace("-", "")),
        "container as a text": changed(container="false"),
        "metadata twice": changed(metadata=[{"key": "room", "value": "12"}] * 2),
        "metadata value as a number": changed(metadata=[{"key": "room", "value": 12}]),
        "uses with a fraction": changed(meterAttributes=[{"name": "pages", "uses": 1.5}]),
        "unknown operating system": changed(os="beos"),
        **{
            f"no {name}": without(name)
            for name in ("jti", "iat", "productId", "key", "fingerprint", "os")
        },
        **{
            f"key of small order: {name}, sign {bit}": of_nobody(y, bit)
            for name, y in SMALL_ORDER.items()
            for bit in (0, 1)
        },
        "larger than 64 KiB": good + " " * 65_536,
    }
    return [
        {"name": name, **content(text), "outcome": "accepted", "members": _members(text, good)}
        for name, text in accepted.items()
    ] + [
        {"name": name, **content(text), "outcome": "refused", "code": "INVALID_OFFLINE_REQUEST"}
        for name, text in refused.items()
    ]


def content(text: str | bytes) -> dict[str, str]:
    """A file in the vectors."""
    if isinstance(text, bytes):
        return {"base64": b64encode(text).decode()}
    return {"text": text}


def _members(text: str | bytes, good: str) -> dict[str, Any]:
    ways = as_they_come(good).values()
    [_header, part, _signature] = (good if text in ways else str(text)).split(".")
    said: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=="))
    return {name: said[name] for name in ("jti", "productId", "fingerprint", "iat")}


def response_vectors(keys: dict[str, RSAKey]) -> list[dict[str, Any]]:
    own, rotated, foreign = keys["product"], keys["product-rotated"], keys["other-product"]
    good = rs256(own, claims())
    first, second, third = good.split(".")
    public_pem = own.as_pem(private=False).decode()
    header = {"alg": "HS256", "kid": own.thumbprint(), "typ": "JWT"}
    hs256 = hmac_signed(header, claims(), public_pem)
    none = encode(json.dumps({"alg": "none", "kid": own.thumbprint()}).encode())
    forged = encode(json.dumps(claims(eat=0)).encode())
    nobody = {**MACHINE.jwk, "x": encode(bytes([1]) + bytes(31))}

    def headed(**changes: Any) -> str:
        head = {"alg": "RS256", "kid": own.thumbprint(), "typ": "JWT", **changes}
        head = {name: value for name, value in head.items() if value is not None}
        return rs256_raw(own, json.dumps(head).encode(), json.dumps(claims()).encode())

    def raw(text: str) -> str:
        head = {"alg": "RS256", "kid": own.thumbprint(), "typ": "JWT"}
        return rs256_raw(own, json.dumps(head).encode(), text.encode("utf-8", "surrogateescape"))

    def without(name: str) -> str:
        return rs256(own, {each: value for each, value in claims().items() if each != name})

    said = json.dumps(claims())
    accepted: list[tuple[str, str | bytes, dict[str, Any]]] = [
        ("activation", good, {}),
        ("signed with the rotated key", rs256(rotated, claims()), {}),
        *((name, text, {}) for name, text in as_they_come(good).items()),
        ("unknown claims", rs256(own, claims(later={"version": 2})), {}),
        ("32 levels", raw(f'{said[:-1]}, "later": {"[" * 31}{"]" * 31}}}'), {}),
        ("a second left", rs256(own, claims(orv=NOW + 1)), {}),
        ("asked for in small letters", good, {"asked": KEY.lower()}),
        ("asked for with other dashes", good, {"asked": KEY.replace("-", "\u2011")}),
        ("suspended", rs256(own, claims(suspended=True)), {"status": "suspended"}),
        ("expired", rs256(own, claims(eat=NOW)), {"status": "expired"}),
        ("signed a day ahead", rs256(own, claims(iat=NOW + DAY)), {"status": "clock-set-back"}),
        ("the clock was 40 days ahead", good, {"lastSeen": NOW + 40 * DAY}),
        (
            "the clock was 40 days ahead, and the one before is older",
            good,
            {"lastSeen": NOW + 40 * DAY, "signedAt": NOW - DAY},
        ),
        (
            "the clock was 2 days ahead, and this was signed before the one that is installed",
            good,
            {"lastSeen": NOW + 2 * DAY, "signedAt": NOW + 60, "status": "clock-set-back"},
        ),
    ]
    refused: list[tuple[str, str | bytes, str]] = [
        ("empty", "", "text"),
        ("two parts", f"{first}.{second}", "text"),
        ("not UTF-8", b"\xffeyJ" + good.encode(), "text"),
        ("larger than 64 KiB", good + " " * 65_536, "text"),
        ("changed after signing", f"{first}.{forged}.{third}", "signature"),
        ("signed by another product", rs256(foreign, claims()), "kid"),
        (
            "kid of ours, key of another",
            rs256(foreign, claims(), kid=own.thumbprint()),
            "signature",
        ),
        ("kid of the rotated key", headed(kid=rotated.thumbprint()), "signature"),
        ("no kid", headed(kid=None), "kid"),
        ("kid is a number", headed(kid=1), "kid"),
        ("padding", f"{first}.{second}.{third}==", "base64"),
        ("loose last bits", loosened(good), "base64"),
        ("alg none", f"{none}.{forged}.", "algorithm"),
        ("HS256 with the public key as the secret", hs256, "algorithm"),
        ("critical extension", headed(crit=["exp"]), "algorithm"),
        ("no typ", headed(typ=None), "kind"),
        ("typ in small letters", headed(typ="jwt"), "kind"),
        ("a receipt is no response", rs256(own, claims(), typ=RECEIPT), "kind"),
        ("a claim twice", raw(f'{said[:-1]}, "eat": 0}}'), "json"),
        ("a claim twice, once with an escape", raw(f'{said[:-1]}, "e\\u0061t": 0}}'), "json"),
        ("a member twice inside", raw(f'{said[:-1]}, "later": {{"a": 1, "a": 1}}}}'), "json"),
        ("nested 3,000 deep", raw(f'{said[:-1]}, "later": {"[" * 3000}{"]" * 3000}}}'), "json"),
        ("text behind the object", raw(f"{said} trailing"), "json"),
        ("invalid UTF-8", raw(f'{said[:-1]}, "later": "\udcff"}}'), "json"),
        ("not an object", raw("[]"), "json"),
        ("iat with a fraction", rs256(own, claims(iat=NOW + 0.5)), "claims"),
        ("eat with an exponent", rs256(own, claims(eat=1e300)), "claims"),
        ("eat beyond 2^53 - 1", rs256(own, claims(eat=2**53)), "claims"),
        ("eat below 0", rs256(own, claims(eat=-1)), "claims"),
        ("eat as a text", rs256(own, claims(eat=str(NOW + DAY))), "claims"),
        ("eat is null", rs256(own, claims(eat=None)), "claims"),
        ("suspended as a text", rs256(own, claims(suspended="false")), "claims"),
        *(
            (f"no {name}", without(name), "claims")
            for name in ("iat", "eat", "leat", "orv", "suspended")
        ),
        ("another product", rs256(own, claims(pid=LICENSE_ID)), "product"),
        ("another licence key", rs256(own, claims(key="X" * 20)), "key"),
        ("another machine's fingerprint", rs256(own, claims(fp="y" * 64)), "fingerprint"),
        ("another machine's key", rs256(own, claims(cnf={"jkt": OTHER.thumbprint})), "machine-key"),
        (
            "a key of small order",
            rs256(own, claims(cnf={"jkt": thumbprint(nobody)})),
            "machine-key",
        ),
        ("bound to no key", rs256(own, claims(cnf={})), "machine-key"),
        ("no cnf", without("cnf"), "machine-key"),
        ("run out", rs256(own, claims(orv=NOW)), "run-out"),
        ("run out long ago", rs256(own, claims(orv=NOW - MONTH)), "run-out"),
    ]
    return [_outcome(name, text, "", **more) for name, text, more in accepted] + [
        _outcome(name, text, why) for name, text, why in refused
    ]


def start_vectors(keys: dict[str, RSAKey]) -> list[dict[str, Any]]:
    own = keys["product"]
    year = NOW + 12 * MONTH
    good = {"now": NOW, "lastSeen": NOW, "fingerprint": FINGERPRINT}
    rows: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
        ("right after the activation", {}, {}, "valid"),
        ("orv counts no more", {}, {"now": NOW + 2 * MONTH}, "valid"),
        ("the last second", {}, {"now": year - 1}, "valid"),
        ("eat equal to now", {}, {"now": year}, "expired"),
        ("eat 0 is no end", {"eat": 0}, {"now": NOW + 1200 * MONTH}, "valid"),
        ("leat has not passed", {"leat": NOW + DAY}, {"now": NOW + DAY - 1}, "valid"),
        ("leat equal to now", {"leat": NOW + DAY}, {"now": NOW + DAY}, "lease-expired"),
        ("ssgpeat equal to now", {"ssgpeat": NOW + DAY}, {"now": NOW + DAY}, "sync-overdue"),
        ("suspended", {"suspended": True}, {}, "suspended"),
        ("another fingerprint", {}, {"fingerprint": "y" * 64}, "other-machine"),
        ("another machine's key", {"cnf": {"jkt": OTHER.thumbprint}}, {}, "other-machine"),
        ("another product", {"pid": LICENSE_ID}, {}, "invalid"),
        ("another licence", {"key": "X" * 20}, {}, "invalid"),
        ("eat as a text", {"eat": str(year)}, {}, "invalid"),
        ("13 hours back: two systems on one computer", {}, {"lastSeen": NOW + 13 * HOUR}, "valid"),
        ("14 hours back", {}, {"lastSeen": NOW + 14 * HOUR}, "valid"),
        ("more than 14 hours back", {}, {"lastSeen": NOW + 14 * HOUR + 1}, "clock-set-back"),
        ("a day back, and two are allowed", {"aco": 2 * DAY}, {"lastSeen": NOW + DAY}, "valid"),
        (
            "three days back, and two are allowed",
            {"aco": 2 * DAY},
            {"lastSeen": NOW + 3 * DAY},
            "clock-set-back",
        ),
        ("13 hours before iat", {}, {"now": NOW - 13 * HOUR, "lastSeen": 0}, "valid"),
        ("a day before iat", {}, {"now": NOW - DAY, "lastSeen": 0}, "clock-set-back"),
        ("a little back after the end", {}, {"now": year - HOUR, "lastSeen": year}, "expired"),
        ("set back after the end", {}, {"now": year - 2 * DAY, "lastSeen": year}, "clock-set-back"),
        ("in 1970", {}, {"now": 0}, "clock-set-back"),
    ]
    made = [
        {"name": name, "text": rs256(own, claims(**said)), **good, **more, "status": status}
        for name, said, more, status in rows
    ]
    first, _second, third = rs256(own, claims()).split(".")
    forged = f"{first}.{encode(json.dumps(claims(eat=0)).encode())}.{third}"
    foreign = rs256(keys["other-product"], claims())
    return [
        *made,
        {"name": "changed on the disk", "text": forged, **good, "status": "invalid"},
        {"name": "of another product's key", "text": foreign, **good, "status": "invalid"},
    ]


def receipt_vectors(keys: dict[str, RSAKey]) -> list[dict[str, Any]]:
    own = keys["product"]
    said = {"aid": ACTIVATION_ID, "lid": LICENSE_ID, "iat": NOW, "req": jti("deactivate lab")}
    good = rs256(own, said, typ=RECEIPT)
    texts: list[tuple[str, str | bytes, str]] = [
        ("receipt", good, ""),
        *((name, text, "") for name, text in as_they_come(good).items()),
        ("signed with the rotated key", rs256(keys["product-rotated"], said, typ=RECEIPT), ""),
        ("a response is no receipt", rs256(own, claims()), "kind"),
        ("no typ", rs256(own, said), "kind"),
        ("of another request", rs256(own, said | {"req": jti("other")}, typ=RECEIPT), "request"),
        ("of another activation", rs256(own, said | {"aid": LICENSE_ID}, typ=RECEIPT), "request"),
        ("of another licence", rs256(own, said | {"lid": ACTIVATION_ID}, typ=RECEIPT), "request"),
        ("of another product", rs256(keys["other-product"], said, typ=RECEIPT), "kid"),
    ]
    return [_outcome(name, text, why) for name, text, why in texts]


def product_vectors(keys: dict[str, RSAKey]) -> list[dict[str, Any]]:
    entries = [public_entry(keys["product"]), public_entry(keys["product-rotated"])]
    good = {
        "productId": PRODUCT_ID,
        "name": "Orbit",
        "portal": "https://acme.example.com/",
        "publicKeys": entries,
    }
    written = json.dumps(good, indent=2)
    lines = [line[at : at + 76] for line in written.split("\n") for at in range(0, len(line), 76)]
    one_key = json.dumps({"productId": PRODUCT_ID, "name": "Orbit", "publicKeys": entries[:1]})
    files: dict[str, str | bytes] = {
        "two keys": written,
        "byte order mark": "\ufeff" + written,
        "UTF-16": written.encode("utf-16"),
        "UTF-16 without a byte order mark": written.encode("utf-16-be"),
        "CRLF": written.replace("\n", "\r\n"),
        "wrapped at 76 characters": "\n".join(lines),
        "quoted and wrapped": "\r\n".join(f"> {line}" for line in lines),
        "in a letter": f"Hello,\n\nthe product file:\n\n{written}\n\nRegards\nAda",
        "on one line": json.dumps(good),
        "unknown members": json.dumps(good | {"later": {"version": 2}}),
        "without the portal's address": one_key,
    }
    bad = {
        "empty": "",
        "not an object": "[]",
        "no key": json.dumps(good | {"publicKeys": []}),
        "no product id": json.dumps({"name": "Orbit", "publicKeys": entries}),
        "no PEM": json.dumps(good | {"publicKeys": [{"kid": "a", "pem": "b"}]}),
    }
    kids = [entry["kid"] for entry in entries]
    return [
        {
            "name": name,
            **content(text),
            "outcome": "accepted",
            "kids": kids[:1] if text == one_key else kids,
        }
        for name, text in files.items()
    ] + [{"name": name, "text": text, "outcome": "refused"} for name, text in bad.items()]


def key_vectors() -> list[dict[str, str]]:
    lower, other = KEY.lower(), "Quill-2026/Team_a.b"
    typed = {
        "as it is": KEY,
        "small letters": lower,
        "blanks around": f"  {KEY}\t",
        "blanks for dashes": lower.replace("-", " "),
        "no dashes": KEY.replace("-", ""),
        "blanks around dashes": KEY.replace("-", " - "),
        "no-break hyphens": KEY.replace("-", "\u2011"),
        "en dashes": KEY.replace("-", "\u2013"),
        "em dashes": KEY.replace("-", "\u2014"),
        "minus signs": KEY.replace("-", "\u2212"),
        "full-width": KEY.replace("-", "\uff0d").replace("7", "\uff17"),
        "soft hyphens": KEY.replace("-", "-\u00ad"),
        "zero-width spaces": KEY.replace("-", "-\u200b"),
        "byte order mark": f"\ufeff{KEY}",
        "no-break spaces": KEY.replace("-", "-\u00a0"),
        "a line break": KEY.replace("-", "-\r\n", 1),
        "a line break in a group": f"{KEY[:3]}\n{KEY[3:]}",
    }
    others = {
        "another pattern keeps its case": other,
        "another pattern with blanks": f" {other[:6]} {other[6:]}\n",
        "another pattern with a dash": other.replace("-", "\u2013"),
    }
    return [{"name": name, "text": text, "key": KEY} for name, text in typed.items()] + [
        {"name": name, "text": text, "key": other} for name, text in others.items()
    ]


def _outcome(name: str, text: str | bytes, why: str, **more: Any) -> dict[str, Any]:
    if why:
        return {"name": name, **content(text), "outcome": "refused", "why": why}
    return {"name": name, **content(text), "outcome": "accepted", **more}


def vectors() -> dict[str, Any]:
    keys = rsa_keys()
    seed = MACHINE.key.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return {
        "description": DESCRIPTION,
        "machine": MACHINE.jwk | {"d": encode(seed)},
        "products": {name: public_entry(key) for name, key in keys.items()},
        "context": {
            "productId": PRODUCT_ID,
            "key": KEY,
            "fingerprint": FINGERPRINT,
            "now": NOW,
            "publicKeys": ["product", "product-rotated"],
            "thumbprint": MACHINE.thumbprint,
            "activationId": ACTIVATION_ID,
            "licenseId": LICENSE_ID,
            "activationRequest": jti("activate lab"),
            "deactivationRequest": jti("deactivate lab"),
        },
        "requests": request_vectors(),
        "responses": response_vectors(keys),
        "starts": start_vectors(keys),
        "receipts": receipt_vectors(keys),
        "productFiles": product_vectors(keys),
        "licenseKeys": key_vectors(),
    }


def as_text() -> str:
    return json.dumps(vectors(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(as_text())
