"""The form that claims a domain."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branding.domains import verbs as domains
from branding.domains.errors import DomainError
from branding.domains.models import CustomDomain
from branding.domains.names import NotADomain, normalise
from branding.domains.sentences import sentence


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
            name = normalise(self.cleaned_data["name"], parent_host=settings.PORTAL_PARENT_HOST)
            domains.check_free(self.instance.vendor, name)
        except (NotADomain, DomainError) as error:
            raise ValidationError(sentence(error)) from error
        return name
