"""Signing in and out, setting passwords, and the profile.

The pages for people who are not signed in serve both the portals and the back office: the host
says which, and the back office asks for the company id in addition.
"""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import known
from accounts.devices import staying
from accounts.forms import (
    ChangeEmailForm,
    ChangePasswordForm,
    NewPasswordForm,
    PasswordResetForm,
    ProfileForm,
    SignInForm,
    StaffPasswordResetForm,
    StaffSignInForm,
)
from accounts.links import LinkRefused, Purpose
from accounts.models import User
from accounts.passkeys import asking
from accounts.proof import note_proof
from accounts.reminders import read_off_token
from accounts.requests import PersonRequest
from accounts.second_factor.verbs import codes_left
from accounts.second_factor.views import after_password
from accounts.sessions import (
    SignInRefused,
    browser_of,
    hand_over,
    sign_in,
    sign_in_invited,
    sign_out,
)
from accounts.single_sign_on import views as single_sign_on
from accounts.verbs import email_change, passwords, sessions
from accounts.verbs.people import WITHHELD
from accounts.verbs.profile import save_profile, turn_reminders
from accounts.words import browser_text
from audit import words
from audit.acting import acting_as
from audit.models import AuditEntry
from tenancy.addresses import normalise_email
from tenancy.hosts import Site, vendor_url
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id
from web import once
from web.moments import moment
from web.pages import render
from web.policy import keeps_its_address
from web.requests import client_ip, page_of, safe_next


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, even when that is nothing; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


form_methods = require_http_methods(["GET", "HEAD", "POST"])


@once.every_time
@form_methods
@login_not_required
@sensitive_post_parameters()
def login(request: PersonRequest) -> HttpResponse:
    """Signs in with e-mail and password; says nothing about why it refuses."""
    if request.method != "POST" and request.user.is_authenticated:
        return go_on(request)
    form_class = SignInForm if request.address.site is Site.CUSTOMER else StaffSignInForm
    form = form_class(_posted(request), initial={"company_id": request.GET.get("company_id", "")})
    if request.method == "POST" and form.is_valid():
        try:
            user, is_in = _sign_in(request, form)
            return after_password(request, user, is_in=is_in)
        except SignInRefused as error:
            form.add_error(None, error.sentence)
    context = {
        "form": form,
        "passkey": asking.to_sign_in(request),
        "next": safe_next(request, ""),
        "stays": staying.is_wanted(request),
        "found_at": _found_at(request),
        "unsaved": "unsaved" in request.GET,
        "ways": single_sign_on.ways(request, getattr(request, "vendor", None)),
    }
    response = render(request, "accounts/login.html", context)
    if context["found_at"]:
        response["X-Robots-Tag"] = "all"
    return response


def go_on(request: PersonRequest) -> HttpResponse:
    """Leads whoever is signed in to where he was going, and says so to who typed another e-mail."""
    typed = normalise_email(request.POST.get("email", ""))
    if typed and typed != request.user.email:
        text = _("You are signed in already, as %(email)s. To be somebody else, sign out first.")
        messages.info(request, text % {"email": request.user.email})
    return redirect(safe_next(request, "/"))


def _found_at(request: PersonRequest) -> str:
    """The sign-in page's address for search engines; empty where they are to list none."""
    vendor = request.vendor if request.address.site is Site.CUSTOMER else None
    brand = getattr(vendor, "branding", None)
    is_found = vendor and brand and brand.findable and request.method != "POST"
    return vendor_url(vendor, "login") if vendor and is_found else ""


def _sign_in(request: PersonRequest, form: forms.Form) -> tuple[User, bool]:
    asked = form.cleaned_data
    return sign_in(
        request,
        site=request.address.site,
        vendor=_vendor(request, asked.get("company_id", "")),
        email=asked["email"],
        password=asked["password"],
    )


def _vendor(request: PersonRequest, company_id: str) -> Vendor | None:
    """The host's vendor; in the back office the one that was typed.

    A company id that nobody has stands for a vendor without people, so that it is answered like
    a wrong password, in the same time.
    """
    if request.address.site is Site.CUSTOMER:
        return request.vendor
    if not company_id:
        return None
    return vendor_by_company_id(company_id) or Vendor(company_id=company_id)


@once.every_time
@require_POST
@login_not_required
def logout(request: PersonRequest) -> HttpResponse:
    """Ends the session; whose identity provider can end its own is led there, too. The browser
    forgets what was typed into forms that were not sent."""
    at_provider = single_sign_on.signing_out(request)
    sign_out(request)
    if at_provider is not None:
        response = single_sign_on.signed_out(request, at_provider)
    else:
        messages.success(request, _("You are signed out."))
        response = redirect("login")
    response["Clear-Site-Data"] = '"storage"'
    return response


