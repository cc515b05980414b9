"""The form in which somebody says where to write to."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import email_field


class AddressForm(forms.Form):
    """An e-mail address."""

    email = email_field(_("E-mail"), "username")
