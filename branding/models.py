"""A vendor's look, and by way of domains/ its own domains."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branding import colours
from branding.domains.models import CustomDomain, ProvedDomain
from tenancy.rows import TenantRow
from tenancy.texts import Line, Prose, UrlLine

__all__ = ["BrandImage", "Branding", "CustomDomain", "ProvedDomain"]


def validate_colour(value: str) -> None:
    """Raises ValidationError unless the value is #rrggbb."""
    try:
        colours.parse(value)
    except ValueError:
        raise ValidationError(
            _("Use # and six hexadecimal digits, such as #2450c8."), code="invalid_colour"
        ) from None


class Branding(TenantRow):
    """How a vendor's portal looks. Pictures are named by their content (`images.Picture.name`)."""

    vendor = models.OneToOneField(
        "tenancy.Vendor",
        models.PROTECT,
        related_name="branding",
        editable=False,
        verbose_name=_("vendor"),
    )
    portal_title = Line(
        _("portal title"),
        max_length=60,
        blank=True,
        help_text=_("In place of the company's name at the top and in titles."),
    )
    welcome = Prose(
        _("welcome"), max_length=400, blank=True, help_text=_("A short text on the sign-in page.")
    )
    accent_color = models.CharField(
        _("accent colour"), max_length=7, blank=True, validators=[validate_colour]
    )
    logo_light = models.CharField(_("logo for light ground"), max_length=60, blank=True)
    logo_dark = models.CharField(_("logo for dark ground"), max_length=60, blank=True)
    favicon = models.CharField(_("favicon"), max_length=60, blank=True)
    privacy_url = UrlLine(_("privacy page"), blank=True)
    terms_url = UrlLine(_("terms page"), blank=True)
    imprint_url = UrlLine(_("imprint"), blank=True)
    findable = models.BooleanField(
        _("found by search engines"),
        default=False,
        help_text=_("Search engines may list the sign-in page, and no other."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("branding")
        verbose_name_plural = _("branding")

    def __str__(self) -> str:
        return self.portal_title or str(self.vendor)

    @property
    def css_url(self) -> str:
        """The path of the style sheet, new with each version; empty without an accent."""
        if not self.accent_color:
            return ""
        path = reverse("branding_css", urlconf="portal.urls.customer")
        return f"{path}?v={self.version}"

    @property
    def light(self) -> "Shown | None":
        """The logo on light ground; the one for dark ground where there is no other."""
        return shown(self.logo_light or self.logo_dark)

    @property
    def dark(self) -> "Shown | None":
        """The logo on dark ground, where it differs."""
        return shown(self.logo_dark) if self.logo_light and self.logo_dark else None

    @property
    def icon(self) -> "Shown | None":
        return shown(self.favicon)

    @property
    def email_accent(self) -> colours.Accent:
        """The accent in e-mails, whose ground is light."""
        return colours.corrected(self.accent_color or DEFAULT_ACCENT, colours.LIGHT)


DEFAULT_ACCENT = "#2450c8"


class Shown:
    """A picture on a page: its path, and its size so that nothing moves when it comes."""

    def __init__(self, name: str) -> None:
        self.name = name
        size = name.rpartition("-")[2].removesuffix(".png")
        width, _x, height = size.partition("x")
        self.width, self.height = int(width), int(height)

    @property
    def path(self) -> str:
        return reverse("brand_image", args=[self.name], urlconf="portal.urls.customer")


def shown(name: str) -> Shown | None:
    """The picture of this name; None for no name."""
    return Shown(name) if name else None


class BrandImage(TenantRow):
    """The bytes of a picture, a PNG of at most a few dozen kilobytes. In the database, so that
    every process on every machine has it. Written once."""

    name = models.CharField(max_length=60)
    data = models.BinaryField()

    class Meta(TenantRow.Meta):
        constraints = (models.UniqueConstraint(name="brand_image_once", fields=("vendor", "name")),)

    def __str__(self) -> str:
        return self.name


def brand_of(vendor: Any) -> "Branding | None":
    """The vendor's branding, if it has any; runs in the vendor's scope or after a join."""
    return getattr(vendor, "branding", None)
