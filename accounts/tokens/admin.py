"""People's access tokens, in the back office: all of a vendor's as a list, and revoking one."""

from typing import cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.finding import people_with
from accounts.models import PersonalAccessToken, User, UserWord
from accounts.tokens.verbs import revoke, tokens_of
from accounts.tokens.words import told
from backoffice.base import VendorAdmin
from backoffice.filters import DaysFilter, PersonFilter
from backoffice.lists import Empty
from tenancy.finding import Place, by_key, has_word
from tenancy.spelling import Typed

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


def token_places(word: Typed) -> list[Place]:
    """Where a word of a token may stand: in whose it is."""
    tokens = PersonalAccessToken.objects.all()
    people, many = people_with(word.form)
    return [by_key(tokens, "user", people, has=has_word(UserWord, word.form, "user"), many=many)]


@admin.register(PersonalAccessToken)
class TokenAdmin(VendorAdmin):
    """With what programs act in whose name. People make their tokens themselves."""

    list_title = gettext_lazy("Access tokens")
    called = (gettext_lazy("access token"), gettext_lazy("access tokens"))
    empty = Empty(
        "token",
        gettext_lazy(
            "With an access token a program acts in somebody’s name. Each makes their own, on the "
            "page of the profile."
        ),
        button=gettext_lazy("To the team"),
        route="accounts_user_changelist",
        right="accounts.view_user",
        query="kind=team",
    )
    list_display = ("name", "user", "for_what", "last_used_at", "expires_at", "revoked")
    list_select_related = ("user",)
    list_filter = (
        "revoked",
        ("user", PersonFilter),
        ("created_at", DaysFilter),
    )
    search_fields = ("user",)  # for the box to be there
    search_help_text = gettext_lazy("Beginnings of words: the person's e-mail, name, company.")
    places = staticmethod(token_places)
    actions = None
    fields = (
        "name", "user", "for_what", "created_at", "last_used_at", "expires_at", "revoked",
    )  # fmt: skip
    readonly_fields = fields
    change_form_template = "accounts/admin/token_page.html"

    @admin.display(description=gettext_lazy("for"))
    def for_what(self, obj: PersonalAccessToken) -> str:
        """Its scopes, in words."""
        return " · ".join(told(obj.scopes, own=obj.user.is_customer))
