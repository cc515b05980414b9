"""The forms about people: signing in, passwords, profile."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.utils.translation import gettext_lazy as _

from accounts.models import User, normalise_email
from tenancy.hosts import is_company_id

PASSWORD_LENGTH = 1024


def password_field(label: Any, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


def email_field(label: Any, autocomplete: str) -> forms.EmailField:
    return forms.EmailField(
        label=label, max_length=254, widget=forms.EmailInput(attrs={"autocomplete": autocomplete})
    )


class SignInForm(forms.Form):
    """E-mail and password, for a vendor's portal."""

    email = email_field(_("E-mail"), "username")
    password = password_field(_("Password"), "current-password")


class CompanyIdField(forms.CharField):
    """A company id as people type it: any case, white space around."""

    def clean(self, value: Any) -> str:
        label = str(super().clean(value)).lower()
        if label and not is_company_id(label):
            raise forms.ValidationError(
                _("A company id is one short name of letters, digits and hyphens.")
            )
        return label


def company_id_field(*, required: bool) -> CompanyIdField:
    return CompanyIdField(
        label=_("Company id"),
        required=required,
        max_length=63,
        widget=forms.TextInput(
            attrs={"autocomplete": "organization", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


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
        self.fields["new_password"].help_text = " ".join(password_validators_help_texts())

    def clean_new_password(self) -> str:
        password = str(self.cleaned_data["new_password"])
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, again = cleaned.get("new_password"), cleaned.get("new_password_again")
        if first and again and first != again:
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
