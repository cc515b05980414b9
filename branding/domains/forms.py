"""The form that claims a domain."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branding.domains import verbs as domains
from branding.domains.errors import DomainError
from branding.domains.models import CustomDomain


class DomainForm(forms.ModelForm[CustomDomain]):
    """A domain to claim."""

    name = forms.CharField(
        label=_("Domain"),
        max_length=300,
        help_text=_("A name of your own for the portal, such as licenses.example.com."),
    )

    class Meta:
        model = CustomDomain
        fields = ("name",)

    def clean_name(self) -> str:
        try:
            name = domains.named(self.cleaned_data["name"])
            domains.check_free(self.instance.vendor, name)
        except DomainError as error:
            raise ValidationError(error.sentence) from error
        return name
