"""The verbs about custom domains: claim, check, make the portal's address, go back, remove, let
go.

A claim is worth nothing: a name belongs to a vendor once the DNS proves it (`dns_checks.py`), and
only then is it the vendor's alone, so that nobody can squat. A name whose record disappears is
served for a time of grace, with warnings, and is then free again.

Claims of other vendors are looked up outside the scope, by name alone; nothing of them is shown.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import BuiltIn, User
from audit import rows, trail
from audit.acting import Actor, acting
from branding.domains import dns_checks
from branding.domains.dns_checks import Answer, Finding
from branding.domains.errors import BadDomainName, DomainNotVerified, DomainTaken, TooManyDomains
from branding.domains.models import CustomDomain, ProvedDomain
from branding.domains.names import NotADomain, normalise, skeleton
from mail.outbox import queue
from tenancy.door import Way, inside, outside
from tenancy.models import Vendor
from tenancy.verbs import serve, serve_no_more, serve_until

State, Diagnosis = CustomDomain.State, CustomDomain.Diagnosis

MOST_DOMAINS = 10
GIVE_UP_AFTER = timedelta(days=30)
GRACE = timedelta(days=7)
WARN_BEFORE_END = (timedelta(days=7), timedelta(days=3), timedelta(days=1))
FIRST_INTERVAL, LONGEST_INTERVAL = timedelta(minutes=5), timedelta(hours=6)
FAILING_INTERVAL = timedelta(hours=1)


def target() -> str:
    """What a custom domain's CNAME points to."""
    return f"hosting.{settings.PORTAL_PARENT_HOST}"


@transaction.atomic
def claim(vendor: Vendor, text: str) -> CustomDomain:
    """Puts a name on the vendor's list; safe to repeat.

    Raises BadDomainName, DomainTaken and TooManyDomains.
    """
    name = named(text)
    # One claim of a vendor at a time, so that the list can't grow beyond its end.
    Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
    existing = CustomDomain.objects.filter(name=name).first()
    if existing:
        return existing
    check_free(vendor, name)
    if CustomDomain.objects.count() >= MOST_DOMAINS:
        raise TooManyDomains
    domain = CustomDomain.objects.create(
        vendor=vendor,
        name=name,
        skeleton=skeleton(name),
        token=secrets.token_urlsafe(32),
        next_check_at=timezone.now(),
    )
    trail.record("created", domain, changes={"name": [None, name]})
    return domain


def named(text: str) -> str:
    """The name that was typed, in the form in which names are kept. Raises BadDomainName."""
    try:
        return normalise(text, parent_host=settings.PORTAL_PARENT_HOST)
    except NotADomain as error:
        raise BadDomainName(error.args[0]) from error


def check_free(vendor: Vendor, name: str) -> None:
    """Raises DomainTaken when another vendor has proved a name above or below this one, or one
    that looks like it. (The name itself can be claimed: its owner may have come second.)"""
    labels = name.split(".")
    above = [".".join(labels[start:]) for start in range(1, len(labels))]
    close = Q(name__in=above) | Q(name__endswith=f".{name}")
    if not name.isascii() or name.startswith("xn--") or ".xn--" in name:
        close |= Q(skeleton=skeleton(name)) & ~Q(name=name)
    else:
        close |= Q(skeleton=skeleton(name), name__contains="xn--")
    # SECURITY: tests/branding/test_takeover.py. Only whether there is one gets out.
    with outside(Way.DOMAINS, "Whether another vendor has proved a name that is too close."):
        others = CustomDomain.objects.filter(verified_at__isnull=False).exclude(vendor=vendor)
        taken = others.filter(close).exists()
    if taken:
        raise DomainTaken


def check(domain: CustomDomain) -> CustomDomain:
    """Asks the DNS about the domain and notes what came of it, in its state and diagnosis.

    The questions are asked outside any transaction: name servers can be slow.
    """
    answer = dns_checks.look(
        domain.name, target=target(), txt_name=domain.txt_name, txt_value=domain.txt_value
    )
    return _note(domain, answer)


@transaction.atomic
def _note(domain: CustomDomain, answer: Answer) -> CustomDomain:
    locked = lock(domain)
    if locked is None:
        return domain
    now, before = timezone.now(), (locked.state, locked.verified_at)
    locked.checks += 1
    locked.last_checked_at = now
    locked.found = answer.found[:500]
    tell = None
    if answer.finding is Finding.FINE:
        _note_proof(locked, answer, now)
    else:
        tell = _note_fault(locked, Diagnosis(answer.finding), now)
    locked.next_check_at = _next_check(locked, now)
    locked.save()
    _record_state(locked, *before)
    if tell:
        tell()
    return locked


