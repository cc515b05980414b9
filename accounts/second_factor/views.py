"""The pages of the second factor, at portals and in the back office alike."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from markupsafe import Markup

from accounts import known
from accounts.devices import staying
from accounts.models import Identity, User
from accounts.passkeys import asking
from accounts.proof import asks_proof, note_proof
from accounts.requests import PersonRequest
from accounts.second_factor import asked, codes, first_step, setting_up, verbs
from accounts.second_factor.first_step import StartAgain
from accounts.second_factor.forms import CodeForm, PasswordForm, RecoveryCodeForm
from accounts.sessions import SignInRefused, browser_of, hand_over
from accounts.verbs.passwords import WrongPassword, check_password
from tenancy.hosts import Site
from web import once
from web.moments import moment
from web.pages import render
from web.requests import safe_next

form_methods = require_http_methods(["GET", "HEAD", "POST"])


# --- Signing in ---------------------------------------------------------------------------------


def after_password(
    request: PersonRequest,
    user: User,
    *,
    is_in: bool,
    by_provider: bool = False,
    has_factor: bool = False,
) -> HttpResponse:
    """Where signing in goes on behind the password, or what an identity provider has said: to where
    the visitor was going, or first to the page that asks for a code. Whose provider has asked for a
    second factor (`has_factor`) needs none here."""
    if is_in and has_factor:
        return known.remember(redirect(safe_next(request, "/")), user, request.address.site)
    if is_in:
        return _on_from_sign_in(request, user)
    response = redirect(with_next(request, "sign_in_code"))
    first_step.keep(response, user, request.address.site, by_provider=by_provider)
    return response


def _on_from_sign_in(request: PersonRequest, user: User) -> HttpResponse:
    """Who has to set a second factor up before long is led to where that is done. The browser is
    known for the person from now on."""
    goes_on = with_next(request, "second_factor") if asked.lacks(user) else safe_next(request, "/")
    return known.remember(redirect(goes_on), user, request.address.site)


def with_next(request: PersonRequest, route: str) -> str:
    """The page's address, which knows where the visitor was going, and whether he wants to stay."""
    kept = {
        "next": safe_next(request, ""),
        "unsaved": request.GET.get("unsaved", ""),
        staying.NAME: "on" if staying.is_wanted(request) else "",
    }
    return reverse(route, query={name: value for name, value in kept.items() if value})


@once.every_time
@form_methods
@login_not_required
def sign_in_code(request: PersonRequest) -> HttpResponse:
    """The second step of signing in: a code of the app's."""
    return _second_step(request, CodeForm, verbs.use_code, by_app=True)


@once.every_time
@form_methods
@login_not_required
def sign_in_recovery(request: PersonRequest) -> HttpResponse:
    """The same with a recovery code."""
    return _second_step(request, RecoveryCodeForm, verbs.use_recovery_code, by_app=False)


def _second_step(
    request: PersonRequest, form_class: type[forms.Form], use: Any, *, by_app: bool
) -> HttpResponse:
    form = form_class(request.POST if request.method == "POST" else None)
    try:
        user = first_step.who(request)
        if form.is_valid():
            first_step.finish(request, user, use=use, code=form.cleaned_data["code"])
            response: HttpResponse = _on_from_sign_in(request, user)
            first_step.forget(response)
            return response
    except verbs.WrongCode as error:
        form.add_error("code", error.sentence)
    except (StartAgain, SignInRefused) as error:
        return start_again(request, error.sentence)
    context = {
        "form": form,
        "by_app": by_app,
        "by_provider": user.by_provider,
        "passkey": asking.for_second_step(request, user),
        "other": with_next(request, "sign_in_recovery" if by_app else "sign_in_code"),
        "again": with_next(request, "login"),
        "next": safe_next(request, ""),
        "unsaved": "unsaved" in request.GET,
    }
    return render(request, "accounts/second_factor/sign_in.html", context)


def start_again(request: PersonRequest, sentence: str) -> HttpResponse:
    if not request.user.is_authenticated:
        messages.info(request, sentence)
    response = redirect(with_next(request, "login"))
    first_step.forget(response)
    return response


# --- Proving ------------------------------------------------------------------------------------


@once.every_time
@form_methods
@sensitive_post_parameters()
def prove(request: PersonRequest) -> HttpResponse:
    """Asks who is signed in for the password, or for a code, and leads back."""
    has_factor = request.user.second_factor_since is not None
    by_code = has_factor and request.GET.get("by") == "code"
    form = (CodeForm if by_code else PasswordForm)(
        request.POST if request.method == "POST" else None
    )
    if form.is_valid():
        try:
            _prove(request.user, form)
        except (WrongPassword, verbs.WrongCode) as error:
            form.add_error(None, error.sentence)
        else:
            note_proof(request)
            return redirect(safe_next(request, reverse("second_factor")))
    context = {
        "form": form,
        "by_code": by_code,
        "has_factor": has_factor,
        "has_password": request.user.has_usable_password(),
        "passkey": asking.for_proof(request),
        "next": safe_next(request, ""),
        "other": _other_proof(request, by_code=by_code),
        "ways": _ways_to_prove(request),
        "unsaved": "unsaved" in request.GET,
    }
    return render(request, "accounts/second_factor/prove.html", context)


