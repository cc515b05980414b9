"""The pages of single sign-on, at portals and in the back office alike: there and back, and
connecting an account that is there already."""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial, wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import LinkRefused, Purpose, read_token
from accounts.models import Identity, IdentityProvider, Refusal, User
from accounts.proof import LASTS, asks_proof, is_recent
from accounts.requests import PersonRequest
from accounts.second_factor.forms import PasswordForm
from accounts.second_factor.views import after_password
from accounts.sessions import (
    SignInRefused,
    browser_of,
    enter,
    hand_over,
    may_enter,
    note_refusal,
    people_of,
)
from accounts.single_sign_on import claims, client, verbs
from accounts.single_sign_on.addresses import redirect_uri, way_out
from accounts.single_sign_on.claims import Claimed
from accounts.single_sign_on.errors import SingleSignOnRefused, Why
from accounts.single_sign_on.flows import AtProvider, Connecting, Flow
from accounts.single_sign_on.forms import CompanyForm
from accounts.verbs import refusals
from accounts.verbs.passwords import WrongPassword, check_password
from tenancy.hosts import Site, canonical_host, vendor_url
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id, vendor_by_id
from web import limits, once
from web.moments import moment
from web.pages import render
from web.policy import keeps_its_address
from web.requests import client_ip, safe_next

form_methods = require_http_methods(["GET", "HEAD", "POST"])
LINK_LASTS = settings.PASSWORD_RESET_TIMEOUT


def is_office(request: PersonRequest) -> bool:
    return request.address.site is Site.BACKOFFICE


def for_visitors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Support that looks at the portal as a customer signs nobody in by that."""

    @wraps(view)
    def wrapped(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("/") if request.view_as else view(request, *args, **kwargs)

    return wrapped


def ways(request: PersonRequest, vendor: Vendor | None) -> list[dict[str, str]]:
    """The buttons of a vendor's providers that are on at this site: what they say, and where they
    lead, whence the visitor comes back to where he was going."""
    if vendor is None or vendor._state.adding or not vendor.is_active:
        return []
    with people_of(vendor):
        found = IdentityProvider.objects.filter(is_on=True, for_staff=is_office(request))
        return [{"name": each.name, "url": _start_of(request, each, vendor)} for each in found]


def _start_of(request: PersonRequest, provider: IdentityProvider, vendor: Vendor) -> str:
    asked = {"next": safe_next(request, "")}
    if is_office(request):
        asked["company_id"] = vendor.company_id
    query = {name: value for name, value in asked.items() if value}
    return reverse("single_sign_on_start", args=[provider.pk], query=query)


@require_safe
@login_not_required
@for_visitors
def choose(request: PersonRequest) -> HttpResponse:
    """The buttons; in the back office behind the question for the company id."""
    if not is_office(request):
        return _chosen(request, request.vendor, None)
    form = CompanyForm(request.GET if "company_id" in request.GET else None)
    vendor = None
    if form.is_valid():
        vendor = vendor_by_company_id(form.cleaned_data["company_id"])
    return _chosen(request, vendor, form)


def _chosen(request: PersonRequest, vendor: Vendor | None, form: Any) -> HttpResponse:
    context = {
        "form": form,
        "asked": form is None or form.is_bound,
        "ways": ways(request, vendor),
        "next": safe_next(request, ""),
    }
    return render(request, "accounts/single_sign_on/choose.html", context)


# --- There and back -----------------------------------------------------------------------------


@require_safe
@login_not_required
@for_visitors
def start(request: PersonRequest, provider_id: UUID) -> HttpResponse:
    """Leads to the provider."""
    limits.take_from(limits.SINGLE_SIGN_ON_PER_IP, client_ip(request))
    vendor = _vendor(request)
    if not is_office(request) and request.get_host().partition(":")[0] != canonical_host(vendor):
        # The answer comes to the canonical host, where the browser has to have its cookie.
        asked = {"next": safe_next(request, "")}
        return redirect(vendor_url(vendor, "single_sign_on_start", provider_id, query=asked))
    try:
        with people_of(vendor):
            provider = _provider(request, vendor, str(provider_id))
            flow = Flow.begin(
                vendor=str(vendor.pk),
                provider=str(provider.pk),
                issuer=provider.issuer,
                goes_on=safe_next(request, ""),
                again=request.GET.get("again") == "yes",
            )
            place = client.authorization_url(
                provider,
                redirect_uri=redirect_uri(provider),
                state=flow.state,
                nonce=flow.nonce,
                verifier=flow.verifier,
                shown_within=LASTS if flow.again else None,
            )
    except SingleSignOnRefused as error:
        return _not_in(request, error)
    response = redirect(place)
    flow.keep(response)
    return response


def _vendor(request: PersonRequest) -> Vendor:
    """That of the host; in the back office, which serves all, the one that is named."""
    if not is_office(request):
        return request.vendor
    vendor = vendor_by_company_id(request.GET.get("company_id", ""))
    if vendor is None or not vendor.is_active:
        raise Http404
    return vendor


def _provider(request: PersonRequest, vendor: Vendor, provider_id: str) -> IdentityProvider:
    """The vendor's provider, if it is on and for this site. Raises Http404.

    SECURITY: tests/accounts/test_single_sign_on.py. That of customers opens no back office.
    """
    asked = IdentityProvider.objects.filter(is_on=True, for_staff=is_office(request))
    provider = asked.filter(pk=provider_id).first()
    if provider is None:
        raise Http404
    provider.vendor = vendor
    return provider


@require_safe
@login_not_required
@for_visitors
@keeps_its_address
def back(request: PersonRequest, provider_id: UUID) -> HttpResponse:
    """Takes the provider's answer, once, from the browser that asked, and lets its person in."""
    try:
        flow = Flow.read(request)
        # SECURITY: tests/accounts/test_single_sign_on.py. Nothing of the answer is looked at before
        # it is sure whose it is, and nothing is asked for an answer that is another's.
        if not flow.is_state(request.GET.get("state", "")) or flow.provider != str(provider_id):
            raise SingleSignOnRefused(Why.WRONG_STATE)
        vendor = _vendor_of(request, flow.vendor)
        flow.use_up()
        with people_of(vendor):
            provider = _provider(request, vendor, flow.provider)
            answer = _answer(request, provider, flow)
            who = claims.read(provider, client.identify(provider, answer, nonce=flow.nonce))
            response = _arrived(request, provider, flow, who, str(answer["id_token"]))
    except SingleSignOnRefused as error:
        response = _not_in(request, error)
    Flow.forget(response)
    return response


