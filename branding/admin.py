"""The vendor's look and its own domains, in the back office."""

from contextlib import suppress
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts import audit, rate_limits
from accounts.models import Vendor
from branding import colours, domains
from branding.access import picture_of
from branding.brands import branding_for, save_branding
from branding.errors import DomainError
from branding.forms import BrandingForm, DomainForm
from branding.models import DEFAULT_ACCENT, Branding, CustomDomain
from branding.sentences import diagnosis, sentence
from portal.backoffice import VendorAdmin, WithButtons, receives_files, scope_vendor
from portal.tenancy import vendor_url


def may_change_branding(request: HttpRequest) -> bool:
    return request.user.has_perm("branding.change_branding")


def accent_of(text: str) -> str:
    """The colour, or the portal's own when it is none."""
    try:
        return colours.to_hex(colours.parse(text))
    except ValueError:
        return DEFAULT_ACCENT


@admin.register(Branding)
class BrandingAdmin(VendorAdmin):
    """One page: the form, and beside it what the portal will look like."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        receive = receives_files(TemporaryFileUploadHandler, may_change_branding)
        return [
            path("", receive(view(self.edit_view)), name="branding_branding_changelist"),
            path("preview.css", view(self.preview_css_view), name="branding_preview_css"),
            path("pictures/<str:name>", view(self.picture_view), name="branding_picture"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:branding_branding_changelist")

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("admin:branding_branding_changelist")

    def edit_view(self, request: HttpRequest) -> HttpResponseBase:
        """Shows, previews (`preview`) or saves the vendor's look."""
        if not may_change_branding(request):
            raise PermissionDenied
        vendor: Any = scope_vendor()
        branding = branding_for(vendor)
        form = BrandingForm(
            request.POST or None, request.FILES or None, instance=branding, vendor=vendor
        )
        if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
            self._save(form, vendor)
            messages.success(request, _("The look of your portal is saved."))
            return redirect("admin:branding_branding_changelist")
        saved = branding_for(vendor)
        typed = form["accent_color"].value() if form["use_accent"].value() else ""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Branding"),
            "opts": self.opts,
            "form": form,
            "saved": saved,
            "vendor_name": form["portal_title"].value() or vendor.name,
            "accent": accent_of(typed or DEFAULT_ACCENT),
            "portal": vendor_url(vendor, "home"),
        }
        return render(request, "branding/admin/branding.html", context)

    @transaction.atomic
    def _save(self, form: BrandingForm, vendor: Vendor) -> None:
        # One at a time, so that nobody deletes a picture that the other has just put in.
        vendor = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        saved = branding_for(vendor)
        for name, value in form.cleaned_data.items():
            if name in form.of_vendor:
                setattr(vendor, name, value)
            elif name != "use_accent":
                setattr(saved, name, value)
        save_branding(saved, form.chosen)
        before = Vendor.objects.get(pk=vendor.pk)
        vendor.save(update_fields=[*form.of_vendor, "updated_at"])
        audit.record_change(before, vendor)

    def preview_css_view(self, request: HttpRequest) -> HttpResponse:
        """An accent as the portal would use it, for the two halves of the preview."""
        if not may_change_branding(request):
            raise PermissionDenied
        accent = accent_of(request.GET.get("accent", ""))
        text = colours.css(accent, light=".preview-light", dark=".preview-dark")
        return HttpResponse(f".preview {{ --given: {accent}; }}\n{text}", content_type="text/css")

    def picture_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """A saved picture, shown where it can be replaced: the portal's host is another one."""
        if not may_change_branding(request):
            raise PermissionDenied
        return HttpResponse(
            picture_of(branding_for(cast(Vendor, scope_vendor())), name), content_type="image/png"
        )


def _check(domain: CustomDomain) -> CustomDomain:
    """Asks the DNS, not more often than a vendor's people would. Raises TooManyAttempts."""
    rate_limits.take(rate_limits.DOMAIN_CHECK_PER_VENDOR, str(domain.vendor_id))
    return domains.check(domain)


def _make_address(domain: CustomDomain) -> CustomDomain:
    rate_limits.take(rate_limits.DOMAIN_CHECK_PER_VENDOR, str(domain.vendor_id))
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

    verbs = VERBS
    errors = (DomainError,)
    say = staticmethod(sentence)
    form = DomainForm
    list_display = ("name_shown", "state", "diagnosis", "last_checked_at")
    list_select_related = ("vendor",)
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
        """The page; what only the verb can find out (two at once) is said, and nothing saved."""
        try:
            response = super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            messages.error(request, sentence(error))
            return redirect(request.get_full_path())
        claimed = getattr(request, "claimed", None)
        if claimed:
            # Now that Django's transaction is over: name servers can be slow. Who has checked too
            # often sees it unchecked.
            with suppress(rate_limits.TooManyAttempts):
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
