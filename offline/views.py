"""The customer's page about offline files: look, confirm, take the response."""

import re
from collections.abc import Collection
from contextlib import suppress
from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Refusal
from accounts.requests import PersonRequest
from accounts.sessions import browser_of
from accounts.verbs import refusals
from licenses import words
from licenses.access import asked_for, get_license
from licenses.errors import (
    ActivationLimitReached,
    CustomerDeactivationNotAllowed,
    DeactivationLimitReached,
    MachineKeyReplacedTooOften,
    OfflineMachineKeepsItsSeat,
)
from licenses.models import Activation, License, OperatingSystem
from licenses.pages import rows
from licenses.verbs.activations import find_activation
from licenses.verbs.releasing import own_releases_left
from offline.access import (
    get_exchange,
    get_response_of_machine,
    last_exchange_of,
    machine_of,
)
from offline.codec import ActivationRequest
from offline.forms import RequestForm
from offline.models import OfflineExchange
from offline.verbs import answering
from web import limits
from web.errors import PortalError
from web.links import path_to
from web.moments import moment
from web.pages import render
from web.requests import client_ip, not_while_viewing_as

GONE = HTTPStatus.GONE


@require_http_methods(["GET", "HEAD", "POST"])
def hand_in(request: PersonRequest) -> HttpResponse:
    """Takes an offline file and shows what it asks for, before anything happens."""
    if request.method != "POST":
        return _ask_for_file(request, RequestForm())
    limits.take(limits.OFFLINE_PER_USER, str(request.user.pk))
    form = RequestForm(request.POST, request.FILES)
    if not form.is_valid():
        return _ask_for_file(request, form, status=400)
    data = form.cleaned_data["data"]
    try:
        review = answering.look(request.user, data, stop=_stopping(request))
    except PortalError as error:
        return _refuse(request, error, data)
    return _show_review(request, review)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest) -> HttpResponse:
    """Does what the reviewed file asks for; the same file twice changes nothing the second time.

    Who had to sign in again on the way arrives by GET, without the file, and begins anew.
    """
    if request.method != "POST":
        return redirect("offline")
    limits.take(limits.OFFLINE_PER_USER, str(request.user.pk))
    data = request.POST.get("request_text", "")
    try:
        exchange = answering.answer(request.user, data, stop=_stopping(request))
    except PortalError as error:
        return _refuse(request, error, data)
    return redirect("offline_done", exchange.pk)


@require_safe
def done(request: PersonRequest, exchange_id: UUID) -> HttpResponse:
    """The response to take, and what to do with it on the machine."""
    return _show_done(request, get_exchange(request, exchange_id))


def _show_done(
    request: PersonRequest, exchange: OfflineExchange, status: int = 200
) -> HttpResponse:
    now, machine = timezone.now(), machine_of(exchange)
    deactivated = exchange.kind == OfflineExchange.Kind.DEACTIVATION
    context = {
        "exchange": exchange,
        "license": exchange.license,
        "product": exchange.license.product,
        "seats": rows.seats(exchange.license),
        "file_name": file_name(exchange),
        "answered": moment(exchange.created_at, now),
        "valid_until": moment(exchange.valid_until, now),
        "run_out": exchange.valid_until is not None and exchange.valid_until <= now,
        "deactivated": deactivated,
        "ended": machine is None and not deactivated,
        "lease_end": moment(machine.lease_expires_at if machine else None, now),
    }
    return render(request, "offline/done.html", context, status)


@not_while_viewing_as
@require_safe
def response_file(request: PersonRequest, exchange_id: UUID) -> HttpResponse:
    """The response as a file; one that can't be installed any more, or whose machine has no seat
    any more, is gone (410), and the page says what to do."""
    exchange = get_exchange(request, exchange_id)
    is_receipt = exchange.kind == OfflineExchange.Kind.DEACTIVATION
    if is_receipt or (_can_be_installed(exchange) and machine_of(exchange)):
        return _attachment(exchange)
    return _show_done(request, exchange, GONE)