def _vendor_of(request: PersonRequest, vendor_id: str) -> Vendor:
    """Raises SingleSignOnRefused for what was begun at another vendor's host."""
    vendor = vendor_by_id(vendor_id) if is_office(request) else request.vendor
    if vendor is None or str(vendor.pk) != vendor_id or not vendor.is_active:
        raise SingleSignOnRefused(Why.LOST)
    return vendor


def _answer(request: PersonRequest, provider: IdentityProvider, flow: Flow) -> dict[str, Any]:
    """What the token endpoint says of the code, after the issuer was checked (RFC 9207)."""
    issuer, name = request.GET.get("iss"), provider.name
    is_missing = issuer is None and client.discovery(provider).says_issuer
    if flow.issuer != provider.issuer or is_missing or issuer not in {None, provider.issuer}:
        raise SingleSignOnRefused(Why.OTHER_ISSUER, provider=name)
    if "error" in request.GET:
        said = request.GET.get("error_description") or request.GET["error"]
        raise client.refused_there(provider, said)
    code = request.GET.get("code", "")
    if not code:
        raise SingleSignOnRefused(Why.NO_CODE, provider=name)
    return client.redeem(
        provider, code=code, verifier=flow.verifier, redirect_uri=redirect_uri(provider)
    )


def _arrived(
    request: PersonRequest, provider: IdentityProvider, flow: Flow, who: Claimed, token: str
) -> HttpResponse:
    """Lets in whom the provider knows, adds whom nobody knows, and asks the owner of an account
    that is there."""
    person = verbs.known_to(provider, who.subject)
    if person is None:
        owner = verbs.to_connect(provider, who)
        if owner is not None:
            return _ask_owner(flow, owner, who)
        person = verbs.add_person(provider, who)
    response = _let_in(request, provider, person, who, goes_on=flow.goes_on, token=token)
    if flow.again and not is_recent(verbs.shown_at(who)):
        told = _("%(provider)s does not say that you have just signed in there: show it otherwise.")
        messages.warning(request, told % {"provider": provider.name})
    return response


