"""The customer's pages about licences."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from audit import trail
from audit.models import AuditEntry
from backoffice.export import as_csv
from licenses import search, words
from licenses.access import get_activation, get_license, licenses_of
from licenses.errors import LicensingError, MachineIsGone, ReleaseNotNeeded
from licenses.features import features_of
from licenses.history import told_of
from licenses.models import (
    Activation,
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    Product,
    SeatRequest,
)
from licenses.pages import boxes, rows
from licenses.pages.forms import LicenseSearchForm, NameForm, ReleaseForm
from licenses.pages.listing import Mine
from licenses.search import Totals, Wanted
from licenses.verbs import releasing
from licenses.verbs.activations import check_customer_may_deactivate, deactivate_as_customer
from licenses.verbs.licenses import change_license
from tenancy.prepared import begin, prepared
from web.links import path_to
from web.moments import at
from web.pages import part, render
from web.remembered import remembered_at_most
from web.requests import PAGE_SIZE, not_while_viewing_as, page_of

MOST_NAMED = 3  # machines by which a licence was found

View = Callable[[PersonRequest, UUID, UUID], HttpResponse]


@require_safe
def license_list(request: PersonRequest) -> HttpResponse:
    """The customer's licences: search, filters, order, totals, pages of 25."""
    mine = Mine.of(request.user.pk, timezone.now(), as_it_begins=not request.GET)
    form = LicenseSearchForm(request.GET, products=mine.totals.products) if request.GET else None
    wanted, filters, sort = form.asked() if form else (Wanted(), {}, search.DEFAULT_SORT)
    page = page_of(mine.found(wanted, sort), request)
    today, support = timezone.localdate(mine.now), rows.support_of(request.vendor)
    context = {
        "search": _search(form, sort) if form else _blank_search(mine.totals.products),
        "filtered": bool(filters),
        "totals": mine.totals,
        "tiles": _tiles(mine.totals, filters),
        "page": page,
        "rows": [rows.license_row(license, mine.now, today, support) for license in page],
        "on": _on(search.machines_by_which([license.pk for license in page], wanted.text)),
        "sort": sort,
        "columns": _columns(filters, sort),
        "page_query": urlencode({**filters, "sort": sort}),
    }
    return render(request, "licenses/license_list.html", context)


def _on(machines: dict[UUID, list[str]]) -> dict[str, str]:
    """By the addresses of licences the names of the first machines by which they were found."""
    return {
        path_to("license", pk): ", ".join([*names[:MOST_NAMED], *["…"][: len(names) - MOST_NAMED]])
        for pk, names in machines.items()
    }


@dataclass(frozen=True, slots=True)
class Tile:
    """How many licences have a status, and the link to them."""

    name: str
    count: int
    url: str
    current: bool


def _tiles(totals: Totals, filters: dict[str, str]) -> tuple[Tile, ...]:
    """All licences, and those of each status that some have, which add up to them."""
    return _tiles_of(totals.by_status, filters.get("status", "" if filters else "all"))


@remembered_at_most(256)
def _tiles_of(by_status: tuple[int, ...], chosen: str) -> tuple[Tile, ...]:
    of_status = zip(search.COUNTED, by_status, strict=True)
    return (
        Tile(_("All"), sum(by_status), path_to("licenses"), current=chosen == "all"),
        *(
            Tile(str(words.NAMES[each]), n, f"?status={each.value}", current=each.value == chosen)
            for each, n in of_status
            if n or each.value == chosen
        ),
    )


def _search(form: LicenseSearchForm, sort: str) -> SafeString:
    """The form as it was filled in."""
    return part("licenses/_search.html", {"form": form, "sort": sort})


@remembered_at_most(256)
def _blank_search(products: tuple[tuple[UUID, str], ...]) -> SafeString:
    """The form as most visitors get it, of whom many have the same products."""
    return _search(LicenseSearchForm(products=products), search.DEFAULT_SORT)


EXPORTED: dict[str, Callable[[License], Any]] = {
    "product": lambda license: str(license.product),
    "name": lambda license: license.name,
    "key": lambda license: license.key,
    "order_number": lambda license: license.order_number,
    "status": lambda license: words.status_text(license.standing).name,
    "expires": lambda license: license.expires_on or license.expires_at,
    "seats_used": lambda license: license.total_activations,
    "seats": lambda license: license.allowed_activations or words.seats_allowed(license),
    "deactivations_used": lambda license: license.total_deactivations,
    "maintenance_ends": lambda license: (
        license.maintenance_expires_on or license.maintenance_expires_at
    ),
    "notes": lambda license: license.notes,
}


