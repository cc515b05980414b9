"""A vendor's identity providers, and what their word does to people's accounts. Runs in the
vendor's scope."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import BuiltIn, Identity, IdentityProvider, Session, User
from accounts.single_sign_on import client
from accounts.single_sign_on.claims import Claimed
from accounts.single_sign_on.errors import SingleSignOnRefused, Why
from accounts.verbs import links, sessions
from accounts.verbs.people import change_person, create_person, lock_person
from audit import rows, trail
from audit.acting import acting_as
from mail.outbox import queue
from tenancy.door import inside
from tenancy.encryption import encryption
from tenancy.table import every_vendor
from tenancy.transactions import in_steps
from web import limits
from web.errors import PortalError

# What makes another provider of it, whose word for people has to be shown anew.
WHO_IT_IS = {"issuer"}


class ProviderChanged(PortalError):
    """Somebody has deleted or switched off the provider meanwhile."""

    code = "PROVIDER_CHANGED"
    text = _("This provider is not there any more.")


# --- Providers ----------------------------------------------------------------------------------


def encrypted(secret: str) -> str:
    """A client secret as it is kept."""
    return encryption().encrypt(secret.encode()).decode()


@transaction.atomic
def create_provider(provider: IdentityProvider) -> IdentityProvider:
    """Saves a vendor's new provider. Raises ValidationError."""
    provider.full_clean()
    return rows.create(provider)


@transaction.atomic
def change_provider(provider: IdentityProvider, *, fields: Collection[str]) -> IdentityProvider:
    """Saves these fields. With another issuer nobody is known any more. Raises ValidationError."""
    provider.full_clean()
    if not WHO_IT_IS.isdisjoint(fields):
        Identity.objects.filter(provider=provider).exclude(issuer=provider.issuer).delete()
    return rows.change(provider, fields=fields)


@transaction.atomic
def delete_provider(provider: IdentityProvider) -> None:
    """Deletes the provider and forgets whom it knows; their accounts stay."""
    rows.delete(provider)


def try_provider(provider: IdentityProvider, *, redirect_uri: str) -> None:
    """Asks the provider what can be asked without a person. Raises SingleSignOnRefused, which says
    what is wrong, and TooManyAttempts."""
    limits.take(limits.PROVIDER_TRIED, str(provider.vendor_id))
    client.try_it(provider, redirect_uri=redirect_uri)


# --- People -------------------------------------------------------------------------------------


def known_to(provider: IdentityProvider, subject: str) -> User | None:
    """Whom the provider means by a subject, as was agreed before."""
    found = Identity.objects.filter(
        provider=provider, issuer=provider.issuer, subject=subject
    ).select_related("user")
    identity = found.first()
    return identity.user if identity else None


def to_connect(provider: IdentityProvider, who: Claimed) -> User | None:
    """Whose account has the e-mail that the provider names, for the owner to agree; None if there
    is none. Raises SingleSignOnRefused for an account that is none of the provider's business."""
    person = User.objects.at(who.email)
    if person is not None and not may_speak_for(provider, person):
        raise SingleSignOnRefused(Why.NO_ACCOUNT, who.email, provider=provider.name)
    return person


def may_speak_for(provider: IdentityProvider, person: User) -> bool:
    """Whether the person is let in by the provider's word at all.

    SECURITY: tests/accounts/test_single_sign_on.py. A customers' provider is nothing to staff,
    also where somebody's role has changed since.
    """
    return person.is_active and provider.is_for(person)


@transaction.atomic
def add_person(provider: IdentityProvider, who: Claimed) -> User:
    """A new account, without a password, for whom nobody knows here. Raises SingleSignOnRefused
    where the provider adds nobody, or names nobody who could be one."""
    refused = SingleSignOnRefused(Why.NO_ACCOUNT, who.email, provider=provider.name)
    if not provider.creates_people:
        raise refused
    role = who.role if provider.for_staff else BuiltIn.USER
    person = User(vendor=provider.vendor, email=who.email, role=role, **who.names)
    try:
        with transaction.atomic():
            create_person(person=person, invited=False)
    except (ValidationError, IntegrityError) as error:
        raise refused from error
    _remember(provider, person, who)
    with acting_as(person):
        trail.record(
            "single-sign-on-connected", person, details={"provider": provider.name}, visible=True
        )
    return person


@transaction.atomic
def connect(provider: IdentityProvider, person: User, who: Claimed) -> None:
    """Makes the provider's word count for the person, who has just agreed, and tells her."""
    _remember(provider, person, who)
    with acting_as(person):
        details = {"provider": provider.name}
        trail.record("single-sign-on-connected", person, details=details, visible=True)
        queue("single-sign-on-connected", user=person, details=details)


@transaction.atomic
def connect_by_link(provider: IdentityProvider, person: User, who: Claimed) -> None:
    """The same for who came by the e-mailed link, which is used up by that. Raises LinkRefused."""
    links.use(person)
    connect(provider, person, who)


