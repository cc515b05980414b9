"""The customer's machines across all licences, and freeing many of them at once."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.contrib import messages
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from licenses.access import asked_for, machines_of
from licenses.models import Activation
from licenses.pages import rows
from licenses.pages.forms import MachineSearchForm
from licenses.search import machines_seen_in
from licenses.verbs.activations import (
    MOST_AT_ONCE,
    deactivate_many_as_customer,
    refusals_of_many,
)
from licenses.verbs.releasing import own_releases_of
from web.pages import render
from web.requests import page_of

MOST_NAMED = 5  # messages travel in a cookie


@require_safe
def machine_list(request: PersonRequest) -> HttpResponse:
    """All machines, those first that were not seen for longest, in pages of 25."""
    form = MachineSearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    # Not by the index of this order: to fill a short page it would be read through all customers'.
    seen = Coalesce("last_synced_at", "created_at")
    machines = machines_of(request.user).order_by(seen, "pk")
    page = page_of(machines_seen_in(machines, text) if text else machines, request)
    shown = _rows(request, list(page))
    context = {
        "form": form,
        "text": text,
        "page": page,
        "rows": shown,
        "may_choose": any(machine.deactivate_url for machine, *_license in shown),
    }
    return render(request, "licenses/machine_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def deactivate_many(request: PersonRequest) -> HttpResponse:
    """Shows what becomes of each of the machines that were chosen; confirmed, frees them.

    Who goes back in the browser, or had to sign in again on the way, arrives by GET, without what
    was chosen, and chooses anew.
    """
    if request.method != "POST":
        return redirect("machines")
    machines = _chosen(request)
    if not machines:
        messages.error(request, _("Choose at least one machine that has its seat."))
        return redirect("machines")
    if "confirm" in request.POST:
        _say_done(request, machines, deactivate_many_as_customer(machines))
        return redirect("machines")
    refusals = refusals_of_many(machines)
    context = {
        "chosen": [
            (row, refusal.sentence if refusal else "")
            for row, refusal in zip(_rows(request, machines), refusals, strict=True)
        ],
        "free": refusals.count(None),
    }
    return render(request, "licenses/machines_deactivate.html", context)


def _chosen(request: PersonRequest) -> Sequence[Activation]:
    """The customer's among the machines that were posted; others are not there."""
    ids = set()
    for text in request.POST.getlist("machine")[:MOST_AT_ONCE]:
        try:
            ids.add(UUID(text))
        except ValueError:
            continue
    return list(machines_of(request.user).filter(pk__in=ids).order_by("last_synced_at", "pk"))


Row = tuple[rows.MachineRow, str, str, str]


def _rows(request: PersonRequest, machines: Sequence[Activation]) -> list[Row]:
    """The machines, each with its licence, and with what is asked and may be released already."""
    licenses = [machine.license for machine in machines]
    left = own_releases_of(request.vendor, licenses, timezone.now())
    asked = asked_for(machines)
    return [_row(each, asked, left.get(each.license.user_id, 0)) for each in machines]


def _row(machine: Activation, asked: Collection[UUID], left: int) -> Row:
    """The machine, and of its licence the page, product and name, and key."""
    now, license = timezone.now(), machine.license
    shown = rows.license_row(license, now, timezone.localdate(now))
    name = f"{shown.product} · {shown.name}" if shown.name else shown.product
    machine_row = rows.machine_row(machine, license, now, timezone.localdate(now), asked, left=left)
    return machine_row, shown.url, name, shown.key


def _say_done(
    request: PersonRequest, machines: Sequence[Activation], refusals: Sequence[object]
) -> None:
    freed = refusals.count(None)
    if freed:
        text = ngettext(
            "%(n)d machine is deactivated and its seat is free.",
            "%(n)d machines are deactivated and their seats are free.",
            freed,
        )
        messages.success(request, text % {"n": freed})
    kept = [
        machine.hostname or _("Machine without a name")
        for machine, refusal in zip(machines, refusals, strict=True)
        if refusal
    ]
    if kept:
        told = {"n": len(kept), "names": ", ".join(kept[:MOST_NAMED])}
        text = ngettext(
            "%(n)d machine keeps its seat: %(names)s",
            "%(n)d machines keep their seats: %(names)s",
            len(kept),
        )
        messages.error(request, text % told)
