"""The forms in which somebody says where to write to, and who she is."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import email_field
from accounts.models import User


class AddressForm(forms.Form):
    """An e-mail address."""

    email = email_field(_("E-mail"), "username")


class RegistrationForm(forms.ModelForm[User]):
    """What somebody tells of herself who wants an account. No row is made of it."""

    email = email_field(_("E-mail"), "email")

    class Meta:
        model = User
        fields = ("first_name", "last_name", "company")
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "company": forms.TextInput(attrs={"autocomplete": "organization"}),
        }

    field_order = ("email", "first_name", "last_name", "company")

    @property
    def names(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def _get_validation_exclusions(self) -> set[str]:
        """Whether the address is somebody's is not for the visitor to know."""
        left_out: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return left_out | {"email", "vendor"}