def _let_in(
    request: PersonRequest,
    provider: IdentityProvider,
    person: User,
    who: Claimed,
    *,
    goes_on: str,
    token: str = "",
) -> HttpResponse:
    """Begins the session; first the second factor is asked for, unless the provider has."""
    person.vendor, site = provider.vendor, request.address.site
    refused = SingleSignOnRefused(Why.NO_ACCOUNT, who.email, provider=provider.name, person=person)
    if not verbs.may_speak_for(provider, person) or not may_enter(person, site, person.vendor):
        raise refused
    person = verbs.follow(provider, person, who)
    try:
        begun = _begin(request, provider, person, who)
    except SignInRefused as error:
        raise refused from error
    # Where the visitor was going is read from the request, whose own query has the code in it.
    request.GET = QueryDict(urlencode({"next": goes_on}))
    response = after_password(
        request, person, is_in=begun, by_provider=True, has_factor=who.has_factor
    )
    AtProvider.remember(response, person, provider.name, *way_out(provider, token))
    return response


def _begin(request: PersonRequest, provider: IdentityProvider, person: User, who: Claimed) -> bool:
    """Whether the session has begun: not for who has a second factor that the provider has not
    asked for. Raises SignInRefused."""
    with transaction.atomic():
        token = enter(
            request,
            person,
            partial(verbs.note_use, provider, who.subject),
            asking=not who.has_factor,
            by_provider=True,
        )
        if token:
            verbs.note_word(token, who)
    if token:
        hand_over(request, token)
    return token != ""


def _not_in(request: PersonRequest, error: SingleSignOnRefused) -> HttpResponse:
    """Says why, on a page that leads back; support finds it with what the person was refused."""
    person = error.person
    if person is not None:
        with people_of(person.vendor):
            refusals.note(
                Refusal.Kind.SIGN_IN,
                Refusal.WhyNotIn.SINGLE_SIGN_ON,
                user=person,
                ip=client_ip(request),
                browser=browser_of(request),
            )
    context = {"sentence": error.sentence}
    return render(request, "accounts/single_sign_on/refused.html", context, status=error.status)


# --- Connecting an account that is there --------------------------------------------------------


def _ask_owner(flow: Flow, owner: User, who: Claimed) -> HttpResponse:
    response = redirect("single_sign_on_connect")
    Connecting(
        vendor=flow.vendor,
        provider=flow.provider,
        issuer=flow.issuer,
        user=str(owner.pk),
        claimed=asdict(who),
        goes_on=flow.goes_on,
    ).keep(response)
    return response


def _owner_of(request: PersonRequest, kept: Connecting) -> tuple[IdentityProvider, User]:
    """The provider and the account that are to be connected, as they are now; its vendor's scope is
    open to the caller. Raises SingleSignOnRefused."""
    provider = IdentityProvider.objects.filter(
        pk=kept.provider, issuer=kept.issuer, is_on=True, for_staff=is_office(request)
    ).first()
    person = User.objects.filter(pk=kept.user, email=kept.claimed["email"]).first()
    if provider is None or person is None or not verbs.may_speak_for(provider, person):
        raise SingleSignOnRefused(Why.LOST)
    provider.vendor = person.vendor = _vendor_of(request, kept.vendor)
    return provider, person


@once.every_time
@form_methods
@login_not_required
@for_visitors
@sensitive_post_parameters()
def connect(request: PersonRequest) -> HttpResponse:
    """Asks for the account's own password, or sends a link to its e-mail."""
    try:
        kept = Connecting.read(request)
        vendor = _vendor_of(request, kept.vendor)
        with people_of(vendor):
            provider, person = _owner_of(request, kept)
            form = PasswordForm(request.POST if request.method == "POST" else None)
            if form.is_valid():
                return _connect_by_password(request, kept, provider, person, form)
    except WrongPassword as error:
        form.add_error("current_password", error.sentence)
    except SingleSignOnRefused as error:
        return _not_in(request, error)
    context = {"form": form, "email": person.email, "provider": provider.name}
    return render(request, "accounts/single_sign_on/connect.html", context)


def _connect_by_password(
    request: PersonRequest, kept: Connecting, provider: IdentityProvider, person: User, form: Any
) -> HttpResponse:
    """Raises TooManyAttempts, WrongPassword and SingleSignOnRefused."""
    limits.take_from(limits.SIGN_IN_PER_IP, client_ip(request))
    try:
        check_password(person, form.cleaned_data["current_password"])
    except WrongPassword:
        note_refusal(request, person.vendor, person, Refusal.WhyNotIn.WRONG_PASSWORD)
        raise
    limits.give_back_to(limits.SIGN_IN_PER_IP, client_ip(request))
    who = replace(Claimed(**kept.claimed), shown_at=timezone.now().timestamp())
    verbs.connect(provider, person, who)
    return _connected(request, kept, provider, person, who)