@not_while_viewing_as
@require_safe
def license_export(request: PersonRequest) -> HttpResponseBase:
    """What search and filters leave of the customer's licences as CSV, in the list's order."""
    now = timezone.now()
    products = Product.objects.values_list("pk", "name")
    wanted, _filters, sort = LicenseSearchForm(request.GET, products=list(products)).asked()
    found = search.find(licenses_of(request.user), wanted, now=now)
    trail.record("exported", request.user, details={"list": "licenses"}, visible=True)
    return as_csv("licences", search.sorted_by(found, sort, now), EXPORTED)


def _columns(filters: dict[str, str], sort: str) -> list[dict[str, str]]:
    """The sortable column heads: name, link that sorts by it, and how it is sorted now."""
    heads = {
        "product": _("Product and key"),
        "status": _("Status"),
        "seats": _("Seats"),
        "expires": _("Expires"),
    }
    columns = []
    for name, label in heads.items():
        descend = sort == name
        query = urlencode({**filters, "sort": f"-{name}" if descend else name})
        order = {name: "ascending", f"-{name}": "descending"}.get(sort, "none")
        columns.append({"name": name, "label": label, "url": f"?{query}", "order": order})
    return columns


@require_safe
def license_detail(request: PersonRequest, license_id: UUID) -> HttpResponse:
    """Everything that the customer may know about one licence."""
    return render_license(request, get_license(request, license_id))


def render_license(request: PersonRequest, license: License) -> HttpResponse:
    """The licence's page, with its machines and its history in pages of 25."""
    now = timezone.now()
    today = timezone.localdate(now)
    machine_rows = _machines_of.rows(license.pk)
    history_rows = _history_of.rows(license.pk, license.user_id)
    version = license.product_version
    metadata, meters, requests, *features = begin(
        PAGE_SIZE,
        [machine_rows, history_rows],
        _metadata_of.asked(license.pk),
        _meters_of.asked(license.pk),
        _requests_of.asked(license.pk, license.user_id),
        *([features_of.asked(version.pk)] if version else []),
    )
    machines = page_of(machine_rows, request, "machines")
    asked = {each.activation_id for each in requests if each.is_open}
    left = releasing.own_releases_left(license, now)
    history = page_of(history_rows, request, "history")
    context = {
        "license": license,
        "product": license.product,
        "version": words.version_text(version, features[0]) if version else "",
        "row": rows.license_row(license, now, today, rows.support_of(request.vendor)),
        "type": words.type_text(license),
        "validity": words.validity_text(license),
        "maintenance": words.maintenance_text(license),
        "deactivations": words.deactivations_text(license),
        "usable_offline": license.standing.usable and license.type == "node-locked",
        "owner": license.user if license.user_id != request.user.pk else None,
        "holder": license.user or request.user,
        "as_of": at(now),
        "name_form": NameForm(initial={"name": license.name}),
        "metadata": metadata,
        "meters": meters,
        "boxes": boxes.rendered(request, license),
        "machine_page": machines,
        "machines": [
            rows.machine_row(each, license, now, today, asked, left=left) for each in machines
        ],
        "requests": [rows.request_row(each, now) for each in requests],
        "history_page": history,
        "events": [rows.event_row(event, now) for event in history],
    }
    return render(request, "licenses/license_detail.html", context)


@prepared
def _machines_of(license: Any, /) -> QuerySet[Activation]:
    return Activation.objects.filter(license=license).order_by("-created_at", "pk")


@prepared
def _history_of(license: Any, owner: Any, /) -> QuerySet[AuditEntry]:
    return told_of(license, owner)


@prepared
def _metadata_of(license: Any, /) -> QuerySet[LicenseMetadata]:
    return LicenseMetadata.objects.filter(license=license, visible=True)


@prepared
def _meters_of(license: Any, /) -> QuerySet[LicenseMeterAttribute]:
    return LicenseMeterAttribute.objects.filter(license=license, visible=True)


