"""A vendor's identity providers, in the back office: set up, tried, switched on."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts.models import IdentityProvider
from accounts.proof import asks_proof
from accounts.requests import PersonRequest
from accounts.single_sign_on import verbs as providers
from accounts.single_sign_on.addresses import after_sign_out, redirect_uri
from accounts.single_sign_on.models import domains_in, words_in
from backoffice.base import WithButtons, Writes
from backoffice.lists import Empty
from web.forms import ShownNever

LONGEST_SECRET = 1000  # characters


class ProviderForm(forms.ModelForm[IdentityProvider]):
    encrypted_secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        strip=True,
        max_length=LONGEST_SECRET,
        help_text=_("Kept encrypted and never shown again. Empty: it stays as it is."),
        widget=ShownNever(),
    )

    class Meta:
        model = IdentityProvider
        fields = (
            "name",
            "for_staff",
            "issuer",
            "client_id",
            "encrypted_secret",
            "domains",
            "only_domains",
            "creates_people",
            "first_name_attribute",
            "last_name_attribute",
            "company_attribute",
            "role_attribute",
            "roles",
            "factor_contexts",
            "is_on",
        )

    def clean_encrypted_secret(self) -> str:
        """What is kept: what was typed, encrypted, or what was there."""
        typed = self.cleaned_data["encrypted_secret"]
        return providers.encrypted(typed) if typed else self.instance.encrypted_secret

    def clean_domains(self) -> str:
        return " ".join(domains_in(self.cleaned_data["domains"]))

    def clean_only_domains(self) -> str:
        return " ".join(domains_in(self.cleaned_data["only_domains"]))

    def clean_factor_contexts(self) -> str:
        return " ".join(words_in(self.cleaned_data["factor_contexts"]))


def _person(request: HttpRequest) -> PersonRequest:
    return cast(PersonRequest, request)


def _try(provider: IdentityProvider) -> None:
    providers.try_provider(provider, redirect_uri=redirect_uri(provider))


@admin.register(IdentityProvider)
class ProviderAdmin(WithButtons):
    """Whose word counts for who somebody is; changed by who has just shown to be oneself."""

    list_title = _("Single sign-on")
    add_text = _("Add a provider")
    empty = Empty(
        "enter",
        _(
            "People can sign in where their company keeps its accounts, such as Entra ID, Google "
            "or Okta, instead of with a password."
        ),
        _("No providers yet"),
    )
    verbs = {
        "try": (_try, _("%(row)s answers, shows keys that are safe, and knows us.")),
    }
    writes = {
        IdentityProvider: Writes(
            providers.create_provider, providers.change_provider, providers.delete_provider
        )
    }
    form = ProviderForm
    list_display = ("name", "for_staff", "issuer", "domains", "is_on")
    list_select_related = ("vendor",)
    ordering = ("name", "id")
    actions = None
    change_form_template = "accounts/admin/provider.html"

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page, behind a fresh proof; so are deleting and the button."""
        return asks_proof(super().changeform_view)(_person(request), *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return asks_proof(super().delete_view)(_person(request), *args, **kwargs)

    def verb_view(self, request: HttpRequest, row_id: UUID, verb: str) -> HttpResponseBase:
        return asks_proof(cast(Any, super().verb_view))(_person(request), row_id, verb)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Of a provider also what it has to be told of us."""
        provider = self.get_object(request, object_id)
        shown = self._shown(provider) if provider else {}
        return super().change_view(request, object_id, form_url, shown)

    @staticmethod
    def _shown(provider: IdentityProvider) -> dict[str, Any]:
        return {
            "provider": provider,
            "addresses": [
                (_("Redirect URI"), redirect_uri(provider)),
                (_("Redirect URI after signing out"), after_sign_out(provider)),
            ],
        }
