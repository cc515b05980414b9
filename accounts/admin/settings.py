"""What a vendor's administrators decide about their portal, in the back office: one form."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.models import PortalSettings
from audit import trail
from backoffice.base import VendorAdmin
from tenancy.door import current_vendor
from tenancy.models import Vendor


class SettingsForm(forms.ModelForm[PortalSettings]):
    class Meta:
        model = PortalSettings
        fields = ("send_expiry_reminders", "show_support_views")


@transaction.atomic
def save_settings(vendor: Vendor, chosen: dict[str, bool]) -> None:
    """Saves what was chosen, by field, and records what that changed."""
    saved = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
    before = Vendor.objects.get(pk=vendor.pk)
    for name, value in chosen.items():
        setattr(saved, name, value)
    changes = trail.changes_between(before, saved)
    if not changes:
        return
    saved.save(update_fields=[*chosen, "updated_at"])
    trail.record("changed", saved, changes=changes)


@admin.register(PortalSettings)
class PortalSettingsAdmin(VendorAdmin):
    """The form of the own vendor, and no other address."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.edit_view)
        return [path("", view, name="accounts_portalsettings_changelist")]

    def edit_view(self, request: HttpRequest) -> HttpResponse:
        """Shows or saves the settings."""
        if not request.user.has_perm("accounts.change_portalsettings"):
            raise PermissionDenied
        settings: Any = PortalSettings.objects.get(pk=current_vendor().pk)
        given = request.POST if request.method == "POST" else None
        form = SettingsForm(given, instance=settings)
        if form.is_valid():
            save_settings(settings, form.cleaned_data)
            messages.success(request, _("The settings are saved."))
            return redirect("admin:accounts_portalsettings_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Settings"),
            "opts": self.opts,
            "form": form,
        }
        return render(request, "accounts/admin/settings.html", context)
