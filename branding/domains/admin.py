"""A vendor's own domains, in the back office."""

from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from backoffice.base import WithButtons
from backoffice.lists import Empty
from branding.domains import verbs as domains
from branding.domains.forms import DomainForm
from branding.domains.models import CustomDomain
from branding.domains.sentences import diagnosis
from tenancy.hosts import vendor_url
from web import limits


def _check(domain: CustomDomain) -> CustomDomain:
    """Asks the DNS, not more often than a vendor's people would. Raises TooManyAttempts."""
    limits.take(limits.DOMAIN_CHECK_PER_VENDOR, str(domain.vendor_id))
    return domains.check(domain)


def _make_address(domain: CustomDomain) -> CustomDomain:
    limits.take(limits.DOMAIN_CHECK_PER_VENDOR, str(domain.vendor_id))
    return domains.make_canonical(domain)


VERBS = {
    "check": (_check, _("%(row)s was checked.")),
    "make-address": (_make_address, _("%(row)s is the address of your portal now.")),
    "go-back": (
        lambda domain: domains.make_subdomain_canonical(domain.vendor),
        _("The address of your portal is the one below our zone again."),
    ),
}


@admin.register(CustomDomain)
class CustomDomainAdmin(WithButtons):
    """A domain is claimed, checked, and made the portal's address; nothing of it is typed."""

    add_text = _("Add a domain")
    empty = Empty(
        "globe", _("Your portal can be at an address of your own, such as licences.example.com.")
    )
    verbs = VERBS
    form = DomainForm
    list_display = ("name_shown", "state", "diagnosis", "last_checked_at")
    list_select_related = ("vendor",)
    list_filter = ("state",)
    ordering = ("name",)
    actions = None
    change_form_template = "branding/admin/domain.html"

    def get_fields(self, request: HttpRequest, obj: CustomDomain | None = None) -> Any:
        return () if obj else ("name",)

    def save_model(
        self, request: HttpRequest, obj: CustomDomain, form: ModelForm[Any], change: bool
    ) -> None:
        if change:
            return
        claimed = domains.claim(obj.vendor, obj.name)
        obj.pk, obj.token = claimed.pk, claimed.token
        request.claimed = claimed  # type: ignore[attr-defined]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Of a domain its records, state and buttons."""
        domain = self.get_object(request, object_id)
        shown = self._shown(domain) if domain else {}
        return super().change_view(request, object_id, form_url, shown)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page; a domain that was claimed is checked at once."""
        response = super().changeform_view(request, *args, **kwargs)
        claimed = getattr(request, "claimed", None)
        if claimed:
            # Now that Django's transaction is over: name servers can be slow. Who has checked too
            # often sees it unchecked.
            with suppress(limits.TooManyAttempts):
                _check(claimed)
        return response

    def response_add(self, request: HttpRequest, obj: CustomDomain, *args: Any) -> HttpResponse:
        return redirect("admin:branding_customdomain_change", obj.pk)

    def delete_model(self, request: HttpRequest, obj: CustomDomain) -> None:
        domains.remove(obj)

    @staticmethod
    def _shown(domain: CustomDomain) -> dict[str, Any]:
        return {
            "domain": domain,
            "target": domains.target(),
            "sentence": diagnosis(domain),
            "is_address": domain.vendor.canonical_domain == domain.name,
            "address": vendor_url(domain.vendor, "home"),
            "show_save": False,
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            "title": str(domain),
        }

    @admin.display(description=_("domain"), ordering="name")
    def name_shown(self, obj: CustomDomain) -> str:
        return str(obj)
