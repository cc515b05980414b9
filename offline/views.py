"""The customer's page about offline files: look, confirm, take the response."""

import re
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from licenses import words
from licenses.access import get_license
from licenses.models import License, OperatingSystem
from licenses.pages import rows
from offline.access import get_exchange, get_response_of_machine, lease_end
from offline.codec import ActivationRequest
from offline.forms import RequestForm
from offline.models import OfflineExchange
from offline.verbs import answering
from web import limits
from web.errors import PortalError
from web.moments import moment
from web.pages import render
from web.requests import not_while_viewing_as


@require_http_methods(["GET", "HEAD", "POST"])
def hand_in(request: PersonRequest) -> HttpResponse:
    """Takes an offline file and shows what it asks for, before anything happens."""
    if request.method != "POST":
        return _ask_for_file(request, RequestForm())
    limits.take(limits.OFFLINE_PER_USER, str(request.user.pk))
    form = RequestForm(request.POST, request.FILES)
    if not form.is_valid():
        return _ask_for_file(request, form, status=400)
    try:
        review = answering.look(request.user, form.cleaned_data["data"])
    except PortalError as error:
        return _refuse(request, error)
    return _show_review(request, review)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest) -> HttpResponse:
    """Does what the reviewed file asks for; the same file twice changes nothing the second time.

    Who had to sign in again on the way arrives by GET, without the file, and begins anew.
    """
    if request.method != "POST":
        return redirect("offline")
    limits.take(limits.OFFLINE_PER_USER, str(request.user.pk))
    try:
        exchange = answering.answer(request.user, request.POST.get("request_text", ""))
    except PortalError as error:
        return _refuse(request, error)
    return redirect("offline_done", exchange.pk)


@require_safe
def done(request: PersonRequest, exchange_id: UUID) -> HttpResponse:
    """The response to take, and what to do with it on the machine."""
    now = timezone.now()
    exchange = get_exchange(request, exchange_id)
    context = {
        "exchange": exchange,
        "license": exchange.license,
        "product": exchange.license.product,
        "seats": rows.seats(exchange.license),
        "file_name": file_name(exchange),
        "answered": moment(exchange.created_at, now),
        "valid_until": moment(exchange.valid_until, now),
        "run_out": exchange.valid_until is not None and exchange.valid_until <= now,
        "deactivated": exchange.kind == OfflineExchange.Kind.DEACTIVATION,
        "lease_end": moment(lease_end(exchange), now),
    }
    return render(request, "offline/done.html", context)


@not_while_viewing_as
@require_safe
def response_file(request: PersonRequest, exchange_id: UUID) -> HttpResponse:
    """The response as a file; a response that can't be installed any more is gone (404)."""
    exchange = get_exchange(request, exchange_id)
    if exchange.valid_until is not None and exchange.valid_until <= timezone.now():
        raise Http404
    return _attachment(exchange)


@not_while_viewing_as
@require_safe
def machine_response(request: PersonRequest, activation_id: UUID) -> HttpResponse:
    """The newest response of a machine as a file, from its licence's page."""
    return _attachment(get_response_of_machine(request, activation_id))


def file_name(exchange: OfflineExchange) -> str:
    """`<host name>-<product>.dat`, in characters that every file system takes."""
    name = f"{exchange.hostname or 'machine'}-{exchange.license.product.name}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:120] + ".dat"


def _attachment(exchange: OfflineExchange) -> HttpResponse:
    response = HttpResponse(exchange.response + "\n", content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{file_name(exchange)}"'
    return response


def _ask_for_file(
    request: PersonRequest,
    form: RequestForm,
    *,
    refusal: PortalError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form; with a refusal what is wrong and what to do, and that nothing was changed."""
    license, now = _chosen_license(request), timezone.now()
    today = timezone.localdate(now)
    context = {
        "form": form,
        "license": license,
        "row": rows.license_row(license, now, today) if license else None,
        "refusal": refusal,
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


def _refuse(request: PersonRequest, error: PortalError) -> HttpResponse:
    return _ask_for_file(request, RequestForm(), refusal=error, status=400)


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
        "license": license,
        "product": license.product,
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
