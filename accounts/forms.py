"""The forms about people: signing in, passwords, profile."""

import json
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import (
    validate_password,
)
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.passwords import in_one_spelling
from tenancy.addresses import normalise_email
from tenancy.hosts import typed_address
from tenancy.table import vendor_typed
from tenancy.texts import AddressField

PASSWORD_LENGTH = 1024
LONGEST_ADDRESS = 2000  # of a portal, which somebody copies


def password_field(label: Any, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=PASSWORD_LENGTH,
        # static/js/passwords.js makes a button of it.
        widget=ShownPassword(attrs={"autocomplete": autocomplete}),
    )


class ShownPassword(forms.PasswordInput):
    """A password that a button can show, where there are scripts."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        return {**super().build_attrs(base_attrs, extra_attrs), "data-show": _now("Show password")}


# What a new password has to be (accounts/password_rules.py), and what is said of it while it is
# typed.
WANTED = _(
    "At least 10 characters, such as four words that don’t belong together. It can’t be a common "
    "password, or much like you or the company."
)
STRENGTH = {
    "short": _("Too short: at least 10 characters."),
    "weak": _("Easy to guess: it repeats a few characters, or counts on."),
    "fair": _("Long enough. Longer is safer: some words that don't belong together, for instance."),
    "good": _("Good and long."),
}


def email_field(label: Any, autocomplete: str) -> AddressField:
    return AddressField(
        label=label, max_length=254, widget=forms.TextInput(attrs={"autocomplete": autocomplete})
    )


class SignInForm(forms.Form):
    """E-mail and password, for a vendor's portal."""

    # Where browsers offer passkeys (static/js/passkeys.js).
    email = email_field(_("E-mail"), "username webauthn")
    password = password_field(_("Password"), "current-password")


class CompanyIdField(forms.CharField):
    """A company id as people type it, in any case, or the whole address of a portal; `refused` says
    what is wrong with anything else."""

    refused: Any = _("A company id is one short name of letters, digits and hyphens.")

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        address = typed_address(text, settings.PORTAL_PARENT_HOST)
        vendor = vendor_typed(text) if address.domain else None
        label = vendor.company_id if vendor else address.company_id
        if text and not label:
            raise forms.ValidationError(self.refused)
        return label


def company_id_field(
    *, required: bool, help_text: Any = "", refused: Any = CompanyIdField.refused
) -> CompanyIdField:
    field = CompanyIdField(
        label=_("Company id"),
        required=required,
        help_text=help_text,
        max_length=LONGEST_ADDRESS,
        widget=forms.TextInput(
            attrs={
                "inputmode": "url",
                "autocomplete": "organization",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    field.refused = refused
    return field


class StaffSignInForm(SignInForm):
    """The same for the back office; operators leave the company id empty."""

    company_id = company_id_field(required=False)
    field_order = ("company_id", "email", "password")


class PasswordResetForm(forms.Form):
    email = email_field(_("E-mail"), "username")


class StaffPasswordResetForm(PasswordResetForm):
    company_id = company_id_field(required=False)
    field_order = ("company_id", "email")


class NewPasswordForm(forms.Form):
    """A new password, typed twice, that the validators accept for this user."""

    new_password = password_field(_("New password"), "new-password")
    new_password_again = password_field(_("New password again"), "new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field = self.fields["new_password"]
        field.help_text = WANTED
        said = {name: str(text) for name, text in STRENGTH.items()}
        field.widget.attrs["data-strength"] = json.dumps(said, ensure_ascii=False)

    def clean_new_password(self) -> str:
        password = in_one_spelling(str(self.cleaned_data["new_password"]))
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, again = cleaned.get("new_password"), cleaned.get("new_password_again")
        if first and again and first != in_one_spelling(again):
            self.add_error("new_password_again", _("The two passwords are not the same."))
        return cleaned


class ChangePasswordForm(NewPasswordForm):
    current_password = password_field(_("Current password"), "current-password")
    field_order = ("current_password", "new_password", "new_password_again")


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("first_name", "last_name", "company")
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "company": forms.TextInput(attrs={"autocomplete": "organization"}),
        }


class ChangeEmailForm(forms.Form):
    new_email = email_field(_("New e-mail"), "email")
    current_password = password_field(_("Current password"), "current-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_new_email(self) -> str:
        email = normalise_email(self.cleaned_data["new_email"])
        if email == self.user.email:
            raise forms.ValidationError(_("That is your e-mail already."))
        return email
