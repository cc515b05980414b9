"""What an operator did, at all vendors: when, what and where, as the vendors' trails have it. What
they say of people is not shown."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User
from audit import words
from audit.models import AuditEntry
from audit.operators import acts_of
from backoffice.lists import links_from
from backoffice.pages import KeyPage, Walk, columns_of
from tenancy.door import Way, outside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from web.requests import PAGE_SIZE

RIGHT = "tenancy.view_vendor"
# What operators see to. The roles that every vendor begins with come of themselves.
VENDORS, PEOPLE = Vendor._meta.label_lower, User._meta.label_lower


@dataclass(frozen=True, slots=True)
class Act:
    """A line of the page: what was done, about what of the vendor's."""

    at: datetime
    title: str
    about: str
    vendor: Vendor
    changes: list[tuple[str, str, str]]

    @property
    def url(self) -> str:
        return reverse("admin:tenancy_vendor_change", args=[self.vendor.pk])


def acts_view(request: Any, frame: dict[str, Any]) -> HttpResponse:
    """The page, in pages of 25."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    vendors = {vendor.pk: vendor for vendor in every_vendor()}
    page = _page(request.user, request.GET.get("page", ""), vendors)
    context = {
        **frame,
        "title": _("What you did"),
        "acts": [_act(entry, vendors[entry.vendor_id]) for entry in page.rows],
        "pager": links_from(page, lambda place: f"?{urlencode({'page': place})}" if place else "?"),
    }
    return render(request, "portal/admin/acts.html", context)


def _page(operator: User, place: str, vendors: Collection[UUID]) -> KeyPage:
    newest = columns_of(AuditEntry)["created_at"].ordered(descending=True)
    with outside(Way.ACTS, "An operator's own acts are in the trails of many vendors."):
        told = acts_of(operator.pk, vendors=vendors).filter(subject_type__in=(VENDORS, PEOPLE))
        walk = Walk.through(told, newest, owner=str(operator.pk), size=PAGE_SIZE)
        return walk.page(place)


def _act(entry: AuditEntry, vendor: Vendor) -> Act:
    about = _("An administrator") if entry.subject_type == PEOPLE else _("The vendor")
    is_change = entry.action == "changed"
    changes = words.in_words(Vendor, entry.facts.get("changes", {})) if is_change else []
    return Act(entry.created_at, words.title(entry), about, vendor, changes)