@form_methods
@login_not_required
def password_reset(request: PersonRequest) -> HttpResponse:
    """Takes an address and has a link sent to it, if an account here has it; never says whether."""
    on_portal = request.address.site is Site.CUSTOMER
    form_class = PasswordResetForm if on_portal else StaffPasswordResetForm
    form = form_class(_posted(request), initial={"company_id": request.GET.get("company_id", "")})
    if request.method == "POST" and form.is_valid():
        vendor = _vendor(request, form.cleaned_data.get("company_id", ""))
        passwords.request_reset(
            site=request.address.site,
            vendor=vendor,
            email=form.cleaned_data["email"],
            ip=client_ip(request),
        )
        return redirect("password_reset_sent")
    return render(request, "accounts/password_reset.html", {"form": form})


@require_safe
@login_not_required
def password_reset_sent(request: HttpRequest) -> HttpResponse:
    """What to expect after a link was asked for."""
    return render(request, "accounts/password_reset_sent.html")


@form_methods
@login_not_required
@keeps_its_address
@sensitive_post_parameters()
def password_reset_confirm(request: PersonRequest, token: str) -> HttpResponse:
    """Sets a new password with an e-mailed link."""
    return _set_password(request, token, Purpose.RESET)


@form_methods
@login_not_required
@keeps_its_address
@sensitive_post_parameters()
def invitation(request: PersonRequest, token: str) -> HttpResponse:
    """Sets the first password with the link of an invitation."""
    return _set_password(request, token, Purpose.INVITATION)


def _set_password(request: PersonRequest, token: str, purpose: Purpose) -> HttpResponse:
    vendor = request.vendor if request.address.site is Site.CUSTOMER else None
    try:
        user = passwords.read_password_link(purpose, vendor, token).user
        form = NewPasswordForm(_posted(request), user=user)
        if request.method == "POST":
            passwords.take_try(user)
            if form.is_valid():
                passwords.set_password(user, form.cleaned_data["new_password"])
                return _let_in(request, user, purpose) or _go_and_sign_in(request, user, vendor)
    except LinkRefused:
        if _is_sent_again(request, purpose):
            return _go_on_as_invited(request)
        return render(request, "accounts/link_refused.html", {"purpose": purpose.value}, status=410)
    context = {"form": form, "account": user, "invited": purpose is Purpose.INVITATION}
    return render(request, "accounts/set_password.html", context)


def _let_in(request: PersonRequest, user: User, purpose: Purpose) -> HttpResponse | None:
    """Signs in whoever was invited, if he may enter here. Whoever has forgotten a password types
    the new one once more: that all devices are signed out is meant for this one, too."""
    if purpose is not Purpose.INVITATION:
        return None
    try:
        sign_in_invited(request, user, site=request.address.site)
    except SignInRefused:
        return None
    messages.success(request, _("Your password is set, and you are signed in."))
    return known.remember(redirect("/"), user, request.address.site)


def _is_sent_again(request: PersonRequest, purpose: Purpose) -> bool:
    """Whether it is the form of an invitation, sent once more by whom it has signed in: web/once.py
    takes her for another than who sent it first."""
    is_in = request.user.is_authenticated
    return purpose is Purpose.INVITATION and request.method == "POST" and is_in


def _go_on_as_invited(request: PersonRequest) -> HttpResponse:
    text = _("You have sent this before. It counts once: you are signed in as %(email)s.")
    messages.info(request, text % {"email": request.user.email})
    return redirect("/")


def _go_and_sign_in(request: PersonRequest, user: User, vendor: Vendor | None) -> HttpResponse:
    messages.success(request, _("Your password is set. You can sign in with it now."))
    known = {"company_id": user.vendor.company_id} if user.vendor and not vendor else {}
    return redirect(reverse("login", query=known))


@form_methods
def profile(request: PersonRequest) -> HttpResponse:
    """First name, last name and company."""
    form = ProfileForm(_posted(request), instance=request.user)
    if request.method == "POST" and form.is_valid():
        save_profile(form.save(commit=False))
        messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    since = moment(request.user.second_factor_since, timezone.now())
    context = {
        "form": form,
        "since": since,
        "left": codes_left(request.user) if since else 0,
        "single_sign_on": single_sign_on.may_connect(request.user),
    }
    return render(request, "accounts/profile.html", context)


@require_POST
def reminders(request: PersonRequest) -> HttpResponse:
    """Turns the reminders of licences that expire on or off."""
    on = request.POST.get("wanted") == "on"
    turn_reminders(request.user, on=on)
    messages.success(request, _("Reminders are on.") if on else _("Reminders are off."))
    return redirect("profile")


