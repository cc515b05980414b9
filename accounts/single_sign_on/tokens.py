"""ID tokens (OpenID Connect Core 1.0, 3.1.3.7): whether one is what it says; pure.

Whatever a token says of its own key is not read: the key is one of the provider's, by its id, and
the algorithm one of the list, for which a public key is no password.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from hmac import compare_digest
from math import isfinite
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from accounts.single_sign_on.errors import SingleSignOnRefused, Why

# No `none`, and nothing with a shared secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
DRIFT = 60  # seconds by which clocks may differ
OLDEST = 10 * 60  # seconds since a token was made, in which somebody signs in at the provider
LONGEST = 32 * 1024  # characters
LONGEST_SUBJECT = 255  # characters (Core, 2)
SHORTEST_RSA = 2048  # bits


class UnknownKey(Exception):
    """The provider may have new keys."""


def claims_of(
    token: str,
    keys: list[dict[str, Any]],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: float,
) -> dict[str, Any]:
    """What the ID token says, if it is the issuer's, for us, of this very sign-in, and of now.

    `keys` are those of the provider's JWK set, `now` seconds since 1970. Raises UnknownKey if none
    of them is the token's, and SingleSignOnRefused.
    """
    if not token or len(token) > LONGEST:
        raise SingleSignOnRefused(Why.BAD_TOKEN)
    header = _header(token)
    if header.get("alg") not in ALGORITHMS:
        raise SingleSignOnRefused(Why.BAD_ALGORITHM)
    key = _key(header, keys)
    try:
        claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError) as error:
        raise SingleSignOnRefused(Why.BAD_SIGNATURE) from error
    _check_parties(claims, issuer, client_id)
    _check_times(claims, now)
    if not compare_digest(_text(claims, "nonce").encode(), nonce.encode()):
        raise SingleSignOnRefused(Why.WRONG_NONCE)
    if not 0 < len(_text(claims, "sub")) <= LONGEST_SUBJECT:
        raise SingleSignOnRefused(Why.NO_SUBJECT)
    return claims


def _header(token: str) -> dict[str, Any]:
    first = token.partition(".")[0]
    try:
        header = json.loads(_decoded(first))
    except (ValueError, RecursionError) as error:
        raise SingleSignOnRefused(Why.BAD_TOKEN) from error
    if not isinstance(header, dict):
        raise SingleSignOnRefused(Why.BAD_TOKEN)
    return header


def _key(header: Mapping[str, Any], keys: list[dict[str, Any]]) -> RSAKey | ECKey:
    """The provider's key that the header names; the only one that fits where it names none. Raises
    UnknownKey, and SingleSignOnRefused for a key that signs nothing."""
    algorithm, named = str(header["alg"]), header.get("kid")
    kind = "EC" if algorithm.startswith("ES") else "RSA"
    fitting = [key for key in keys if _fits(key, kind, algorithm)]
    if named is not None:
        fitting = [key for key in fitting if key.get("kid") == named]
    if len(fitting) != 1:
        raise UnknownKey
    try:
        return _imported(fitting[0])
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SingleSignOnRefused(Why.BAD_KEY) from error


def may_sign(key: dict[str, Any]) -> bool:
    """Whether some ID token could be signed with this key of a provider's."""
    kinds = [("EC" if each.startswith("ES") else "RSA", each) for each in ALGORITHMS]
    if not any(_fits(key, *each) for each in kinds):
        return False
    try:
        _imported(key)
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _fits(key: Any, kind: str, algorithm: str) -> bool:
    if not isinstance(key, dict) or key.get("kty") != kind:
        return False
    return bool(key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm)


def _imported(key: dict[str, Any]) -> RSAKey | ECKey:
    """The public half alone, whatever the provider shows."""
    if key["kty"] == "EC":
        return ECKey.import_key({name: key[name] for name in ("kty", "crv", "x", "y")})
    size = int.from_bytes(_decoded(str(key["n"]))).bit_length()
    if size < SHORTEST_RSA:
        raise ValueError(size)
    return RSAKey.import_key({name: key[name] for name in ("kty", "n", "e")})


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_parties(claims: Mapping[str, Any], issuer: str, client_id: str) -> None:
    if claims.get("iss") != issuer:
        raise SingleSignOnRefused(Why.WRONG_ISSUER)
    said = claims.get("aud")
    audience = said if isinstance(said, list) else [said]
    party = claims.get("azp")
    is_ours = client_id in audience and party in (None, client_id)
    if not is_ours or (len(audience) > 1 and party is None):
        raise SingleSignOnRefused(Why.WRONG_AUDIENCE)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    names = ("exp", "iat", "nbf", "auth_time")
    ends, made, begins, shown = (_moment(claims, name) for name in names)
    if ends is None or made is None:
        raise SingleSignOnRefused(Why.NO_TIMES)
    is_begun = max(made, begins or made, shown or made) <= now + DRIFT
    if not is_begun or ends + DRIFT <= now or made + OLDEST + DRIFT < now:
        raise SingleSignOnRefused(Why.WRONG_TIME)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """Seconds since 1970; None where nothing is said. Raises SingleSignOnRefused for no number."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SingleSignOnRefused(Why.NO_TIMES)
    try:
        moment = float(value)
    except OverflowError as error:  # a whole number of hundreds of digits
        raise SingleSignOnRefused(Why.NO_TIMES) from error
    if not isfinite(moment):
        raise SingleSignOnRefused(Why.NO_TIMES)
    return moment


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
