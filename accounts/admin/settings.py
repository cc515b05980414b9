"""What a vendor's administrators decide about their portal, in the back office: one form."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.models import PortalSettings
from accounts.verbs.settings import change_settings
from backoffice.base import VendorAdmin
from tenancy.door import current_vendor


class SettingsForm(forms.ModelForm[PortalSettings]):
    class Meta:
        model = PortalSettings
        fields = ("send_expiry_reminders", "show_support_views")


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
            change_settings(vendor=settings, **form.cleaned_data)
            messages.success(request, _("The settings are saved."))
            return redirect("admin:accounts_portalsettings_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Settings"),
            "opts": self.opts,
            "form": form,
        }
        return render(request, "accounts/admin/settings.html", context)
