"""The forms by which something moves in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from web.forms import ShownNever


def _token_field() -> forms.CharField:
    return forms.CharField(
        label=_("Token"),
        max_length=1000,
        widget=ShownNever(),
        help_text=_(
            "A personal access token of the source that may read. It is kept encrypted until "
            "everything is read, and then deleted."
        ),
    )


class SourceForm(forms.Form):
    """From where to move in, and by which token."""

    address = forms.CharField(
        label=_("Source"),
        max_length=300,
        initial="https://api.cryptlex.com",
        help_text=_("The address of the Web API that is read, such as https://api.cryptlex.com."),
    )
    token = _token_field()


class TokenForm(forms.Form):
    """The token once more, for a move that goes on."""

    token = _token_field()
