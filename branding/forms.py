"""The forms of the back office about a brand and its domains."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.owned import OverwritesNothingUnseen
from branding import images
from branding.images import Picture
from branding.models import DEFAULT_ACCENT, Branding
from branding.verbs.brands import PICTURES
from tenancy.models import Vendor
from tenancy.texts import AddressField


def _url(label: Any, **options: Any) -> forms.URLField:
    # As long as the models' fields, whose own length a form of our own does not know.
    return forms.URLField(
        label=label, required=False, assume_scheme="https", max_length=200, **options
    )


SHORT = 3  # digits, of which each stands for two
HEX = re.compile(r"#?(?P<digits>(?:[0-9A-Fa-f]{3}){1,2})")


class ColourInput(forms.TextInput):
    """A colour, typed or pasted; static/js/branding.js puts the browser's own chooser beside it,
    which nobody then has to drag in (WCAG 2.5.7)."""

    def __init__(self) -> None:
        attrs = {"pattern": "#?([0-9A-Fa-f]{3}){1,2}", "size": 9, "spellcheck": "false"}
        super().__init__(attrs=attrs)


def whole(typed: str) -> str:
    """A colour as it is kept, #ff6600, of one that was typed as ff6600 or #f60; any other text as
    it is."""
    found = HEX.fullmatch(typed)
    if found is None:
        return typed
    digits = found["digits"]
    return "#" + ("".join(each * 2 for each in digits) if len(digits) == SHORT else digits)


class PictureField(forms.FileField):
    """A picture, checked and written anew; or a wish to take away the one that is there."""

    def __init__(self, *, fit: tuple[int, int], **options: Any) -> None:
        accept = "image/png,image/jpeg,image/webp,image/svg+xml,.svgz"
        widget = forms.ClearableFileInput(attrs={"accept": accept})
        super().__init__(required=False, widget=widget, **options)
        self.fit = fit

    def clean(self, data: Any, initial: Any = None) -> Any:
        """A Picture, False to take it away, or None to leave what is there."""
        if not data:
            return False if data is False else None
        return images.read_picture(super().clean(data, None), self.fit)


class BrandingForm(OverwritesNothingUnseen, forms.ModelForm[Branding]):
    """Everything that makes a portal look like its vendor's own."""

    logo_light = PictureField(
        label=_("Logo for light ground"),
        fit=images.LOGO,
        help_text=_("SVG, PNG, JPEG or WebP of at most 2 MB; shown 40 pixels high."),
    )
    logo_dark = PictureField(
        label=_("Logo for dark ground"),
        fit=images.LOGO,
        help_text=_("Without one, the other is shown on dark ground, too."),
    )
    favicon = PictureField(
        label=_("Icon of the browser tab"), fit=images.FAVICON, help_text=_("A square picture.")
    )
    use_accent = forms.BooleanField(label=_("Use a colour of our own"), required=False)
    accent_color = forms.CharField(
        label=_("Accent colour"),
        required=False,
        widget=ColourInput,
        help_text=_("Made darker or lighter where it could not be read; the preview shows how."),
    )
    privacy_url = _url(_("Privacy page"))
    terms_url = _url(_("Terms page"))
    imprint_url = _url(_("Imprint"))
    support_email = AddressField(label=_("Support e-mail"), required=False, max_length=254)
    support_url = _url(_("Support page"))
    website = _url(_("Website"))

    class Meta:
        model = Branding
        fields = (
            "portal_title",
            "logo_light",
            "logo_dark",
            "favicon",
            "use_accent",
            "accent_color",
            "welcome",
            "support_email",
            "support_url",
            "website",
            "privacy_url",
            "terms_url",
            "imprint_url",
            "findable",
        )

    field_order = Meta.fields
    of_vendor = ("support_email", "support_url", "website")

    def __init__(self, *args: Any, vendor: Vendor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chosen: dict[str, Picture | None] = {}
        self.vendor = vendor
        for name in self.of_vendor:
            self.fields[name].initial = getattr(vendor, name)
        self.fields["use_accent"].initial = bool(self.instance.accent_color)
        self.initial["accent_color"] = self.instance.accent_color or DEFAULT_ACCENT

    def clean_accent_color(self) -> str:
        return whole(self.cleaned_data["accent_color"]) if self.data.get("use_accent") else ""

    def clean(self) -> dict[str, Any]:
        """The pictures don't belong into the model's fields: the verb puts their names there."""
        cleaned = super().clean() or {}
        for field in PICTURES:
            picture = cleaned.pop(field, None)
            if picture is not None:
                self.chosen[field] = picture or None
        return cleaned