@transaction.atomic
def disconnect(person: User, identity_id: UUID) -> None:
    """Ends that a provider opens the person's account; one that is not there any more stays so."""
    own = Identity.objects.filter(user=person, pk=identity_id)
    names = list(own.values_list("provider__name", flat=True))
    if own.delete()[0]:
        details = {"provider": names[0]}
        trail.record("single-sign-on-disconnected", person, details=details, visible=True)


def _remember(provider: IdentityProvider, person: User, who: Claimed) -> None:
    """Raises ProviderChanged for a provider that is gone or another one by now."""
    as_read = {"pk": provider.pk, "issuer": provider.issuer, "is_on": True}
    held = IdentityProvider.objects.select_for_update(of=("self",), no_key=True)
    if held.filter(**as_read).first() is None:
        raise ProviderChanged
    Identity.objects.update_or_create(
        vendor=provider.vendor,
        provider=provider,
        issuer=provider.issuer,
        subject=who.subject,
        defaults={"user": person},
    )


def send_link(provider: IdentityProvider, person: User, *, mark: str) -> None:
    """Has the person sent the link by which she agrees. Raises TooManyAttempts."""
    limits.take(limits.RESET_PER_ADDRESS, "single-sign-on", str(person.pk))
    details = {"provider": provider.name, "mark": mark}
    queue("single-sign-on-link", user=person, details=details)


@transaction.atomic
def follow(provider: IdentityProvider, person: User, who: Claimed) -> User:
    """Brings name, company and, for staff, role to what the provider says; the person as it is
    then. The last administrator stays one, or nobody could manage the vendor."""
    saved = lock_person(person)
    wanted: dict[str, Any] = dict(who.names)
    if who.role and not (who.role != BuiltIn.ADMIN and _is_last_administrator(saved)):
        wanted["role"] = who.role
    changed = [name for name, value in wanted.items() if getattr(saved, name) != value]
    if not changed:
        return person
    for name in changed:
        setattr(saved, name, wanted[name])
    try:
        with acting_as(person):
            change_person(person=saved, fields=changed, by_rule=True)
    except ValidationError as error:  # of roles that there aren't any more
        raise SingleSignOnRefused(Why.NO_ROLE, provider=provider.name) from error
    fresh = User.objects.get(pk=person.pk)
    fresh.vendor = person.vendor
    return fresh


def _is_last_administrator(person: User) -> bool:
    if person.role != BuiltIn.ADMIN:
        return False
    # Of two who are demoted at once the second one waits here.
    among = User.objects.select_for_update(of=("self",)).order_by("pk")
    others = among.filter(role=BuiltIn.ADMIN, is_active=True)
    return [each.pk for each in others] == [person.pk]


def note_word(token: str, who: Claimed) -> None:
    """Notes of a session that has just begun what its provider has said: whether it has asked for a
    second factor, and when the person showed who it is. Where it does not say when, that is no
    proof, however new the session is: the person may have signed in there weeks ago.

    SECURITY: tests/accounts/test_single_sign_on.py
    """
    begun = Session.of_scope.filter(digest=sessions.digest(token))
    begun.update(factor_elsewhere=who.has_factor, proved_at=shown_at(who))


def shown_at(who: Claimed) -> datetime | None:
    """When the person showed at the provider who it is, by a clock that is not ahead of ours; None
    where the provider does not say."""
    if who.shown_at is None:
        return None
    now = timezone.now()
    return datetime.fromtimestamp(min(max(who.shown_at, 0), now.timestamp()), tz=UTC)


def note_use(provider: IdentityProvider, subject: str) -> None:
    """Notes when the provider has last vouched for somebody."""
    used = Identity.objects.filter(provider=provider, issuer=provider.issuer, subject=subject)
    used.update(used_at=timezone.now())


# --- The key that encrypts ----------------------------------------------------------------------


def encrypted_anew() -> list[tuple[IdentityProvider, str]]:
    """Every client secret, of all vendors, encrypted under the first key. Raises
    cryptography.fernet.InvalidToken if one fits no key."""
    return [
        (each, encryption().rotate(each.encrypted_secret.encode()).decode())
        for each in _every_provider()
        if each.encrypted_secret
    ]


def store_encrypted_anew(found: list[tuple[IdentityProvider, str]]) -> int:
    """Keeps them so; how many there are. One that was changed meanwhile stays as it is."""
    in_steps(found, lambda each: _store(*each))
    return len(found)


def _store(provider: IdentityProvider, secret: str) -> None:
    with inside(provider.vendor_id):
        as_read = {"pk": provider.pk, "encrypted_secret": provider.encrypted_secret}
        if IdentityProvider.objects.filter(**as_read).update(encrypted_secret=secret):
            trail.record("secret-encrypted-anew", provider)


def _every_provider() -> Iterator[IdentityProvider]:
    for vendor in every_vendor():
        with inside(vendor):
            found = list(IdentityProvider.objects.order_by("pk"))
        yield from found