def _ways_to_prove(request: PersonRequest) -> list[dict[str, str]]:
    """The providers that open the account, where the person signs in once more; a session that has
    just begun is proved."""
    if request.user.vendor is None:
        return []
    kept = {"next": safe_next(request, ""), "again": "yes"}
    if request.address.site is Site.BACKOFFICE:
        kept["company_id"] = request.user.vendor.company_id
    found = Identity.objects.filter(user=request.user, provider__is_on=True)
    return [
        {
            "name": each.provider.name,
            "url": reverse("single_sign_on_start", args=[each.provider_id], query=kept),
        }
        for each in found.select_related("provider")
    ]


def _prove(user: User, form: forms.Form) -> None:
    """Raises TooManyAttempts, WrongPassword or WrongCode."""
    if "current_password" in form.cleaned_data:
        check_password(user, form.cleaned_data["current_password"])
        return
    verbs.take_try(user)
    verbs.use_code(user, form.cleaned_data["code"])
    verbs.give_back_try(user)


def _other_proof(request: PersonRequest, *, by_code: bool) -> str:
    address = with_next(request, "prove")
    if by_code:
        return address
    return f"{address}{'&' if '?' in address else '?'}by=code"


# --- On and off ---------------------------------------------------------------------------------


@require_safe
def second_factor(request: PersonRequest) -> HttpResponse:
    """How it stands, and what can be done about it; leads through setting it up where that is asked
    for."""
    user, now = request.user, timezone.now()
    until = asked.due(user)
    context = {
        "since": moment(user.second_factor_since, now),
        "left": verbs.codes_left(user) if user.second_factor_since else 0,
        "is_asked": until is not None,
        "until": moment(until, now) if until and until > now else None,
        "set_up": with_next(request, "second_factor_set_up"),
        "next": safe_next(request, ""),
        "unsaved": "unsaved" in request.GET,
        "back": _back(request),
    }
    return render(request, "accounts/second_factor/state.html", context)


def _back(request: PersonRequest) -> str:
    """The page above."""
    on_portal = request.address.site is Site.CUSTOMER
    return reverse("profile" if on_portal else "admin:index")


@asks_proof
@form_methods
def set_up(request: PersonRequest) -> HttpResponse:
    """Shows the secret, as a picture and as text; a first code switches the factor on, and the
    recovery codes are shown, once."""
    user = request.user
    if user.second_factor_since:
        return redirect("second_factor")
    secret = setting_up.secret_of(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            token, made = verbs.set_up(
                user,
                secret=secret,
                code=form.cleaned_data["code"],
                site=request.address.site,
                browser=browser_of(request),
                is_kept=request.stays_signed_in,
            )
        except verbs.WrongCode as error:
            form.add_error("code", error.sentence)
        except verbs.FactorIsOn:
            return redirect("second_factor")
        else:
            hand_over(request, token)
            response = _codes_page(request, made, is_new=True)
            setting_up.forget(response)
            return response
    address = setting_up.address_for(user, secret)
    context = {
        "form": form,
        "qr_code": Markup(setting_up.qr_code(address)),  # noqa: S704  a drawing of our own
        "address": address,
        "secret": codes.as_text(secret),
        "secret_grouped": codes.grouped(codes.as_text(secret)),
        "next": safe_next(request, ""),
        "back": with_next(request, "second_factor"),
    }
    response = render(request, "accounts/second_factor/set_up.html", context)
    setting_up.keep(response, user, secret)
    return response


def _codes_page(request: PersonRequest, made: list[str], *, is_new: bool) -> HttpResponse:
    context = {
        "codes": made,
        "all": "\n".join(made),
        "is_new": is_new,
        "on": safe_next(request, reverse("second_factor")),
    }
    return render(request, "accounts/second_factor/codes.html", context)


@asks_proof
@form_methods
def recovery_codes(request: PersonRequest) -> HttpResponse:
    """Asks whether there are to be new ones, and shows them, once."""
    if request.method == "POST":
        try:
            return _codes_page(request, verbs.make_recovery_codes(request.user), is_new=False)
        except verbs.NoFactor:
            return redirect("second_factor")
    if not request.user.second_factor_since:
        return redirect("second_factor")
    context = {"left": verbs.codes_left(request.user)}
    return render(request, "accounts/second_factor/new_codes.html", context)


@form_methods
@sensitive_post_parameters()
def switch_off(request: PersonRequest) -> HttpResponse:
    """Asks for the password and switches the factor off."""
    user = request.user
    if not user.second_factor_since:
        return redirect("second_factor")
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            token = verbs.switch_off(
                user,
                password=form.cleaned_data["current_password"],
                site=request.address.site,
                browser=browser_of(request),
                is_kept=request.stays_signed_in,
            )
        except WrongPassword as error:
            form.add_error("current_password", error.sentence)
        except verbs.NoFactor:
            return redirect("second_factor")
        else:
            hand_over(request, token)
            messages.success(
                request, _("The second factor is off. All other devices are signed out.")
            )
            return redirect("second_factor")
    context = {"form": form, "is_asked": asked.due(user) is not None}
    return render(request, "accounts/second_factor/switch_off.html", context)