def _record_state(domain: CustomDomain, state: str, verified_at: datetime | None) -> None:
    """Writes into the audit trail that a check made a difference; most make none."""
    told: dict[str, list[str | None]] = {
        "state": [state, str(domain.state)],
        "verified_at": [_iso(verified_at), _iso(domain.verified_at)],
    }
    changes = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    if changes:
        trail.record("domain-checked", domain, changes=changes)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def lock(domain: CustomDomain) -> CustomDomain | None:
    """The domain, locked until the transaction ends; None when it was removed meanwhile."""
    locked = CustomDomain.objects.select_for_update(of=("self",)).select_related("vendor")
    return locked.filter(pk=domain.pk).first()


def _note_proof(domain: CustomDomain, answer: Answer, now: datetime) -> None:
    """The record is there: the domain is the vendor's, unless another vendor was first."""
    refusal = None if domain.verified_at else _refusal(domain, answer)
    if refusal is None and not _take(domain, now):
        refusal = Diagnosis.TAKEN
    domain.proved_by_txt = answer.by_txt
    if refusal is not None:
        fault = answer.fault
        if refusal == Diagnosis.CONTESTED and fault and _is_meant_for(domain, fault):
            refusal, domain.found = Diagnosis(fault.finding), fault.found[:500]
        domain.state, domain.diagnosis, domain.verified_at = State.PENDING, refusal, None
        return
    domain.state, domain.diagnosis = State.VERIFIED, Diagnosis.FINE
    domain.failing_since = domain.served_until = None
    domain.warnings = 0
    _serve_until(domain, None)


def _is_meant_for(domain: CustomDomain, fault: Answer) -> bool:
    """Whether the TXT record, which now decides, was set for this domain and went wrong; it may be
    another company's."""
    is_close = domain.token.casefold() in fault.found.casefold()
    return is_close or fault.finding is Finding.TXT_ELSEWHERE


def _refusal(domain: CustomDomain, answer: Answer) -> str | None:
    """Why a proof is not enough. A CNAME says that the domain's owner wants a portal here, not
    whose: where another vendor has entered or once proved the name, the TXT record has to tell."""
    try:
        check_free(domain.vendor, domain.name)
    except DomainTaken:
        return Diagnosis.TAKEN
    # SECURITY: tests/branding/test_takeover.py. Only whether there is one gets out.
    with outside(Way.DOMAINS, "Whether another vendor has entered or proved the name."):
        others = CustomDomain.objects.filter(name=domain.name).exclude(vendor=domain.vendor)
        holder = others.filter(verified_at__isnull=False).first()
        proved = ProvedDomain.objects.filter(name=domain.name).exclude(vendor=domain.vendor)
        contested = others.exists() or proved.exists()
    if answer.by_txt:
        if holder:
            # Whoever claims it is no business of the other vendor's.
            with inside(holder.vendor_id), acting(Actor()):
                _give_way(holder)
        return None
    if holder:
        return Diagnosis.TAKEN
    return Diagnosis.CONTESTED if contested else None


def _give_way(holder: CustomDomain) -> None:
    """Ends the hold of a vendor who proved a name by CNAME alone, since its owner now says by TXT
    whose it is; who proved it by TXT keeps it. Runs in that vendor's scope."""
    proved_by_cname = CustomDomain.objects.filter(
        pk=holder.pk, verified_at__isnull=False, proved_by_txt=False
    )
    for domain in proved_by_cname.select_for_update(of=("self",)):
        _leave(domain)
        proved_by_cname.update(
            verified_at=None,
            state=State.PENDING,
            diagnosis=Diagnosis.TAKEN,
            served_until=None,
            failing_since=None,
        )
        trail.record("domain-checked", domain, changes={"state": [domain.state, State.PENDING]})


def _take(domain: CustomDomain, now: datetime) -> bool:
    """Makes the name the vendor's alone; False when another one was quicker, which the database
    decides."""
    if domain.verified_at:
        return True
    try:
        with transaction.atomic():
            CustomDomain.objects.filter(pk=domain.pk).update(verified_at=now, state=State.VERIFIED)
            serve(domain.vendor_id, domain.name)
    except IntegrityError:
        return False
    domain.verified_at = now
    ProvedDomain.objects.get_or_create(vendor=domain.vendor, name=domain.name)
    return True


def _note_fault(domain: CustomDomain, diagnosis: str, now: datetime) -> Callable[[], object] | None:
    """The record is not there, or not right. A verified domain goes on for a time of grace; silence
    of the name servers says nothing at all."""
    domain.diagnosis = diagnosis
    if diagnosis == Diagnosis.NO_ANSWER:
        # Silence says nothing, but it does not stop the clock of what was missing before.
        return _warn_or_end(domain, now) if domain.state == State.FAILING else None
    if diagnosis == Diagnosis.WILDCARD and domain.verified_at is not None:
        domain.diagnosis = Diagnosis.FINE
        return None
    if domain.verified_at is None:
        domain.state = State.PENDING
        return None
    if domain.state != State.FAILING:
        domain.state, domain.failing_since = State.FAILING, now
        domain.served_until = now + GRACE
        _serve_until(domain, domain.served_until)
    return _warn_or_end(domain, now)