@prepared
def _requests_of(license: Any, owner: Any, /) -> QuerySet[SeatRequest]:
    """The open ones and the newest of the others, of the present owner's time."""
    found = SeatRequest.objects.filter(license=license, owner=owner)
    is_open = Case(When(state=SeatRequest.State.OPEN, then=Value(0)), default=Value(1))
    return found.order_by(is_open, "-created_at", "pk")[:PAGE_SIZE]


def _ask_before_deactivating(request: HttpRequest, activation: Activation) -> HttpResponse:
    """Asks once before a machine is deactivated: names it and says what will follow."""
    license, now = activation.license, timezone.now()
    today = timezone.localdate(now)
    context = {
        "license": license,
        "product": license.product,
        "machine": rows.machine_row(activation, license, now, today),
        "left": license.deactivations_left,
    }
    return render(request, "licenses/activation_deactivate.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def license_name(request: PersonRequest, license_id: UUID) -> HttpResponse:
    """What the owner calls the licence (GET asks, POST saves)."""
    license = get_license(request, license_id)
    if license.user_id != request.user.pk:
        raise PermissionDenied(_("A licence is named by the person whose it is."))
    posted = request.POST if request.method == "POST" else None
    form = NameForm(posted, initial={"name": license.name})
    if form.is_valid():
        if form.has_changed():
            license.name = form.cleaned_data["name"]
            change_license(license, fields=["name"])
        messages.success(request, _("The name is saved."))
        return redirect("license", license_id)
    context = {"license": license, "product": license.product, "form": form}
    return render(request, "licenses/license_name.html", context)


def to_license_once_gone(view: View) -> View:
    """Leads on to the licence, and says what became of the machine, where that has no seat any
    more: a page from the browser's history, a button pressed twice."""

    @wraps(view)
    def wrapped(request: PersonRequest, license_id: UUID, activation_id: UUID) -> HttpResponse:
        try:
            return view(request, license_id, activation_id)
        except MachineIsGone as gone:
            messages.info(request, gone.sentence)
            return redirect("license", license_id)

    return wrapped


@require_http_methods(["GET", "HEAD", "POST"])
@to_license_once_gone
def activation_deactivate(
    request: PersonRequest, license_id: UUID, activation_id: UUID
) -> HttpResponse:
    """Frees the seat of one machine, where the rules allow customers to (GET asks, POST does)."""
    activation = get_activation(request, license_id, activation_id)
    try:
        check_customer_may_deactivate(activation.license, activation)
        if request.method != "POST":
            return _ask_before_deactivating(request, activation)
        deactivate_as_customer(activation)
    except LicensingError as error:
        messages.error(request, error.sentence)
        return redirect("license", license_id)
    name = activation.hostname or _("The machine")
    messages.success(request, _("%(name)s is deactivated and its seat is free.") % {"name": name})
    return redirect("license", license_id)


@require_http_methods(["GET", "HEAD", "POST"])
@to_license_once_gone
def activation_release(
    request: PersonRequest, license_id: UUID, activation_id: UUID
) -> HttpResponse:
    """The way on for a machine that can't give its seat back: asks support to release it or, as
    far as the vendor lets customers do that, releases it (GET asks, POST does)."""
    activation = get_activation(request, license_id, activation_id)
    license, now = activation.license, timezone.now()
    try:
        releasing.check_not_alone(license, activation)
    except ReleaseNotNeeded:
        return redirect("activation_deactivate", license_id, activation_id)
    left = releasing.own_releases_left(license, now)
    own = releasing.may_release_own(license, activation, left)
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _release(request, activation, form.cleaned_data["reason"], own=own)
        return redirect(path_to("license", license_id) + "#requests")
    context = {
        "license": license,
        "product": license.product,
        "machine": rows.machine_row(activation, license, now, timezone.localdate(now)),
        "works": words.works_until(activation),
        "deactivations": words.deactivations_text(license),
        "own": own,
        "left": left,
        "form": form,
    }
    return render(request, "licenses/activation_release.html", context)


def _release(request: PersonRequest, activation: Activation, reason: str, *, own: bool) -> None:
    """Releases the machine, or asks support to; says what came of it."""
    act = releasing.release_own if own else releasing.ask
    try:
        act(activation, user=request.user, reason=reason)
    except LicensingError as error:
        messages.error(request, error.sentence)
        return
    done = (
        _("%(name)s is released and its seat is free.")
        if own
        else _("Support has been asked to release %(name)s. The answer comes by e-mail.")
    )
    messages.success(request, done % {"name": activation.hostname or _("The machine")})