def _can_be_installed(exchange: OfflineExchange) -> bool:
    return exchange.valid_until is not None and exchange.valid_until > timezone.now()


@not_while_viewing_as
@require_safe
def machine_response(request: PersonRequest, activation_id: UUID) -> HttpResponse:
    """The newest response of a machine as a file, from its licence's page; if there is none that
    can be used, or the machine is deactivated, the page says so (410)."""
    try:
        return _attachment(get_response_of_machine(request, activation_id))
    except Http404:
        return _show_done(request, last_exchange_of(request, activation_id), GONE)


def file_name(exchange: OfflineExchange) -> str:
    """`<host name>-<product>.dat`, of a receipt `…-receipt.dat`, in characters that every file
    system takes."""
    name = f"{exchange.hostname or 'machine'}-{exchange.license.product.name}"
    is_receipt = exchange.kind == OfflineExchange.Kind.DEACTIVATION
    ending = "-receipt.dat" if is_receipt else ".dat"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:120] + ending


def _attachment(exchange: OfflineExchange) -> HttpResponse:
    response = HttpResponse(exchange.response + "\n", content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{file_name(exchange)}"'
    return response


def _ask_for_file(
    request: PersonRequest,
    form: RequestForm,
    *,
    refusal: PortalError | None = None,
    about: tuple[str, License] | None = None,
    way: tuple[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form; with a refusal what is wrong and what to do, that nothing was changed, and which
    machine and licence the file is about."""
    license, now = _chosen_license(request), timezone.now()
    today = timezone.localdate(now)
    context = {
        "form": form,
        "license": license,
        "row": rows.license_row(license, now, today) if license else None,
        "refusal": refusal,
        "machine": about[0] if about else "",
        "refused": rows.license_row(about[1], now, today) if about else None,
        "way": way,
    }
    return render(request, "offline/hand_in.html", context, status=status)


def _chosen_license(request: PersonRequest) -> License | None:
    """The licence from whose page the customer comes; raises Http404 if it isn't the customer's.

    It is context only: which licence a file is for, the file says.
    """
    text = request.POST.get("license") or request.GET.get("license")
    if not text:
        return None
    try:
        return get_license(request, UUID(text))
    except ValueError as error:
        raise Http404 from error


def _refuse(request: PersonRequest, error: PortalError, data: bytes | str) -> HttpResponse:
    """What is wrong and the way on, noted for support; a request that can be read is kept in the
    form."""
    asked, license = _named_in(request, data)
    machine = _machine_in(asked, license)
    refusals.note(
        Refusal.Kind.FILE,
        error.code,
        user=request.user,
        said=_said(error),
        machine=machine,
        license_key=license.key if license else (asked.key if asked else ""),
        license_id=license.pk if license else None,
        ip=client_ip(request),
        browser=browser_of(request),
    )
    if asked is None:
        return _ask_for_file(request, RequestForm(), refusal=error, status=400)
    stopping = _stopping(request)
    if license and (isinstance(error, ActivationLimitReached) or _keeps_seat(error, stopping)):
        return _show_machines(request, license, asked, error, stopping)
    form = RequestForm(initial={"request_text": asked.text})
    way = _way_on(error, license, asked.fingerprint) if license else None
    about = (machine, license) if license else None
    return _ask_for_file(request, form, refusal=error, about=about, way=way, status=400)


def _said(error: PortalError) -> str:
    """What the customer reads of a refusal, the small print included."""
    detail = str(error.detail)
    return f"{error.sentence} ({detail})" if detail else error.sentence


def _named_in(
    request: PersonRequest, data: bytes | str
) -> tuple[answering.Request | None, License | None]:
    """What a request is and the customer's licence that it names, as far as it can be read."""
    try:
        return answering.named_in(request.user, data)
    except PortalError:
        return None, None


def _machine_in(asked: answering.Request | None, license: License | None) -> str:
    """The name of the machine that a request is of; empty where it is not known."""
    if isinstance(asked, ActivationRequest):
        return asked.hostname
    known = find_activation(license, asked.fingerprint) if asked and license else None
    return known.hostname if known else ""


def _way_on(error: PortalError, license: License, fingerprint: str) -> tuple[str, str]:
    """What to do about a refusal: an address and its name."""
    machine = find_activation(license, fingerprint)
    if machine and isinstance(error, DeactivationLimitReached | MachineKeyReplacedTooOften):
        url = path_to("activation_release", license.pk, machine.pk)
        return url, _("Ask support to release the machine")
    return path_to("license", license.pk), _("Go to the licence")


# --- No seat left -------------------------------------------------------------------------------

MOST_MACHINES = 100


def _stopping(request: PersonRequest) -> list[UUID]:
    """The machines that are to give up their seats for the request's, as far as they are ids."""
    found = []
    for text in request.POST.getlist("stop")[:MOST_MACHINES]:
        with suppress(ValueError):
            found.append(UUID(text))
    return found


def _keeps_seat(error: PortalError, stopping: Collection[UUID]) -> bool:
    """Whether a chosen machine is what was refused."""
    return bool(stopping) and isinstance(
        error,
        CustomerDeactivationNotAllowed | OfflineMachineKeepsItsSeat | DeactivationLimitReached,
    )


def _show_machines(
    request: PersonRequest,
    license: License,
    asked: answering.Request,
    error: PortalError,
    stopping: Collection[UUID],
) -> HttpResponse:
    """The licence without a free seat and its machines, of which one can be chosen to stop; the
    request is kept, and which ones were chosen before, where one is not enough. Those that were not
    seen for longest come first."""
    now = timezone.now()
    today = timezone.localdate(now)
    found = Activation.objects.filter(license=license).select_related("license")
    is_full = isinstance(error, ActivationLimitReached)
    chosen = list(found.filter(pk__in=stopping)) if is_full else []
    others = found.exclude(pk__in=[each.pk for each in chosen])
    machines = list(others.order_by("last_synced_at", "pk")[:MOST_MACHINES])
    waiting, left = asked_for(machines), own_releases_left(license, now)
    context = {
        "request_text": asked.text,
        "hostname": asked.hostname if isinstance(asked, ActivationRequest) else "",
        "license": license,
        "product": license.product,
        "row": rows.license_row(license, now, today),
        "deactivations": words.deactivations_text(license),
        "machines": [
            rows.machine_row(each, license, now, today, waiting, left=left) for each in machines
        ],
        "chosen": chosen,
        "more": max(0, license.total_activations - len(chosen) - MOST_MACHINES),
        "refusal": error,
        "is_full": is_full,
    }
    return render(request, "offline/full.html", context, status=400)


def _show_review(request: PersonRequest, review: answering.Review) -> HttpResponse:
    asked, now = review.request, timezone.now()
    license = review.license
    seats_after = license.total_activations + review.changes_seats_by
    machine = asked if isinstance(asked, ActivationRequest) else review.activation
    chosen = _chosen_license(request)
    context = {
        "review": review,
        "other_license": chosen if chosen and chosen.pk != license.pk else None,
        "request_text": asked.text,
        "stopping": ", ".join(map(str, review.stopping)),
        "license": license,
        "product": license.product,
        "called": rows.called(license),
        "hostname": machine.hostname if machine else (review.earlier and review.earlier.hostname),
        "system": _system(machine.os, machine.os_version) if machine else "",
        "app_version": machine.app_version if machine else "",
        "status": words.status_text(license.standing),
        "seats_now": rows.seats(license),
        "seats_after": seats_after,
        "seats_left_after": None
        if license.unlimited_activations
        else max(0, license.allowed_activations - seats_after),
        "deactivations": words.deactivations_text(license),
        "set_up_anew": words.replacements_text(review.activation, license, now)
        if review.activation
        else "",
        "answered": moment(review.earlier.created_at, now) if review.earlier else None,
    }
    return render(request, "offline/review.html", context)


def _system(os: str, version: str) -> str:
    return f"{OperatingSystem(os).label} {version}".strip()
