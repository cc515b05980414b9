"""ID tokens: each lie in one is told, by its reason; pure."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from accounts.single_sign_on import tokens
from accounts.single_sign_on.errors import SingleSignOnRefused, Why
from accounts.single_sign_on.tokens import UnknownKey, claims_of
from tests.accounts.identity_provider import EC, OTHER_RSA, RSA

ISSUER, CLIENT, NONCE = "https://id.example", "portal", "the nonce"
PUBLIC = RSA.as_dict(private=False)
KEYS = [PUBLIC, EC.as_dict(private=False)]


def truth(**lies: Any) -> dict[str, Any]:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": NONCE, "sub": "1"}
    return {name: value for name, value in (said | lies).items() if value is not None}


def signed(claims: dict[str, Any], key: Any = RSA, **header: Any) -> str:
    algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
    said = {"alg": algorithm, "kid": key.kid} | header
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, claims, key, algorithms=[said["alg"]])


def part(said: Any) -> str:
    return urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def read(token: str, keys: Any = KEYS) -> dict[str, Any]:
    return claims_of(token, keys, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now=time.time())


def unsigned(header: dict[str, Any], signature: str = "") -> str:
    return f"{part(header)}.{part(truth())}.{signature}"


def by_public_key() -> str:
    """HS256 with what everybody knows of the provider as the secret."""
    said = f"{part({'alg': 'HS256', 'kid': RSA.kid})}.{part(truth())}"
    mark = hmac.digest(RSA.as_pem(private=False), said.encode(), "sha256")
    return f"{said}.{urlsafe_b64encode(mark).decode().rstrip('=')}"


def with_own_key() -> str:
    """Signed by a key that the token itself brings along."""
    own = OTHER_RSA.as_dict(private=False)
    return signed(truth(), OTHER_RSA, kid=RSA.kid, jwk=own, jku="https://evil.example/keys")


def changed() -> str:
    header, _claims, signature = signed(truth()).split(".")
    return f"{header}.{part(truth(sub='2'))}.{signature}"


FINE: dict[str, Any] = {
    "RS256": lambda: signed(truth()),
    "PS256": lambda: signed(truth(), alg="PS256"),
    "ES256": lambda: signed(truth(), EC),
    "no kid, and one key that fits": lambda: signed(truth(), kid=None),
    "several audiences, made for us": lambda: signed(truth(aud=[CLIENT, "other"], azp=CLIENT)),
    "one audience in a list": lambda: signed(truth(aud=[CLIENT])),
    "its end just past": lambda: signed(truth(exp=int(time.time()) - 59)),
    "a little of the future": lambda: signed(truth(iat=int(time.time()) + 60)),
}
REFUSED: dict[str, tuple[Any, Why]] = {
    "nothing": (lambda: "", Why.BAD_TOKEN),
    "no token": (lambda: "x.y", Why.BAD_TOKEN),
    "a header that is a list": (lambda: f"{part([1])}.{part({})}.x", Why.BAD_TOKEN),
    "a book": (lambda: "x" * 40_000, Why.BAD_TOKEN),
    "none": (lambda: unsigned({"alg": "none"}), Why.BAD_ALGORITHM),
    "None": (lambda: unsigned({"alg": "NoNe"}), Why.BAD_ALGORITHM),
    "no algorithm": (lambda: unsigned({"kid": RSA.kid}), Why.BAD_ALGORITHM),
    "a list of algorithms": (lambda: unsigned({"alg": ["RS256"]}), Why.BAD_ALGORITHM),
    "HS256 with the public key": (by_public_key, Why.BAD_ALGORITHM),
    "no signature": (lambda: unsigned({"alg": "RS256", "kid": RSA.kid}), Why.BAD_SIGNATURE),
    "another's signature": (lambda: signed(truth(), OTHER_RSA, kid=RSA.kid), Why.BAD_SIGNATURE),
    "a key that it brings along": (with_own_key, Why.BAD_SIGNATURE),
    "changed afterwards": (changed, Why.BAD_SIGNATURE),
    "what must be understood": (
        lambda: unsigned({"alg": "RS256", "kid": RSA.kid, "crit": ["x"], "x": 1}, "eA"),
        Why.BAD_SIGNATURE,
    ),
    "another issuer": (lambda: signed(truth(iss="https://evil.example")), Why.WRONG_ISSUER),
    "with a slash": (lambda: signed(truth(iss=ISSUER + "/")), Why.WRONG_ISSUER),
    "no issuer": (lambda: signed(truth(iss=None)), Why.WRONG_ISSUER),
    "another audience": (lambda: signed(truth(aud="other")), Why.WRONG_AUDIENCE),
    "no audience": (lambda: signed(truth(aud=None)), Why.WRONG_AUDIENCE),
    "part of an audience": (lambda: signed(truth(aud="the portal")), Why.WRONG_AUDIENCE),
    "several, made for nobody": (lambda: signed(truth(aud=[CLIENT, "o"])), Why.WRONG_AUDIENCE),
    "made for another": (lambda: signed(truth(azp="other")), Why.WRONG_AUDIENCE),
    "no end": (lambda: signed(truth(exp=None)), Why.NO_TIMES),
    "no beginning": (lambda: signed(truth(iat=None)), Why.NO_TIMES),
    "an end that is a text": (lambda: signed(truth(exp="later")), Why.NO_TIMES),
    "an end that is yes": (lambda: signed(truth(exp=True)), Why.NO_TIMES),
    "ended": (lambda: signed(truth(exp=int(time.time()) - 60)), Why.WRONG_TIME),
    "of the future": (lambda: signed(truth(iat=int(time.time()) + 61)), Why.WRONG_TIME),
    "not yet": (lambda: signed(truth(nbf=int(time.time()) + 61)), Why.WRONG_TIME),
    "old, though it lasts": (lambda: signed(truth(iat=int(time.time()) - 661)), Why.WRONG_TIME),
    "an endless number": (lambda: signed(truth(exp=float("nan"))), Why.NO_TIMES),
    "for ever": (lambda: signed(truth(exp=float("inf"))), Why.NO_TIMES),
    "no nonce": (lambda: signed(truth(nonce=None)), Why.WRONG_NONCE),
    "another nonce": (lambda: signed(truth(nonce="other")), Why.WRONG_NONCE),
    "a nonce that is none": (lambda: signed(truth(nonce=["the nonce"])), Why.WRONG_NONCE),
    "nobody": (lambda: signed(truth(sub=None)), Why.NO_SUBJECT),
    "an empty name": (lambda: signed(truth(sub="")), Why.NO_SUBJECT),
    "a long name": (lambda: signed(truth(sub="x" * 256)), Why.NO_SUBJECT),
    "a number": (lambda: signed(truth(sub=1)), Why.NO_SUBJECT),
}


@pytest.mark.parametrize("name", FINE)
def test_what_is_fine_is_read(name: str) -> None:
    assert read(FINE[name]())["sub"] == "1"


@pytest.mark.parametrize("name", REFUSED)
def test_each_lie_is_told(name: str) -> None:
    token, why = REFUSED[name]
    with pytest.raises(SingleSignOnRefused) as refused:
        read(token())
    assert refused.value.why is why


SHORT_KEY = {
    "kty": "RSA",
    "kid": "short",
    "e": "AQAB",
    "n": urlsafe_b64encode((2**1023 + 1).to_bytes(128)).decode().rstrip("="),
}
UNKNOWN: dict[str, list[Any]] = {
    "none": [],
    "another one": [OTHER_RSA.as_dict(private=False)],
    "a shared secret by its name": [{"kty": "oct", "kid": RSA.kid, "k": "c2VjcmV0"}],
    "one that encrypts": [PUBLIC | {"use": "enc"}],
    "one for another algorithm": [PUBLIC | {"alg": "PS256"}],
    "two of one name": [PUBLIC, OTHER_RSA.as_dict(private=False) | {"kid": RSA.kid}],
    "no keys at all": ["x", 1, None],
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_key_that_is_none_of_the_providers_makes_it_be_asked_anew(name: str) -> None:
    with pytest.raises(UnknownKey):
        read(signed(truth()), UNKNOWN[name])


@pytest.mark.parametrize(
    "key", [SHORT_KEY, {"kty": "RSA", "kid": "short"}, PUBLIC | {"kid": "short", "n": "!"}]
)
def test_a_key_that_is_not_safe_is_refused(key: dict[str, Any]) -> None:
    with pytest.raises(SingleSignOnRefused) as refused:
        read(signed(truth(), kid="short"), [key])
    assert refused.value.why is Why.BAD_KEY
    assert not tokens.may_sign(key)


def test_a_private_half_that_a_provider_shows_by_mistake_is_not_read() -> None:
    assert read(signed(truth()), [RSA.as_dict(private=True)])["sub"] == "1"
