"""The form that takes an offline file, chosen, dropped or pasted."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class RequestForm(forms.Form):
    """One of two ways to hand in a request; the file wins when both are there."""

    request_file = forms.FileField(
        label=_("Request file"), required=False, allow_empty_file=True, max_length=None
    )
    request_text = forms.CharField(
        label=_("Or paste its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        file = cleaned.get("request_file")
        cleaned["data"] = file.read() if file else cleaned.get("request_text", "").encode()
        if not file and not cleaned["data"].strip():
            raise forms.ValidationError(_("Choose the request file, or paste its text."))
        return cleaned
