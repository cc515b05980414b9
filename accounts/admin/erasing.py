"""The page that erases a person: what will happen, the e-mail typed once more, and who gets the
licences."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import CUSTOMER_ROLES, User
from accounts.verbs.erasing import erase_person
from audit.verbs import erasing
from backoffice.base import WithButtons
from tenancy.addresses import normalise_email
from tenancy.texts import AddressField
from web.errors import PortalError

RIGHT = "accounts.erase_user"


def address(*, label: Any, required: bool, help_text: Any) -> AddressField:
    return AddressField(
        label=label,
        required=required,
        help_text=help_text,
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class EraseForm(forms.Form):
    """Who is meant, typed by hand; and the customer who gets the licences, if anybody."""

    email = address(
        label=_("E-mail of the person"),
        required=True,
        help_text=_("Type it once more: what is erased does not come back."),
    )
    new_owner = address(
        label=_("New owner of the licences"),
        required=False,
        help_text=_("The e-mail of another customer; empty for nobody yet."),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        if not person.is_customer:
            del self.fields["new_owner"]

    def clean_email(self) -> str:
        email = normalise_email(self.cleaned_data["email"])
        if email != normalise_email(self.person.email):
            raise forms.ValidationError(_("This is not the person's e-mail."))
        return email

    def clean_new_owner(self) -> User | None:
        email = self.cleaned_data["new_owner"]
        found = User.objects.at(email) if email else None
        if email and (found is None or found.role not in CUSTOMER_ROLES):
            raise forms.ValidationError(_("There is no customer with this e-mail."))
        return found


class WithErasing(WithButtons):
    """Adds `.../<id>/erase/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.erase_view)
        name = "accounts_user_erase"
        return [path("<uuid:row_id>/erase/", view, name=name), *super().get_urls()]

    def erase_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """What will be erased, and what stays; by POST it is done."""
        person = self.own_row(request, row_id, RIGHT)
        form = EraseForm(request.POST if request.method == "POST" else None, person=person)
        if form.is_valid():
            try:
                erase_person(person=person, heir=form.cleaned_data.get("new_owner"))
            except PortalError as error:
                form.add_error(None, error.sentence)
            else:
                messages.success(request, _("The person is erased."))
                kind = "customers" if person.is_customer else "team"
                return redirect(reverse("admin:accounts_user_changelist", query={"kind": kind}))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Erase %(person)s?") % {"person": person},
            "opts": self.opts,
            "original": person,
            "sentences": list(erasing.sentences(person.pk)),
            "form": form,
        }
        return render(request, "accounts/admin/erase.html", context)