def _warn_or_end(domain: CustomDomain, now: datetime) -> Callable[[], object] | None:
    """Warns the vendor as the end comes closer; then the domain is served no more and is free.

    Gives what queues the e-mail, for after the domain is saved.
    """
    end = domain.served_until
    if end is None:
        return None
    if end <= now:
        domain.verified_at = None
        domain.state, domain.next_check_at = State.PENDING, None
        _leave(domain)
        return partial(_write_to_administrators, "domain-ended", {"name": str(domain)})
    due = sum(1 for before in WARN_BEFORE_END if end - now <= before)
    if due <= domain.warnings:
        return None
    domain.warnings = due
    return partial(_write_to_administrators, "domain-failing", {"domain": str(domain.pk)})


def _write_to_administrators(kind: str, details: dict[str, str]) -> None:
    for person in User.objects.filter(role=BuiltIn.ADMIN, is_active=True):
        queue(kind, user=person, details=details)


def _next_check(domain: CustomDomain, now: datetime) -> datetime | None:
    """Pending: less and less often, and no more after 30 days. Served: several times a day."""
    if domain.state == State.VERIFIED:
        return now + LONGEST_INTERVAL
    if domain.state == State.FAILING:
        return now + FAILING_INTERVAL
    ended = domain.failing_since is not None
    if ended or now - domain.created_at >= GIVE_UP_AFTER:
        return None
    doubled: timedelta = FIRST_INTERVAL * 2 ** min(domain.checks, 12)
    return now + min(LONGEST_INTERVAL, doubled)


def put_off(domain: CustomDomain) -> None:
    """Has a domain that can't be checked wait, so that it does not stand in the others' way."""
    CustomDomain.objects.filter(pk=domain.pk).update(
        next_check_at=timezone.now() + FAILING_INTERVAL
    )


def note_certificate(domain: CustomDomain, *, ends_at: datetime | None, fault: str) -> None:
    """Notes what the domain's own port 443 shows. What was seen before stays where nothing can be
    seen now."""
    seen = {"certificate_looked_at": timezone.now(), "certificate_fault": fault}
    if ends_at is not None:
        seen["certificate_ends_at"] = ends_at
    CustomDomain.objects.filter(pk=domain.pk).update(**seen)


def due(now: datetime) -> QuerySet[CustomDomain]:
    """The domains of the scope's vendor that are to be checked now."""
    return CustomDomain.objects.filter(next_check_at__lte=now).order_by("next_check_at")


def make_canonical(domain: CustomDomain) -> CustomDomain:
    """Makes the domain the portal's address: links lead there, the subdomain redirects there.

    Checks it first. Raises DomainNotVerified.
    """
    checked = check(domain)
    with transaction.atomic():
        locked = lock(checked)
        if locked is None or locked.state != State.VERIFIED:
            raise DomainNotVerified
        Vendor.objects.filter(pk=locked.vendor_id).update(
            canonical_domain=locked.name, canonical_until=None
        )
        moved = {"canonical_domain": [locked.vendor.canonical_domain, locked.name]}
        locked.vendor.canonical_domain = locked.name
        trail.record("domain-chosen", locked.vendor, changes=moved)
    return locked


@transaction.atomic
def make_subdomain_canonical(vendor: Vendor) -> None:
    """Goes back to the address below our zone; the custom domain stays served."""
    left = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk).canonical_domain
    if not left:
        return
    Vendor.objects.filter(pk=vendor.pk).update(canonical_domain="", canonical_until=None)
    trail.record("domain-left", vendor, changes={"canonical_domain": [left, ""]})


@transaction.atomic
def remove(domain: CustomDomain) -> None:
    """Takes the domain off the vendor's list; the name is free at once."""
    locked = lock(domain)
    if locked is None:
        return
    _leave(locked)
    trail.record("deleted", locked, changes=trail.gone(locked))
    CustomDomain.objects.filter(pk=locked.pk).delete()


@transaction.atomic
def let_go(name: str) -> None:
    """Takes a name off the scope's vendor, and that the vendor ever proved it: who wants it next
    has to show no more than if nobody had. For the people who run the installation."""
    for domain in CustomDomain.objects.filter(name=name):
        remove(domain)
    for proved in ProvedDomain.objects.filter(name=name):
        rows.delete(proved)


def _leave(domain: CustomDomain) -> None:
    """The domain is served no more. Goes back to the subdomain if it is the portal's address."""
    serve_no_more(domain.vendor_id, domain.name)
    at_it = Vendor.objects.filter(pk=domain.vendor_id, canonical_domain=domain.name)
    if at_it.update(canonical_domain="", canonical_until=None):
        trail.record("domain-left", domain.vendor, changes={"canonical_domain": [domain.name, ""]})


def _serve_until(domain: CustomDomain, end: datetime | None) -> None:
    """Until when the domain is served and, if it is the portal's address, links lead there; None:
    no end."""
    serve_until(domain.vendor_id, domain.name, end)
    at_it = Vendor.objects.filter(pk=domain.vendor_id, canonical_domain=domain.name)
    at_it.update(canonical_until=end)
