"""The pages of passkeys, at portals and in the back office alike."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Passkey
from accounts.passkeys import asking, challenges, entering, verbs
from accounts.passkeys.ceremonies import Place, Unfit, read_new
from accounts.passkeys.challenges import ChallengeOver, Purpose
from accounts.passkeys.forms import AnswerForm, NameForm, NewPasskeyForm
from accounts.passkeys.places import place_of, related_origins
from accounts.passkeys.verbs import LastWayIn, PasskeyRefused
from accounts.proof import asks_proof
from accounts.requests import PersonRequest
from accounts.second_factor import first_step
from accounts.second_factor.views import after_password, start_again, with_next
from accounts.sessions import SignInRefused, browser_of, hand_over
from accounts.words import browser_text
from tenancy.hosts import Site
from web import limits, once
from web.errors import PortalError
from web.moments import moment
from web.pages import render
from web.requests import PortalRequest, client_ip, safe_next

form_methods = require_http_methods(["GET", "HEAD", "POST"])
REFUSED = (ChallengeOver, PasskeyRefused, SignInRefused)


@require_safe
@login_not_required
def related(request: PortalRequest) -> HttpResponse:
    """Tells browsers at which origins the vendor's passkeys may be used (places.py). Answered at
    the host of our zone itself (portal/middleware/tenancy.py)."""
    return JsonResponse({"origins": related_origins(request.vendor)})


# --- Signing in ---------------------------------------------------------------------------------


@once.every_time
@require_POST
@login_not_required
def options(request: PersonRequest) -> HttpResponse:
    """What the browser is asked to sign, for the script of the sign-in page."""
    limits.take_from(limits.PASSKEY_ASKED_PER_IP, client_ip(request))
    return HttpResponse(asking.sign_in_options(request), content_type="application/json")


@once.every_time
@require_POST
@login_not_required
def sign_in(request: PersonRequest) -> HttpResponse:
    """Signs in with a passkey alone."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _back(request, "login", form.said)
    try:
        user = entering.sign_in(request, form.cleaned_data["credential"])
    except REFUSED as error:
        return _back(request, "login", error.sentence)
    return after_password(request, user, is_in=True)


@once.every_time
@require_POST
@login_not_required
def second_step(request: PersonRequest) -> HttpResponse:
    """The second step of signing in: a passkey in the place of a code."""
    form = AnswerForm(request.POST)
    try:
        user = first_step.who(request)
        if not form.is_valid():
            return _back(request, "sign_in_code", form.said)
        entering.second_step(request, user, form.cleaned_data["credential"])
    except (first_step.StartAgain, SignInRefused) as error:
        return start_again(request, error.sentence)
    except REFUSED as error:
        return _back(request, "sign_in_code", error.sentence)
    response = after_password(request, user, is_in=True)
    first_step.forget(response)
    return response


@once.every_time
@require_POST
def prove(request: PersonRequest) -> HttpResponse:
    """A passkey as a fresh proof; leads back."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _back(request, "prove", form.said)
    try:
        entering.prove(request, form.cleaned_data["credential"])
    except REFUSED as error:
        return _back(request, "prove", error.sentence)
    return redirect(safe_next(request, reverse("passkeys")))


def _back(request: PersonRequest, route: str, sentence: str) -> HttpResponse:
    """To the page with the button, which says what was wrong."""
    messages.error(request, sentence)
    return redirect(with_next(request, route))


# --- One's own ----------------------------------------------------------------------------------


@require_safe
def passkeys(request: PersonRequest) -> HttpResponse:
    """The person's passkeys, and what can be done about them."""
    now, place = timezone.now(), place_of(request)
    context = {
        "rows": [_row(each, place, now) for each in verbs.passkeys_of(request.user)],
        "back": reverse("profile" if request.address.site is Site.CUSTOMER else "admin:index"),
    }
    return render(request, "accounts/passkeys/list.html", context)


def _row(passkey: Passkey, place: Place, now: datetime) -> dict[str, Any]:
    return {
        "id": passkey.pk,
        "name": passkey.name,
        "created": moment(passkey.created_at, now),
        "used": moment(passkey.last_used_at, now),
        "is_backed_up": passkey.is_backed_up,
        "elsewhere": "" if passkey.rp_id == place.rp_id else passkey.rp_id,
    }


@asks_proof
@form_methods
def add(request: PersonRequest) -> HttpResponse:
    """Asks for a name and has the browser make a passkey."""
    form = NewPasskeyForm(
        request.POST if request.method == "POST" else None,
        initial={"name": browser_text(browser_of(request)) or _("My passkey")},
    )
    if form.is_valid():
        try:
            _add(request, form.cleaned_data)
        except PortalError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, _("The passkey is there. All other devices are signed out."))
            return redirect("passkeys")
    context = {"form": form, "passkey": asking.to_add(request)}
    return render(request, "accounts/passkeys/add.html", context)


def _add(request: PersonRequest, asked: dict[str, Any]) -> None:
    """Raises PasskeyUnfit, ChallengeOver, PasskeyKnown and TooManyPasskeys."""
    place = place_of(request)
    try:
        new = read_new(asked["credential"])
        challenges.spend(request, Purpose.NEW, request.user, new.challenge)
        made = new.check(place)
    except Unfit as error:
        raise verbs.PasskeyUnfit(error) from error
    token = verbs.add(
        request.user,
        made,
        name=asked["name"],
        place=place,
        site=request.address.site,
        browser=browser_of(request),
        is_kept=request.stays_signed_in,
    )
    hand_over(request, token)


@form_methods
def rename(request: PersonRequest, passkey_id: UUID) -> HttpResponse:
    """Gives a passkey another name."""
    passkey = _own(request, passkey_id)
    form = NameForm(request.POST if request.method == "POST" else None, instance=passkey)
    if form.is_valid():
        verbs.rename(passkey, form.cleaned_data["name"])
        messages.success(request, _("The name is saved."))
        return redirect("passkeys")
    return render(request, "accounts/passkeys/rename.html", {"form": form})


@asks_proof
@form_methods
def delete(request: PersonRequest, passkey_id: UUID) -> HttpResponse:
    """Asks whether it is to go, and deletes it."""
    passkey, place = _own(request, passkey_id), place_of(request)
    status = 200
    if request.method == "POST":
        try:
            token = verbs.delete(
                passkey,
                place=place,
                site=request.address.site,
                browser=browser_of(request),
                is_kept=request.stays_signed_in,
            )
        except LastWayIn as error:
            status = error.status
        else:
            hand_over(request, token)
            messages.success(
                request, _("The passkey is deleted. All other devices are signed out.")
            )
            return redirect("passkeys")
    is_last = verbs.is_last_way_in(request.user, passkey.pk, place)
    context = {"name": passkey.name, "refused": LastWayIn().sentence if is_last else ""}
    return render(request, "accounts/passkeys/delete.html", context, status=status)


def _own(request: PersonRequest, passkey_id: UUID) -> Passkey:
    """The person's passkey of this id; raises Http404."""
    found = verbs.passkeys_of(request.user).filter(pk=passkey_id).first()
    if found is None:
        raise Http404
    found.user = request.user
    return found
