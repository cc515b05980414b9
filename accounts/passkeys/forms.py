"""The forms of passkeys."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Passkey
from accounts.passkeys.ceremonies import LONGEST_ANSWER


class AnswerForm(forms.Form):
    """What the browser has answered, as JSON (static/js/passkeys.js)."""

    credential = forms.CharField(
        max_length=LONGEST_ANSWER,
        widget=forms.HiddenInput,
        error_messages={
            "required": _("Your browser has shown no passkey. Scripts have to be allowed for that.")
        },
    )

    @property
    def said(self) -> str:
        """What is wrong with it."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


class NameForm(forms.ModelForm[Passkey]):
    """By what the person knows the passkey."""

    class Meta:
        model = Passkey
        fields = ("name",)
        help_texts = {"name": _("Where it is kept: a phone, a computer, a password manager.")}


class NewPasskeyForm(NameForm, AnswerForm):
    """A new passkey with its name."""
