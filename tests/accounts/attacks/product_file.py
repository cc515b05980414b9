"""The product file, and what a program takes for its portal's word."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from portal_licensing import Product, errors
from portal_licensing.jose import verify
from tests.accounts.attacks.catalogue import Scene, attack
from tests.offline.make_vectors import encode, hmac_signed, rs256, rs256_raw, rsa_pem
from tests.sdk.test_client import FOREIGN, OWN, PRODUCT, public_entry

CLAIMS = {"pid": PRODUCT.id, "aid": "x"}
WHOLE = {"productId": PRODUCT.id, "name": "Orbit", "publicKeys": [public_entry(OWN)]}


def refused_tokens(*tokens: str) -> str:
    """What a program makes of tokens that nobody has signed for it."""
    for token in tokens:
        try:
            verify(token, PRODUCT.public_keys)
        except (errors.InvalidResponse, errors.UnknownSigningKey):
            continue
        raise AssertionError(token)
    return "refused"


def refused_files(*contents: bytes) -> str:
    """What a program makes of product files that are none."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "product.json"
        for content in contents:
            path.write_bytes(content)
            try:
                Product.load(path)
            except errors.InvalidProductFile:
                continue
            raise AssertionError(content[:80])
    return "`InvalidProductFile`"


def with_key(**entry: Any) -> bytes:
    return json.dumps(WHOLE | {"publicKeys": [public_entry(OWN) | entry]}).encode()


@attack
def product_files_that_are_none(_scene: Scene) -> str:
    """A product file is empty, no JSON, deep, cut off, a number, without keys, or of another kind."""
    whole = json.dumps(WHOLE).encode()
    return refused_files(
        b"", b"\xff\xfe", b"null", b"[]", b"7", b"[" * 100_000, b'{"publicKeys":' * 50_000,
        whole[:-2], json.dumps(WHOLE | {"publicKeys": []}).encode(),
        json.dumps(WHOLE | {"publicKeys": "x"}).encode(),
    )  # fmt: skip


@attack
def keys_in_it_that_are_none(_scene: Scene) -> str:
    """A key in it is no PEM, a private key, cut off, of another algorithm, smaller than 2048 bits or
    larger than 8192."""
    pem = public_entry(OWN)["pem"]
    private = OWN.as_pem(private=True).decode()
    small = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="  # Ed25519
    return refused_files(
        with_key(pem=""), with_key(pem="x"), with_key(pem=None), with_key(pem=7),
        with_key(pem=private), with_key(pem=pem[:200]), with_key(pem=pem.replace("A", "!", 3)),
        with_key(pem=f"-----BEGIN PUBLIC KEY-----\n{small}\n-----END PUBLIC KEY-----"),
        with_key(pem=rsa_pem(1024)), with_key(pem=rsa_pem(16_384)),
    )  # fmt: skip


@attack
def algorithms_of_the_attackers_choice(_scene: Scene) -> str:
    """A token says `none`, or is signed by HMAC with the product's public key, which everybody
    has."""
    pem, kid = public_entry(OWN)["pem"], public_entry(OWN)["kid"]
    none = f"{encode(json.dumps({'alg': 'none', 'kid': kid}).encode())}.{encode(b'{}')}."
    by_hmac = [hmac_signed({"alg": name, "kid": kid}, CLAIMS, pem) for name in ("HS256", "RS256")]
    return refused_tokens(none, f"{none}AA", *by_hmac)


@attack
def keys_that_a_token_brings_along(_scene: Scene) -> str:
    """A token is signed by another key, under the product's `kid`, with the key in its header or at
    an address, or under a `kid` that is a path."""
    kid, jwk = public_entry(OWN)["kid"], FOREIGN.as_dict(private=False)
    return refused_tokens(
        rs256(FOREIGN, CLAIMS), rs256(FOREIGN, CLAIMS, kid=kid),
        rs256(FOREIGN, CLAIMS, kid=kid, jwk=jwk), rs256(FOREIGN, CLAIMS, kid="../../key"),
        rs256_raw(FOREIGN, json.dumps({"alg": "RS256", "kid": [kid]}).encode(), b"{}"),
        rs256_raw(
            FOREIGN, json.dumps({"alg": "RS256", "kid": kid, "jku": "https://evil.example/"}).encode(), b"{}"
        ),
    )  # fmt: skip


@attack
def tokens_of_which_two_read_two_things(_scene: Scene) -> str:
    """A token that the portal has signed is cut, extended, has other claims, a member twice, or
    another spelling."""
    head, claims, signature = rs256(OWN, CLAIMS).split(".")
    kid = json.dumps({"alg": "RS256", "kid": public_entry(OWN)["kid"]}).encode()
    other = encode(json.dumps(CLAIMS | {"aid": "y"}).encode())
    return refused_tokens(
        f"{head}.{claims}", f"{head}.{claims}.{signature}.{signature}", f"{head}.{other}.{signature}",
        f"{head}.{claims}.{signature}=", f"{head}.{claims}.{signature}\n", f".{claims}.{signature}",
        rs256_raw(OWN, kid, b'{"aid": "x", "aid": "y"}'), rs256_raw(OWN, kid, b"[" * 5000),
        rs256_raw(OWN, kid, b'{"exp": NaN}'),
        rs256_raw(OWN, kid[:-1] + b', "crit": ["x"]}', b"{}"),
    )  # fmt: skip
