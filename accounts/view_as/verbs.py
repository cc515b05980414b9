"""Viewing the portal as a customer: the link, the view, its end.

A view is a session of its own, beside Django's: it knows neither the customer's sessions nor the
browser's. Two random tokens carry it, a link's and a cookie's, and neither is kept.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, ViewAs
from accounts.models.roles import claims_of
from audit import trail
from audit.acting import acting_as
from jobs.vendors import at_each
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import delete_in_steps
from web.errors import PortalError

LINK_LASTS = timedelta(seconds=60)
VIEW_LASTS = timedelta(minutes=15)
KEPT = timedelta(days=30)


class NothingToSee(PortalError):
    """The customer may not use the portal at present, so there is nothing to look at."""


class AccountOff(NothingToSee):
    """The customer's account is switched off."""

    code = "ACCOUNT_OFF"
    text = _("This account is switched off, so its portal can't be viewed.")


class NoPortalAccess(NothingToSee):
    """The customer's account may not use the portal."""

    code = "NO_PORTAL_ACCESS"
    text = _("This customer may not use the portal, so there is nothing that could be viewed.")


class ViewLinkRefused(PortalError):
    """The link is unknown, used, too old, another vendor's, or its people lost their rights."""

    code = "VIEW_LINK_REFUSED"
    status = 410
    text = _(
        "This link opens the portal once and for a minute only: it has been used already, is too "
        "old, or is not complete."
    )


def check_may_be_viewed(customer: User) -> None:
    """Raises AccountOff or NoPortalAccess for a customer who could not come in himself."""
    if not customer.is_active:
        raise AccountOff
    if not customer.may_use_portal:
        raise NoPortalAccess


def offer(customer: User, *, staff: User) -> str:
    """The token of a link that opens the customer's portal once, within 60 seconds.

    Raises AccountOff or NoPortalAccess. Who may ask for one is the caller's question.
    """
    check_may_be_viewed(customer)
    token = secrets.token_urlsafe(32)
    view = ViewAs(
        vendor=cast(Vendor, customer.vendor),  # a customer has one
        staff=staff,
        customer=customer,
        link_digest=_digest(token),
        ends_at=timezone.now() + LINK_LASTS,
    )
    view.save(force_insert=True)
    return token


def read(vendor: Vendor, token: str) -> ViewAs:
    """The view that an unused link would begin, which stays unused. Raises ViewLinkRefused."""
    view = _with_people(vendor, begun_at=None, link_digest=_digest(token))
    if view is None or view.ends_at <= timezone.now() or not view.is_allowed:
        raise ViewLinkRefused
    return view


@transaction.atomic
def begin(vendor: Vendor, token: str) -> tuple[ViewAs, str]:
    """Uses the link: the view and the token of its cookie. Raises ViewLinkRefused.

    One conditional UPDATE decides, so that of many who come at once one gets in.
    """
    now, cookie = timezone.now(), secrets.token_urlsafe(32)
    unused = ViewAs.objects.filter(
        vendor=vendor, link_digest=_digest(token), begun_at=None, ends_at__gt=now
    )
    if not unused.update(
        begun_at=now, ends_at=now + VIEW_LASTS, cookie_digest=_digest(cookie), updated_at=now
    ):
        raise ViewLinkRefused
    view = find(vendor, cookie)
    if view is None or not view.is_current(now):
        raise ViewLinkRefused
    _record("view-as-begun", view)
    return view, cookie


def find(vendor: Vendor, cookie: str) -> ViewAs | None:
    """The view that a cookie's token stands for at this vendor, current or over."""
    return _with_people(vendor, cookie_digest=_digest(cookie))


def _with_people(vendor: Vendor, **asked: Any) -> ViewAs | None:
    views = ViewAs.objects.select_related("staff", "customer")
    views = views.annotate(claims=claims_of("staff__"))
    view = views.filter(vendor=vendor, **asked).first()
    if view is not None:
        view.staff.claims = view.claims
        view.vendor = view.staff.vendor = view.customer.vendor = vendor
    return view


@transaction.atomic
def stop(view: ViewAs) -> None:
    """Ends the view, if it has not been ended before, and records that once."""
    now = timezone.now()
    running = ViewAs.objects.filter(vendor=view.vendor_id, pk=view.pk, stopped_at=None)
    ended = min(now, view.ends_at)
    if running.update(stopped_at=ended, updated_at=now):
        view.stopped_at = ended
        _record("view-as-ended", view, ended=ended.isoformat())


def end_barred(person: User) -> None:
    """Ends for good the views and links in which the person, staff or customer, may not take part
    any more. Runs in the person's scope."""
    for view in _unended().filter(Q(staff=person) | Q(customer=person)):
        view.staff.claims = view.claims
        if not view.is_allowed:
            _end(view)


def end_everybodys() -> None:
    """Ends for good every view and link of the scope's vendor."""
    for view in _unended():
        _end(view)


def _unended() -> QuerySet[Any]:
    views = ViewAs.objects.filter(stopped_at=None, ends_at__gt=timezone.now())
    people = views.select_related("vendor", "staff", "customer").order_by("pk")
    return people.annotate(claims=claims_of("staff__"))


def _end(view: ViewAs) -> None:
    if view.begun_at:
        stop(view)
        return
    now = timezone.now()
    ViewAs.objects.filter(pk=view.pk, begun_at=None).update(ends_at=now, updated_at=now)


def record_page(view: ViewAs, *, path: str, status: int, license_id: object = None) -> None:
    """Records that support saw one page. The customer is told of the view, not of each page."""
    with acting_as(view.staff):
        trail.record(
            "view-as-page",
            view.customer,
            customer_id=view.customer_id,
            license_id=license_id,
            details={"path": path, "status": status},
        )


def clean_up(vendor: Vendor) -> int:
    """Ends the vendor's views that ran out unnoticed and deletes those that ended, or whose links
    went unused, over 30 days ago; how many it deleted."""
    now = timezone.now()
    with inside(vendor):
        run_out = ViewAs.objects.select_related("staff", "customer").filter(
            begun_at__isnull=False, stopped_at=None, ends_at__lte=now
        )
        for view in run_out:
            view.vendor = view.staff.vendor = view.customer.vendor = vendor
            stop(view)
        return delete_in_steps(ViewAs.objects.filter(ends_at__lt=now - KEPT))


def clean_up_all() -> str:
    """The daily chore (jobs/chores.py): every vendor's old views."""
    deleted = at_each(clean_up, every_vendor())
    return f"Deleted {deleted} views as a customer that are over for 30 days."


def _record(action: str, view: ViewAs, **details: str) -> None:
    with acting_as(view.staff):
        trail.record(
            action,
            view.customer,
            customer_id=view.customer_id,
            visible=view.vendor.show_support_views,
            details=details,
        )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
