"""What a provider's claims say of a person here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.single_sign_on.errors import SingleSignOnRefused, Why
from accounts.single_sign_on.models import IdentityProvider, roles_in, words_in
from tenancy.addresses import normalise_email
from tenancy.texts import validate_address

MICROSOFT = "https://login.microsoftonline.com/"
NAMES = {
    "first_name": "first_name_attribute",
    "last_name": "last_name_attribute",
    "company": "company_attribute",
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who somebody is by the provider's word. Names that it does not say, or that can't be ours,
    are missing in `names`; `role` is empty where the provider says none of ours; `shown_at` is when
    the person showed it there, in seconds since 1970, and None where the provider does not say."""

    subject: str
    email: str
    names: dict[str, str]
    role: str
    has_factor: bool
    shown_at: float | None = None


def read(provider: IdentityProvider, claims: Mapping[str, Any]) -> Claimed:
    """What verified claims say. The e-mail has to be there, confirmed, and of a domain that the
    provider is for. Raises SingleSignOnRefused."""
    email = _email(provider, claims)
    if not provider.has_domain_of(email):
        raise SingleSignOnRefused(Why.WRONG_DOMAIN, email, provider=provider.name)
    role = _role(provider, claims)
    if provider.role_attribute and not role:
        raise SingleSignOnRefused(Why.NO_ROLE, provider=provider.name)
    return Claimed(
        subject=str(claims["sub"]),
        email=email,
        names=_names(provider, claims),
        role=role,
        has_factor=has_factor(provider, claims),
        shown_at=claims.get("auth_time"),
    )


def _email(provider: IdentityProvider, claims: Mapping[str, Any]) -> str:
    said = claims.get("email")
    email = normalise_email(said) if isinstance(said, str) else ""
    try:
        validate_address(email)
    except ValidationError as error:
        raise SingleSignOnRefused(Why.NO_EMAIL, provider=provider.name) from error
    if not _is_verified(provider, claims):
        raise SingleSignOnRefused(Why.UNVERIFIED, provider=provider.name)
    return email


def _is_verified(provider: IdentityProvider, claims: Mapping[str, Any]) -> bool:
    """Entra ID says by `xms_edov` that the domain's owner has confirmed the e-mail. Some providers
    write yes as a text."""
    name = "email_verified"
    if name not in claims and provider.issuer.startswith(MICROSOFT):
        name = "xms_edov"
    said = claims.get(name)
    return said is True or said in {"true", "1"} if isinstance(said, bool | str) else said == 1


def _names(provider: IdentityProvider, claims: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name, attribute in NAMES.items():
        said = claims.get(getattr(provider, attribute) or "")
        text = said.strip() if isinstance(said, str) else ""
        try:
            field: Any = User._meta.get_field(name)
            found[name] = field.clean(text, None) if text else ""
        except ValidationError:
            continue
    return {name: text for name, text in found.items() if text}


def _role(provider: IdentityProvider, claims: Mapping[str, Any]) -> str:
    """SECURITY: tests/accounts/test_single_sign_on.py. Only staff's own provider names roles."""
    if not provider.for_staff or not provider.role_attribute:
        return ""
    said = claims.get(provider.role_attribute)
    words = said if isinstance(said, list) else [said]
    roles = roles_in(provider.roles).items()
    return next((role for word, role in roles if word in words), "")


def has_factor(provider: IdentityProvider, claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that it has asked for more than one factor: "mfa" (RFC 8176), or a
    context that the vendor has named."""
    methods = claims.get("amr")
    if isinstance(methods, list) and "mfa" in methods:
        return True
    context = claims.get("acr")
    return isinstance(context, str) and context in words_in(provider.factor_contexts)
