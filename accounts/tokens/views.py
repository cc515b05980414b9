"""The pages of one's own access tokens, at portals and in the back office alike."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import PersonalAccessToken
from accounts.proof import asks_proof
from accounts.requests import PersonRequest
from accounts.tokens import verbs
from accounts.tokens.forms import NewTokenForm
from accounts.tokens.words import told
from tenancy.hosts import Site
from web.moments import moment
from web.pages import render

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def access_tokens(request: PersonRequest) -> HttpResponse:
    """The person's tokens, the newest first."""
    now = timezone.now()
    context = {
        "rows": [_row(each, now) for each in _own(request)],
        "back": reverse("profile" if request.address.site is Site.CUSTOMER else "admin:index"),
    }
    return render(request, "accounts/tokens/list.html", context)


@asks_proof
@form_methods
def make(request: PersonRequest) -> HttpResponse:
    """Asks what the token is for, and shows it, once."""
    _check_vendor(request)
    form = NewTokenForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            row, token = verbs.make(
                request.user,
                name=form.cleaned_data["name"],
                scopes=form.scopes,
                expires_at=form.expires_at,
            )
        except verbs.TooManyTokens as error:
            form.add_error(None, error.sentence)
        else:
            context = {"token": token, **_row(row, timezone.now())}
            return render(request, "accounts/tokens/made.html", context)
    return render(request, "accounts/tokens/make.html", {"form": form})


@form_methods
def access_token(request: PersonRequest, token_id: UUID) -> HttpResponse:
    """Asks what is to become of a token, and revokes or deletes it."""
    token = _own(request).filter(pk=token_id).first()
    if token is None:
        raise Http404
    if request.method != "POST":
        return render(request, "accounts/tokens/token.html", _row(token, timezone.now()))
    if "delete" in request.POST:
        verbs.delete(token)
        messages.success(request, _("The access token is deleted."))
    else:
        verbs.set_revoked(token, revoked=True)
        messages.success(request, _("The access token is revoked."))
    return redirect("access_tokens")


def _row(token: PersonalAccessToken, now: datetime) -> dict[str, Any]:
    return {
        "id": token.pk,
        "name": token.name,
        "scopes": told(token.scopes, own=token.user.is_customer),
        "created": moment(token.created_at, now),
        "used": moment(token.last_used_at, now),
        "expires": moment(token.expires_at, now),
        "revoked": token.revoked,
        "is_over": not token.revoked and not token.counts,
    }


def _own(request: PersonRequest) -> QuerySet[PersonalAccessToken]:
    """The person's tokens. Raises Http404 as `_check_vendor` does."""
    _check_vendor(request)
    return verbs.tokens_of(request.user).select_related("user")


def _check_vendor(request: PersonRequest) -> None:
    """Operators belong to no vendor, and the Web API is vendors' alone. Raises Http404."""
    if request.user.vendor_id is None:
        raise Http404
