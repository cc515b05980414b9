"""Revoking a person's access token, in the back office."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.tokens.verbs import revoke, tokens_of
from accounts.tokens.words import told
from backoffice.base import VendorAdmin

RIGHT = "accounts.change_user"


class WithTokens(VendorAdmin):
    """Adds `.../<id>/tokens/<token id>/`, which asks whether a token is to be revoked."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.token_view)
        name = "accounts_user_token"
        return [
            path("<uuid:user_id>/tokens/<uuid:token_id>/", view, name=name),
            *super().get_urls(),
        ]

    def token_view(self, request: HttpRequest, user_id: UUID, token_id: UUID) -> HttpResponseBase:
        """Says what it is for, and revokes it."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        found = self.get_object(request, str(user_id))
        if found is None:
            raise Http404
        person = cast(User, found)
        token = tokens_of(person).select_related("user").filter(pk=token_id).first()
        if token is None:
            raise Http404
        if request.method == "POST":
            revoke(token)
            done = _("The access token of %(person)s is revoked, and an e-mail says so.")
            messages.success(request, done % {"person": person.email})
            return redirect("admin:accounts_user_story", person.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Revoke the access token “%(name)s”?") % {"name": token.name},
            "opts": self.opts,
            "original": person,
            "scopes": told(token.scopes),
            "revoked": token.revoked,
        }
        return render(request, "accounts/admin/token.html", context)
