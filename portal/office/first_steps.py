"""What a new vendor does first, on the back office's first page: each step has one link, to the
form that does it, and the one that was done leads on to the next.

What is done is seen from the data. A step that nobody needs can be put aside for good.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import CUSTOMER_ROLES, Role, User
from accounts.verbs.settings import settle_step
from accounts.verbs.trial_email import KIND as TEST_EMAIL
from branding.models import Branding, CustomDomain
from licenses.models import License, LicensePolicy, MaintenancePolicy, Product
from releases.models import Release
from tenancy.models import Vendor


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps. `next` is the one to take now, `skipped` was put aside, `optional` can
    be."""

    name: str
    title: str
    text: str
    url: str
    done: bool
    optional: bool = False
    skipped: bool = False
    next: bool = False

    @property
    def open(self) -> bool:
        return not (self.done or self.skipped)


@dataclass(frozen=True, slots=True)
class _Said:
    """A step as it is told. It is done by whoever has the right `act` to the model, on its page of
    that name, whose form begins with `query`."""

    name: str
    title: str | Promise
    text: str | Promise
    model: str  # <app>.<model>
    act: str
    query: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False

    @property
    def right(self) -> str:
        app, _dot, model = self.model.partition(".")
        return f"{app}.{self.act}_{model}"

    @property
    def route(self) -> str:
        """The view that does it. What is changed is one form, which stands in its list's place."""
        page = {"add": "add", "change": "changelist"}[self.act]
        return f"admin:{self.model.replace('.', '_')}_{page}"

    def url(self, draft: Any) -> str:
        """The page that does it; for a release, the draft that waits to be published."""
        if self.name == "release" and draft:
            return reverse("admin:releases_release_change", args=[draft])
        return reverse(self.route, query=self.query)


# All of them, in the order in which they are taken.
STEPS = (
    _Said(
        "look",
        _("Give the portal your look"),
        _("Your logo, colour and title."),
        "branding.branding",
        "change",
    ),
    _Said(
        "product",
        _("Add a product"),
        _("The program that you sell licences for."),
        "licenses.product",
        "add",
    ),
    _Said(
        "policy",
        _("Add a policy"),
        _("The terms that new licences begin with."),
        "licenses.licensepolicy",
        "add",
    ),
    _Said(
        "maintenance",
        _("Add a maintenance policy"),
        _("Which new versions licences bring, and for how long."),
        "licenses.maintenancepolicy",
        "add",
        optional=True,
    ),
    _Said(
        "customer",
        _("Add your first customer"),
        _("Customers sign in to your portal."),
        "accounts.user",
        "add",
        {"_changelist_filters": "kind=customers"},
    ),
    _Said(
        "licence",
        _("Create your first licence"),
        _("It brings a customer and a product together."),
        "licenses.license",
        "add",
    ),
    _Said(
        "release",
        _("Publish your first release"),
        _("Files that licences let customers download."),
        "releases.release",
        "add",
    ),
    _Said(
        "domain",
        _("Add a domain of your own"),
        _("The portal then answers at a name such as licences.example.com."),
        "branding.customdomain",
        "add",
        optional=True,
    ),
    _Said(
        "colleague",
        _("Invite a colleague"),
        _("Administrators may do everything, support helps customers."),
        "accounts.user",
        "add",
        {"_changelist_filters": "kind=team"},
        optional=True,
    ),
    _Said(
        TEST_EMAIL,
        _("Send yourself a test e\N{NON-BREAKING HYPHEN}mail"),
        _("So you see that e\N{NON-BREAKING HYPHEN}mails arrive, and how they look."),
        "accounts.portalsettings",
        "change",
    ),
)

# By which views steps are done, beside those that their links lead to.
BESIDE = {
    "admin:releases_release_do": "release",
    "admin:accounts_portalsettings_test": TEST_EMAIL,
}


def first_steps(vendor: Vendor, user: User) -> list[Step]:
    """The steps that the user may take; none when none is open. One query tells what is done."""
    done, settled, draft = _done(vendor)
    steps = [
        Step(
            name=said.name,
            title=str(said.title),
            text=str(said.text),
            url=said.url(draft),
            done=done[said.name],
            optional=said.optional,
            skipped=said.optional and said.name in settled,
        )
        for said in STEPS
        if user.has_perm(said.right)
    ]
    following = next((step for step in steps if step.open), None)
    return [replace(step, next=step is following) for step in steps] if following else []


def _done(vendor: Vendor) -> tuple[dict[str, bool], list[str], Any]:
    """Which steps are done, which were put aside, and a release that waits to be published."""
    people = User.objects.all()
    # By their roles, which an index has: customers can be many.
    of_staff = Role.objects.exclude(name__in=CUSTOMER_ROLES).values("name")
    staff = people.filter(role__in=of_staff)
    found = {
        "look": Exists(Branding.objects.all()),
        "product": Exists(Product.objects.all()),
        "policy": Exists(LicensePolicy.objects.all()),
        "maintenance": Exists(MaintenancePolicy.objects.all()),
        "customer": Exists(people.filter(role__in=CUSTOMER_ROLES)),
        "licence": Exists(License.objects.all()),
        "release": Exists(Release.objects.filter(published=True)),
        "domain": Exists(CustomDomain.objects.all()),
        "colleague": Exists(staff.order_by()[1:2]),
    }
    drafts = Release.objects.filter(published=False).order_by("-created_at").values("pk")[:1]
    *told, settled, draft = Vendor.objects.filter(pk=vendor.pk).values_list(
        *found.values(), F("settled_steps"), Subquery(drafts)
    )[0]
    done = dict(zip(found, told, strict=True)) | {TEST_EMAIL: TEST_EMAIL in settled}
    return done, settled, draft


def leading_on(request: HttpRequest, respond: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer of a view; when it has done one of the steps, with a message that leads to the
    next one."""
    vendor = getattr(request.user, "vendor", None)
    waiting = _done_by(request) if request.method == "POST" and vendor else set()
    if not waiting or vendor is None:
        return respond()
    done, _settled, _draft = _done(vendor)
    waiting = {name for name in waiting if not done[name]}
    response = respond()
    if waiting and response.status_code == HTTP_FOUND:
        _say_what_is_next(request, vendor, waiting)
    return response


HTTP_FOUND = 302


def _done_by(request: HttpRequest) -> set[str]:
    """The steps that the request's view does."""
    match = request.resolver_match
    route = match.view_name if match else ""
    found = {said.name for said in STEPS if said.route == route}
    return found | {name for view, name in BESIDE.items() if view == route}


def _say_what_is_next(request: Any, vendor: Vendor, waiting: set[str]) -> None:
    steps = first_steps(vendor, request.user)
    if steps and not any(step.name in waiting and step.done for step in steps):
        return
    following = [step for step in steps if step.next]
    for step in following:
        told = gettext("First steps, next:")
        text = format_html('{} <a href="{}">{}</a>', told, step.url, step.title)
        messages.info(request, text)


def skip_view(request: Any, name: str) -> HttpResponse:
    """Puts a step aside for good: for who may take it, by POST."""
    optional = {said.name: said for said in STEPS if said.optional}
    if request.user.vendor is None:
        raise PermissionDenied
    if name not in optional:
        raise Http404
    if not request.user.has_perm(optional[name].right):
        raise PermissionDenied
    if request.method != "POST":
        raise Http404
    settle_step(vendor=request.user.vendor, name=name)
    return redirect("admin:index")
