"""What a provider is asked: what it says of itself, its keys, and what a code stands for.

The relying party of OpenID Connect's code flow with PKCE (RFC 7636). joserfc verifies signatures,
web/fetching.py asks; in between there is little.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from accounts.single_sign_on import tokens
from accounts.single_sign_on.errors import SingleSignOnBusy, SingleSignOnRefused, Why
from accounts.single_sign_on.models import IdentityProvider, words_in
from accounts.single_sign_on.tokens import UnknownKey
from tenancy.encryption import encryption
from web import fetching, limits
from web.fetching import NotFetched, is_fetchable
from web.places import AllPlacesTaken, Places

WELL_KNOWN = "/.well-known/openid-configuration"
KNOWN_FOR = 60 * 60  # seconds for which a process remembers what a provider says of itself
SCOPE = "openid email profile"
LONGEST_DETAIL = 200  # characters of what a provider says is wrong
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")
# A slow provider holds a thread: one is left for pages, and one vendor can't have all others.
_asking = Places(max(2, settings.THREADS - 1), least=2)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a provider says of itself (OpenID Connect Discovery 1.0, 3). `says_issuer`: its answers
    name it (RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    says_issuer: bool = False
    by_post: bool = False


def discovery(provider: IdentityProvider) -> Discovery:
    """What the provider says of itself, at most an hour ago. Raises SingleSignOnRefused."""
    key = _cache_key("discovery", provider)
    found = cache.get(key)
    if found is None:
        found = _read(provider, _ask(provider, _well_known(provider)))
        cache.set(key, found, KNOWN_FOR)
    return Discovery(**found)


def _well_known(provider: IdentityProvider) -> str:
    return provider.issuer.removesuffix("/") + WELL_KNOWN


def _read(provider: IdentityProvider, said: dict[str, Any]) -> dict[str, Any]:
    """As it is remembered. SECURITY: tests/accounts/test_single_sign_on.py: a provider that calls
    itself by another's name is not asked for anything more (Discovery, 4.3)."""
    if said.get("issuer") != provider.issuer:
        raise _refused(provider, Why.WRONG_DISCOVERY, _printable(said.get("issuer")))
    found: dict[str, Any] = {name: said[name] for name in (*NEEDED, *OPTIONAL) if said.get(name)}
    for name in (*NEEDED, *found):
        if not isinstance(found.get(name), str) or not is_fetchable(found[name]):
            raise _refused(provider, Why.BAD_DISCOVERY, name)
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return {
        **found,
        "says_issuer": said.get("authorization_response_iss_parameter_supported") is True,
        "by_post": "client_secret_basic" not in methods and "client_secret_post" in methods,
    }


def keys_of(provider: IdentityProvider, *, anew: bool = False) -> list[dict[str, Any]]:
    """The provider's keys, at most an hour old. Raises SingleSignOnRefused."""
    key = _cache_key("keys", provider)
    found = None if anew else cache.get(key)
    if found is None:
        said = _ask(provider, discovery(provider).jwks_uri).get("keys")
        found = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
        cache.set(key, found, KNOWN_FOR)
    return found


