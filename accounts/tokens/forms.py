"""The form of a new access token."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import PersonalAccessToken, User
from accounts.tokens.scopes import READ, WRITE
from accounts.tokens.words import CHANGED_BY_CUSTOMERS, OF_CUSTOMERS, WORDS

LASTS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("One year")), ("", _("No end"))]
NOTHING, READING = ("", _("Nothing")), (READ, _("Read"))
CHANGING = (WRITE, _("Read and change"))


class NewTokenForm(forms.ModelForm[PersonalAccessToken]):
    """Its name, how long it lasts, and what it may be used for: of a customer, for the own data
    alone."""

    lasts = forms.ChoiceField(label=_("Lasts"), choices=LASTS, initial="90", required=False)

    class Meta:
        model = PersonalAccessToken
        fields = ("name",)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.nouns = OF_CUSTOMERS if user.is_customer else WORDS
        for noun, label in self.nouns.items():
            only_read = user.is_customer and noun not in CHANGED_BY_CUSTOMERS
            choices = [NOTHING, READING, *([] if only_read else [CHANGING])]
            field = forms.ChoiceField(label=label, choices=choices, required=False)
            self.fields[f"scope_{noun}"] = field

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.scopes:
            raise forms.ValidationError(_("Choose at least one thing that it may be used for."))
        return cleaned

    @property
    def scopes(self) -> list[str]:
        """What was chosen."""
        chosen = {noun: self.cleaned_data.get(f"scope_{noun}") for noun in self.nouns}
        return [f"{noun}:{how}" for noun, how in chosen.items() if how]

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lasts"]
        return timezone.now() + timedelta(days=int(days)) if days else None
