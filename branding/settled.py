"""What the settings page tells of the look, of help for customers, and of the portal's address."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.settled import Fact, register
from branding.domains.models import CustomDomain
from branding.verbs.brands import branding_for
from tenancy.hosts import vendor_url
from tenancy.models import Vendor

SHOWN = 20  # domains


def where(vendor: Vendor) -> Iterator[Fact]:
    """The portal's address, and domains of the vendor's own with their state."""
    portal = vendor_url(vendor, "home")
    yield Fact(_("Address of your portal"), (portal,), portal, _("Open the portal"), copied=True)
    found = list(CustomDomain.objects.all()[:SHOWN])
    for domain in found:
        state = f"{domain} · {domain.get_state_display()}, {domain.get_diagnosis_display()}"
        url = reverse("admin:branding_customdomain_change", args=[domain.pk])
        yield Fact(_("Custom domain"), (state,), url, _("Look at it"), "branding.view_customdomain")
    if not found:
        url = reverse("admin:branding_customdomain_add")
        none = _("None: the portal answers at the address above alone.")
        yield Fact(_("Custom domain"), (none,), url, _("Add one"), "branding.add_customdomain")


def look(vendor: Vendor) -> Iterator[Fact]:
    """Title, logos and colour; support and website."""
    brand, url = branding_for(vendor), reverse("admin:branding_branding_changelist")
    logo = _("with your logo") if brand.light else _("without a logo")
    accent = brand.accent_color or _("the portal's own colour")
    right = "branding.change_branding"
    yield Fact(_("Look"), (f"{brand}, {logo}, {accent}",), url, _("Change the look"), right)
    contact = tuple(filter(None, (vendor.support_email, vendor.support_url)))
    yield Fact(
        _("Help for customers"),
        contact or (_("None: customers read no address for help."),),
        f"{url}#id_support_email",
        _("Change the contact"),
        right,
    )
    website = (vendor.website or _("None given"),)
    yield Fact(_("Website"), website, f"{url}#id_website", _("Change the website"), right)


def register_all() -> None:
    """This room's facts."""
    register(1, where)
    register(2, look)