def authorization_url(
    provider: IdentityProvider,
    *,
    redirect_uri: str,
    state: str,
    nonce: str,
    verifier: str,
    shown_within: timedelta | None = None,
) -> str:
    """Where the browser is sent. With `shown_within` the provider asks once more who it is, and
    says how long ago that was shown (Core, 3.1.2.1: `auth_time` where `max_age` is asked)."""
    endpoint = discovery(provider).authorization_endpoint
    asked = {
        "response_type": "code",
        "scope": SCOPE,
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    if provider.factor_contexts:
        asked["acr_values"] = " ".join(words_in(provider.factor_contexts))
    if shown_within is not None:
        asked |= {"prompt": "login", "max_age": str(int(shown_within.total_seconds()))}
    return with_query(endpoint, asked)


def with_query(address: str, asked: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def challenge_of(verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def redeem(
    provider: IdentityProvider, *, code: str, verifier: str, redirect_uri: str
) -> dict[str, Any]:
    """What the code stands for: the answer of the token endpoint. Raises SingleSignOnRefused."""
    endpoint = discovery(provider)
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    headers, who = _credentials(provider, by_post=endpoint.by_post)
    return _ask(provider, endpoint.token_endpoint, {**fields, **who}, headers=headers)


def _credentials(
    provider: IdentityProvider, *, by_post: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """How we say who we are (Core, 9): the header, and fields of the form."""
    if not provider.encrypted_secret:
        return {}, {"client_id": provider.client_id}
    secret = encryption().decrypt(provider.encrypted_secret.encode()).decode()
    if by_post:
        return {}, {"client_id": provider.client_id, "client_secret": secret}
    return fetching.basic(provider.client_id, secret), {}


def identify(provider: IdentityProvider, answer: dict[str, Any], *, nonce: str) -> dict[str, Any]:
    """Who the provider says it is: the claims of the ID token, which is verified, and those of the
    userinfo endpoint where the token has no e-mail. Raises SingleSignOnRefused."""
    token = answer.get("id_token")
    claims = _verified(provider, token if isinstance(token, str) else "", nonce)
    # When somebody signed in only what is signed says.
    return {**_userinfo(provider, answer, claims), "auth_time": None, **claims}


def _verified(provider: IdentityProvider, token: str, nonce: str) -> dict[str, Any]:
    try:
        return _claims(provider, token, nonce, keys_of(provider))
    except UnknownKey:
        # It may have changed its keys. Whoever sends tokens with keys of his own makes us ask for
        # them no more often than this.
        try:
            limits.take(limits.PROVIDER_KEYS, str(provider.pk))
            return _claims(provider, token, nonce, keys_of(provider, anew=True))
        except (UnknownKey, limits.TooManyAttempts) as error:
            raise _refused(provider, Why.NO_KEY) from error


def _claims(
    provider: IdentityProvider, token: str, nonce: str, keys: list[dict[str, Any]]
) -> dict[str, Any]:
    try:
        return tokens.claims_of(
            token,
            keys,
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=nonce,
            now=timezone.now().timestamp(),
        )
    except SingleSignOnRefused as error:
        raise _refused(provider, error.why, error.detail) from error


def _userinfo(
    provider: IdentityProvider, answer: dict[str, Any], claims: dict[str, Any]
) -> dict[str, Any]:
    """What the provider says of the token's person elsewhere (Core, 5.3)."""
    access, endpoint = answer.get("access_token"), discovery(provider).userinfo_endpoint
    if "email" in claims or not endpoint or not isinstance(access, str):
        return {}
    if not access.isascii() or not access.isprintable():
        return {}
    found = _ask(provider, endpoint, headers={"Authorization": f"Bearer {access}"})
    if found.get("sub") != claims["sub"]:
        raise _refused(provider, Why.OTHER_SUBJECT)
    return found


def try_it(provider: IdentityProvider, *, redirect_uri: str) -> None:
    """Asks the provider whatever can be asked without a person: what it says of itself, its keys,
    and whether it knows us, by a code that nobody has. Raises SingleSignOnRefused with what is
    wrong."""
    for kind in ("discovery", "keys"):
        cache.delete(_cache_key(kind, provider))
    keys = keys_of(provider)
    if not any(tokens.may_sign(key) for key in keys):
        raise _refused(provider, Why.BAD_KEY)
    if not provider.client_id:
        raise _refused(provider, Why.BAD_CLIENT)
    try:
        redeem(provider, code="none", verifier="0" * 43, redirect_uri=redirect_uri)
    except SingleSignOnRefused as error:
        if error.why is not Why.BAD_CODE:
            raise


def _ask(
    provider: IdentityProvider,
    url: str,
    fields: dict[str, str] | None = None,
    *,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    try:
        with _asking.take(str(provider.vendor_id)):
            if fields is None:
                return fetching.get(url, headers=headers)
            return fetching.post(url, fields, headers=headers)
    except AllPlacesTaken as error:
        raise SingleSignOnBusy(Why.BUSY, provider=provider.name) from error
    except NotFetched as error:
        raise _why(provider, error, is_token=fields is not None) from error


def _why(provider: IdentityProvider, error: NotFetched, *, is_token: bool) -> SingleSignOnRefused:
    """What the fault means; a token endpoint says it in a word (RFC 6749, 5.2)."""
    said = error.answer.get("error") if is_token else None
    if said in {"invalid_client", "unauthorized_client"}:
        return _refused(provider, Why.BAD_CLIENT)
    if said == "invalid_grant":
        return _refused(provider, Why.BAD_CODE)
    return _refused(provider, Why.UNREACHABLE, error.sentence)


def _refused(provider: IdentityProvider, why: Why, detail: object = "") -> SingleSignOnRefused:
    return SingleSignOnRefused(why, detail, provider=provider.name)


def refused_there(provider: IdentityProvider, said: str) -> SingleSignOnRefused:
    """What the provider has sent the browser back with."""
    return _refused(provider, Why.REFUSED_THERE, _printable(said))


def _printable(said: object) -> str:
    """What somebody else's server says, without what no page takes."""
    text = said if isinstance(said, str) else ""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:LONGEST_DETAIL]) or "–"


def _cache_key(kind: str, provider: IdentityProvider) -> str:
    """With another issuer nothing of before is known."""
    issuer = sha256(provider.issuer.encode()).hexdigest()
    return f"single-sign-on-{kind}-{provider.pk}-{issuer}"
