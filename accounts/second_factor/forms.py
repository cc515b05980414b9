"""The forms in which codes are typed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import password_field
from accounts.second_factor import codes

LONGEST = 64  # characters, with whatever stands between the digits


class CodeForm(forms.Form):
    """The code that an app shows."""

    code = forms.CharField(
        label=_("Code from your app"),
        max_length=LONGEST,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )

    def clean_code(self) -> str:
        code = codes.read_code(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(_("The code has six digits."))
        return code


class RecoveryCodeForm(forms.Form):
    """A recovery code."""

    code = forms.CharField(
        label=_("Recovery code"),
        max_length=LONGEST,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        code = codes.read_recovery_code(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(_("A recovery code has sixteen letters and digits."))
        return code


class PasswordForm(forms.Form):
    """The password of who is signed in."""

    current_password = password_field(_("Current password"), "current-password")
