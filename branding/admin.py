"""The vendor's look, in the back office."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from backoffice.base import VendorAdmin, receives_files
from branding import colours
from branding.access import picture_of
from branding.domains.admin import CustomDomainAdmin
from branding.forms import BrandingForm, whole
from branding.models import Branding
from branding.preview import Half, halves, pictures_to_show, rows
from branding.verbs.brands import Contact, Look, branding_for, change_brand
from tenancy.door import current_vendor
from tenancy.hosts import vendor_url
from tenancy.models import Vendor
from web.uploads import OnDiskUploadHandler

# By what `preview` says, a script asks, whose page keeps the chosen files (static/js/branding.js).
SCRIPT = "script"

__all__ = ["BrandingAdmin", "CustomDomainAdmin"]


def may_change_branding(request: HttpRequest) -> bool:
    return request.user.has_perm("branding.change_branding")


def accent_of(text: str) -> str:
    """The colour, or nothing when it is none: then the portal has its own."""
    try:
        return colours.to_hex(colours.parse(text))
    except ValueError:
        return ""


@admin.register(Branding)
class BrandingAdmin(VendorAdmin):
    """One page: the form, and beside it what the portal will look like."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        receive = receives_files(OnDiskUploadHandler, may_change_branding)
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
        vendor: Any = current_vendor()
        branding = branding_for(vendor)
        form = BrandingForm(
            request.POST or None, request.FILES or None, instance=branding, vendor=vendor
        )
        saved = branding_for(vendor)
        is_sent = request.method == "POST" and form.is_valid()
        pictures = pictures_to_show(saved, form.chosen)
        shown = list(halves(pictures))
        if is_sent and "preview" not in request.POST:
            self._save(form, vendor)
            messages.success(request, _("The look of your portal is saved."))
            self._warn(request, form, shown)
            return redirect("admin:branding_branding_changelist")
        typed = whole(form["accent_color"].value() or "") if form["use_accent"].value() else ""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Branding"),
            "opts": self.opts,
            "form": form,
            "rows": rows(form, saved, pictures, stays=request.POST.get("preview") == SCRIPT),
            "halves": shown,
            "vendor_name": form["portal_title"].value() or vendor.name,
            "accent": accent_of(typed),
            "portal": vendor_url(vendor, "home"),
        }
        return render(request, "branding/admin/branding.html", context)

    @staticmethod
    def _save(form: BrandingForm, vendor: Vendor) -> None:
        given = form.cleaned_data
        look: Any = {name: given[name] for name in Look.__annotations__}
        contact: Any = {name: given[name] for name in Contact.__annotations__}
        change_brand(vendor=vendor, look=look, pictures=form.chosen, contact=contact)

    @staticmethod
    def _warn(request: HttpRequest, form: BrandingForm, shown: list[Half]) -> None:
        """Says of new logos where they can hardly be seen."""
        if {"logo_light", "logo_dark"} & form.chosen.keys():
            for half in shown:
                if half.warning:
                    messages.warning(request, half.warning)

    def preview_css_view(self, request: HttpRequest) -> HttpResponse:
        """An accent as the portal would use it, for the two halves of the preview; nothing where
        there is none, since then branding.css has the portal's own."""
        if not may_change_branding(request):
            raise PermissionDenied
        accent, text = accent_of(request.GET.get("accent", "")), ""
        if accent:
            corrected = colours.css(accent, light=".preview-light", dark=".preview-dark")
            text = f".preview > * {{ --given: {accent}; }}\n{corrected}"
        return HttpResponse(text, content_type="text/css")

    def picture_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """A saved picture, shown where it can be replaced: the portal's host is another one."""
        if not may_change_branding(request):
            raise PermissionDenied
        return HttpResponse(
            picture_of(branding_for(current_vendor()), name), content_type="image/png"
        )
