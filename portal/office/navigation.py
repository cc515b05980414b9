"""What the back office's navigation offers, to whom, and where in it a page stands.

Each list of the back office has its entry here (tests/portal/test_navigation.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.requests import kind_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation: to `route` with `query`, for who has the right (all, without one).

    The model's pages stand below it, and those whose routes begin with one of `pages`.
    """

    name: str
    label: str | Promise
    icon: str  # its name in static/icons.svg
    route: str
    right: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return reverse(f"admin:{self.route}", query=self.query)

    @property
    def beginnings(self) -> tuple[str, ...]:
        return (self.route.removesuffix("changelist"), *self.pages)


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that stand together; the first group needs no title."""

    name: str
    title: str | Promise
    entries: tuple[Entry, ...]


def of(
    model: str, name: str, label: str | Promise, icon: str, right: str = "view", **options: Any
) -> Entry:
    """The entry of a model's list, by `<app>.<model>`, for who has the right to it."""
    app, _dot, model_name = model.partition(".")
    route = f"{app}_{model_name}_changelist"
    return Entry(name, label, icon, route, f"{app}.{right}_{model_name}", **options)


OVERVIEW = Entry("overview", _("Overview"), "home", "index")
CUSTOMERS, TEAM = {"kind": "customers"}, {"kind": "team"}

VENDORS = (
    Group(
        "main",
        "",
        (
            OVERVIEW,
            of("accounts.user", "customers", _("Customers"), "people", query=CUSTOMERS),
            of("licenses.license", "licenses", _("Licences"), "key"),
            of("licenses.product", "products", _("Products"), "box"),
            of("releases.release", "releases", _("Releases"), "file"),
            of("mail.outgoingemail", "emails", _("E-mails"), "mail"),
            of("accounts.user", "team", _("Team"), "person", query=TEAM),
            of("branding.branding", "branding", _("Branding"), "drop", "change"),
            of("accounts.portalsettings", "settings", _("Settings"), "gear", "change"),
        ),
    ),
    Group(
        "more",
        _("More"),
        (
            of("licenses.activation", "machines", _("Machines"), "machine"),
            of("licenses.seatrequest", "requests", _("Requests to release"), "help"),
            of("licenses.licensepolicy", "policies", _("Licence policies"), "sliders"),
            of("licenses.maintenancepolicy", "maintenance", _("Maintenance policies"), "clock"),
            of("licenses.productversion", "versions", _("Product versions"), "layers"),
            of("licenses.featureflag", "flags", _("Feature flags"), "switch"),
            of("licenses.trialpolicy", "trial-policies", _("Trial policies"), "hourglass"),
            of("licenses.trialactivation", "trials", _("Trials"), "flask"),
            of("releases.download", "downloads", _("Downloads"), "download"),
            of("backoffice.bulkchange", "changes", _("Changes to many"), "stack"),
            of("imports.dataimport", "imports", _("Imports"), "upload"),
            of("moving.move", "moves", _("Moving in"), "arrive"),
            of("accounts.identityprovider", "providers", _("Single sign-on"), "enter"),
            of("webhooks.webhook", "webhooks", _("Webhooks"), "plug"),
            of("webhooks.delivery", "webhook-log", _("Sent to webhooks"), "signal"),
            of("accounts.tag", "tags", _("Tags"), "tag"),
            of("accounts.personalaccesstoken", "tokens", _("Access tokens"), "token"),
            of("mail.owntext", "texts", _("Texts of e-mails"), "text"),
            of("branding.customdomain", "domains", _("Custom domains"), "globe"),
            of("audit.auditentry", "trail", _("Audit trail"), "list"),
        ),
    ),
)
OPERATORS = (
    Group(
        "main",
        "",
        (
            OVERVIEW,
            of("tenancy.vendor", "vendors", _("Vendors"), "people", pages=("vendor_",)),
            Entry("how", _("How is it"), "signal", "how", "tenancy.view_vendor"),
            Entry("acts", _("What you did"), "list", "acts", "tenancy.view_vendor"),
        ),
    ),
)


def groups_for(user: User) -> list[Group]:
    """The navigation that the person sees: what he has the right to, and no group without that."""
    found = []
    for group in OPERATORS if user.vendor_id is None else VENDORS:
        allowed = tuple(
            each for each in group.entries if not each.right or user.has_perm(each.right)
        )
        if allowed:
            found.append(Group(group.name, group.title, allowed))
    return found


def place_of(request: HttpRequest) -> str:
    """The name of the entry that the page stands below; empty where it stands below none.

    Of the two lists of people the page says itself which one it belongs to, by `place` in its
    context, where the address doesn't.
    """
    match = request.resolver_match
    route = match.url_name or "" if match else ""
    if route.startswith("accounts_user_"):
        return "team" if kind_of(request) == "team" else "customers"
    for group in (*VENDORS, *OPERATORS):
        for entry in group.entries:
            if route.startswith(entry.beginnings):
                return entry.name
    return ""