def _connected(
    request: PersonRequest,
    kept: Connecting,
    provider: IdentityProvider,
    person: User,
    who: Claimed,
) -> HttpResponse:
    response = _let_in(request, provider, person, who, goes_on=kept.goes_on)
    Connecting.forget(response)
    told = _("Your account is connected: from now on you sign in with %(provider)s.")
    messages.success(request, told % {"provider": provider.name})
    return response


@require_POST
@login_not_required
def send_link(request: PersonRequest) -> HttpResponse:
    """Has the link sent by which the account's owner agrees."""
    try:
        kept = Connecting.read(request)
        vendor = _vendor_of(request, kept.vendor)
        with people_of(vendor):
            provider, person = _owner_of(request, kept)
            verbs.send_link(provider, person, mark=kept.mark)
    except SingleSignOnRefused as error:
        return _not_in(request, error)
    return redirect("single_sign_on_sent")


@require_safe
@login_not_required
@for_visitors
def link_sent(request: PersonRequest) -> HttpResponse:
    """What to expect after a link was asked for."""
    minutes = LINK_LASTS // 60
    return render(request, "accounts/single_sign_on/sent.html", {"minutes": minutes})


@once.every_time
@form_methods
@login_not_required
@for_visitors
@keeps_its_address
def connect_by_link(request: PersonRequest, token: str) -> HttpResponse:
    """Connects the account by an e-mailed link: GET asks, since mail scanners follow links. It
    counts in the browser alone in which the connecting was begun: whoever opens a link that others
    have asked for connects nothing."""
    vendor = None if is_office(request) else request.vendor
    try:
        link = read_token(Purpose.SINGLE_SIGN_ON, vendor, token, max_age=LINK_LASTS)
        kept = Connecting.read(request)
        if kept.mark != link.detail or kept.user != str(link.user.pk):
            raise SingleSignOnRefused(Why.OTHER_BROWSER)
        with people_of(_vendor_of(request, kept.vendor)):
            provider, person = _owner_of(request, kept)
            if request.method == "POST":
                who = Claimed(**kept.claimed)
                verbs.connect_by_link(provider, person, who)
                return _connected(request, kept, provider, person, who)
    except LinkRefused:
        context = {"purpose": Purpose.SINGLE_SIGN_ON.value}
        return render(request, "accounts/link_refused.html", context, status=410)
    except SingleSignOnRefused as error:
        told = Why.OTHER_BROWSER if error.why is Why.LOST else error.why
        return _not_in(request, SingleSignOnRefused(told, error.detail, person=error.person))
    context = {"email": person.email, "provider": provider.name}
    return render(request, "accounts/single_sign_on/connect_by_link.html", context)


# --- What is connected --------------------------------------------------------------------------


def connections_of(person: User) -> list[Identity]:
    """Which providers open the person's account. Operators have none."""
    if person.vendor_id is None:
        return []
    found = Identity.objects.filter(user=person).select_related("provider")
    return list(found.order_by("created_at", "id"))


def may_connect(person: User) -> bool:
    """Whether single sign-on concerns a customer: a provider opens the account, or could."""
    return (
        IdentityProvider.objects.filter(is_on=True, for_staff=False).exists()
        or Identity.objects.filter(user=person).exists()
    )


@require_safe
def connections(request: PersonRequest) -> HttpResponse:
    """The providers that open the account, each with a button to end that."""
    now = timezone.now()
    rows = [
        {"pk": each.pk, "name": each.provider.name, "used": moment(each.used_at, now)}
        for each in connections_of(request.user)
    ]
    back = reverse("admin:index" if is_office(request) else "profile")
    return render(request, "accounts/single_sign_on/connections.html", {"rows": rows, "back": back})


@asks_proof
@require_POST
def disconnect(request: PersonRequest, identity_id: UUID) -> HttpResponse:
    """Ends that a provider opens the account."""
    if request.user.vendor_id is not None:
        verbs.disconnect(request.user, identity_id)
    messages.success(request, _("That provider does not open your account any more."))
    return redirect("connections")


# --- Signing out --------------------------------------------------------------------------------


def signing_out(request: PersonRequest) -> AtProvider | None:
    """By whose word this browser is signed in, where that provider signs people out; None where it
    is not so. To be asked before the session ends."""
    try:
        at = AtProvider.read(request)
    except SingleSignOnRefused:
        return None
    return at if at.user == str(request.user.pk) else None


def signed_out(request: PersonRequest, at: AtProvider) -> HttpResponse:
    """Says that the session here has ended, and leads on to the provider, by a link: a form may
    lead to no other site."""
    context = {"provider": at.name, "address": at.address}
    response = render(request, "accounts/single_sign_on/signed_out.html", context)
    AtProvider.forget(response)
    return response
