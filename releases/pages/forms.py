"""The filters of the downloads page."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

Choices = list[tuple[str, str]]


class ReleaseSearchForm(forms.Form):
    """Product, platform and channel; a filter that is missing from the query has its default."""

    product = forms.ChoiceField(label=_("Product"), required=False)
    platform = forms.ChoiceField(label=_("Platform"), required=False)
    channel = forms.ChoiceField(label=_("Channel"), required=False)

    def __init__(
        self,
        query: dict[str, str],
        *,
        products: Choices,
        platforms: Choices,
        channels: Choices,
        defaults: dict[str, str],
    ) -> None:
        super().__init__({**defaults, **query})
        choices = {
            "product": [("", _("All products")), *products],
            "platform": [("", _("All platforms")), *platforms],
            "channel": [("", _("All channels")), *channels],
        }
        for name, options in choices.items():
            cast(forms.ChoiceField, self.fields[name]).choices = options

    def asked(self, name: str) -> str:
        """The value of a filter; empty when it makes no sense, which is said beside its field."""
        self.is_valid()
        return str(self.cleaned_data.get(name, ""))