@csrf_exempt  # The link proves enough, and a mail program has no more than that (RFC 8058).
@form_methods
@login_not_required
@keeps_its_address
def reminders_off(request: PersonRequest, token: str) -> HttpResponse:
    """Turns reminders off by the link in one of them: GET asks, since mail scanners follow links;
    POST does it, by a person or by one click in a mail program, and is not redirected."""
    try:
        user = read_off_token(request.vendor, token)
    except LinkRefused:
        return render(request, "accounts/link_refused.html", {"purpose": "reminders"}, status=410)
    if request.method == "POST":
        with acting_as(user):
            turn_reminders(user, on=False)
    return render(request, "accounts/reminders_off.html", {"account": user})


@require_safe
def activity(request: PersonRequest) -> HttpResponse:
    """What happened with the customer's account, newest first, in pages of 25."""
    now = timezone.now()
    told = AuditEntry.objects.filter(
        customer_id=request.user.pk, license_id=None, visible=True
    ).order_by("-sequence")
    page = page_of(told, request)
    rows = [_activity_row(entry, request.user, now) for entry in page]
    return render(request, "accounts/activity.html", {"page": page, "rows": rows})


def _activity_row(entry: AuditEntry, user: User, now: datetime) -> dict[str, Any]:
    """What was done, when, by whom; of what the customer did himself also from where and with what.

    SECURITY: tests/accounts/test_view_as.py. Where staff was is nobody's business.
    """
    own = entry.actor_id == user.pk
    told = {name: pair for name, pair in entry.changes.items() if name not in WITHHELD}
    changed = [field for field, _old, _new in words.in_words(User, told)]
    return {
        "at": moment(entry.created_at, now),
        "title": words.for_customers(entry.action),
        "what": _what(entry, changed),
        "actor": _("You") if own else entry.actor_for_customers,
        "browser": browser_text(entry.details.get("browser", "")) if own else "",
        "ip": (entry.ip or "") if own else "",
    }


def _what(entry: AuditEntry, changed: list[str]) -> str:
    """What a title alone does not say."""
    if entry.action == "changed":
        return ", ".join(changed)
    return "" if entry.action == "exported" else words.remark(entry)


@form_methods
@sensitive_post_parameters()
def change_password(request: PersonRequest) -> HttpResponse:
    """Changes the password; all other sessions end. The back office has it, too."""
    on_portal = request.address.site is Site.CUSTOMER
    back = reverse("profile" if on_portal else "admin:index")
    form = ChangePasswordForm(_posted(request), user=request.user)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            token = passwords.change_password(
                request.user,
                current=asked["current_password"],
                new=asked["new_password"],
                site=request.address.site,
                browser=browser_of(request),
                is_kept=request.stays_signed_in,
            )
        except passwords.WrongPassword as error:
            form.add_error("current_password", error.sentence)
        else:
            hand_over(request, token)
            messages.success(
                request, _("Your password is changed. All other devices are signed out.")
            )
            return redirect(back)
    return render(request, "accounts/change_password.html", {"form": form, "back": back})


@form_methods
@sensitive_post_parameters()
def change_email(request: PersonRequest) -> HttpResponse:
    """Has a confirmation link sent to a new address; nothing changes before it is followed."""
    form = ChangeEmailForm(_posted(request), user=request.user)
    if request.method == "POST" and form.is_valid():
        new_email = form.cleaned_data["new_email"]
        try:
            email_change.request_email_change(
                request.user,
                new_email=new_email,
                current_password=form.cleaned_data["current_password"],
            )
        except passwords.WrongPassword as error:
            form.add_error("current_password", error.sentence)
        else:
            note_proof(request)
            messages.success(
                request,
                _("Follow the link that was sent to %(email)s to confirm it.")
                % {"email": new_email},
            )
            return redirect("profile")
    return render(request, "accounts/change_email.html", {"form": form})


def _go_on_with_new_email(request: PersonRequest, user: User) -> HttpResponse:
    """All devices are signed out; where the link was opened, it goes on if it was signed in."""
    response = redirect("profile")
    if request.session is None or request.session.user_id != user.pk:
        return response
    begun = sessions.begin(
        user,
        site=request.address.site,
        browser=browser_of(request),
        is_kept=request.stays_signed_in,
    )
    hand_over(request, begun)
    return known.remember(response, user, request.address.site)


@form_methods
@login_not_required
@keeps_its_address
def email_confirm(request: PersonRequest, token: str) -> HttpResponse:
    """Confirms a new address: GET asks, since mail scanners follow links; POST changes it."""
    try:
        user, new_email = email_change.read_email_link(request.vendor, token)
        if request.method == "POST":
            user = email_change.confirm_email_change(request.vendor, token)
            messages.success(request, _("Your e-mail is now %(email)s.") % {"email": new_email})
            return _go_on_with_new_email(request, user)
    except LinkRefused:
        return render(
            request, "accounts/link_refused.html", {"purpose": "email-change"}, status=410
        )
    return render(request, "accounts/email_confirm.html", {"account": user, "new_email": new_email})
