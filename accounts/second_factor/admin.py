"""Taking a second factor off for somebody who lost the phone, in the back office."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.second_factor.verbs import NoFactor, take_off
from backoffice.base import VendorAdmin
from tenancy.texts import validate_line

RIGHT, RIGHT_FOR_STAFF = "accounts.take_off_factor_user", "accounts.change_user"


class TakeOffForm(forms.Form):
    """Why it is taken off."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        validators=[validate_line],
        help_text=_("The person reads it in an e-mail, and it is kept in the audit trail."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


def may_take_off(reader: Any, person: User) -> bool:
    """Whether the reader may take the person's second factor off: of staff only who may change
    people, and nobody the own one, which asks for the password."""
    # SECURITY: tests/accounts/test_second_factor_off.py.
    if not reader.has_perm(RIGHT) or person.pk == reader.pk:
        return False
    return person.is_customer or reader.has_perm(RIGHT_FOR_STAFF)


class WithSecondFactor(VendorAdmin):
    """Adds `.../<id>/second-factor/`, which asks for the reason."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.take_off_view)
        name = "accounts_user_second_factor"
        return [path("<uuid:user_id>/second-factor/", view, name=name), *super().get_urls()]

    def take_off_view(self, request: HttpRequest, user_id: UUID) -> HttpResponseBase:
        """Asks why, says what will follow, and takes it off."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        found = self.get_object(request, str(user_id))
        if found is None:
            raise Http404
        person = cast(User, found)
        if not may_take_off(request.user, person):
            raise PermissionDenied
        form = TakeOffForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._take_off(request, person, form.cleaned_data["reason"])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Take off the second factor of %(person)s?") % {"person": person.full_name},
            "opts": self.opts,
            "original": person,
            "form": form,
        }
        return render(request, "accounts/admin/second_factor.html", context)

    def _take_off(self, request: HttpRequest, person: User, reason: str) -> HttpResponseBase:
        try:
            take_off(person, reason=reason)
        except NoFactor as error:
            messages.error(request, error.sentence)
        else:
            done = _("The second factor of %(person)s is off, and an e-mail says so.")
            messages.success(request, done % {"person": person.email})
        return redirect("admin:accounts_user_story", person.pk)
