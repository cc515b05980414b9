"""The verb by which a vendor's look is changed. Runs in the vendor's scope."""

from collections.abc import Mapping
from typing import TypedDict

from django.db import transaction
from django.db.models import F

from audit import rows, trail
from branding.images import Picture
from branding.models import BrandImage, Branding
from tenancy.models import Vendor

PICTURES = ("logo_light", "logo_dark", "favicon")


class Look(TypedDict, total=False):
    """What of a branding is no picture; what is left out stays."""

    portal_title: str
    welcome: str
    accent_color: str
    privacy_url: str
    terms_url: str
    imprint_url: str
    findable: bool


class Contact(TypedDict, total=False):
    """Where a vendor's customers find help; what is left out stays."""

    support_email: str
    support_url: str
    website: str


def branding_for(vendor: Vendor) -> Branding:
    """The vendor's branding; a new one, not saved, where there is none yet."""
    return Branding.objects.filter(vendor=vendor).first() or Branding(vendor=vendor)


@transaction.atomic
def change_brand(
    *,
    vendor: Vendor,
    look: Look | None = None,
    pictures: Mapping[str, Picture | None] | None = None,
    contact: Contact | None = None,
) -> Branding:
    """Saves the look with new pictures (None takes one away) as a new version, if it is another
    one, and the contact.

    Pictures that nothing shows any more are deleted. Raises ValidationError, and saves nothing
    then.
    """
    # One at a time, so that nobody deletes a picture that the other has just put in.
    locked = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
    branding = branding_for(locked)
    for name, value in (look or {}).items():
        setattr(branding, name, value)
    for name, picture in (pictures or {}).items():
        setattr(branding, name, _keep(locked, picture) if picture else "")
    _save(branding)
    if contact:
        _change_contact(locked, contact)
    return branding


def _save(branding: Branding) -> None:
    branding.full_clean(exclude=["vendor"])
    if branding._state.adding:
        rows.create(branding)
    else:
        before = Branding.objects.get(pk=branding.pk)
        if not trail.changes_between(before, branding):
            return
        branding.save()
        Branding.objects.filter(pk=branding.pk).update(version=F("version") + 1)
        branding.refresh_from_db(fields=["version"])
        trail.record_change(before, branding)
    shown = {getattr(branding, field) for field in PICTURES}
    BrandImage.objects.exclude(name__in=shown).delete()


def _keep(vendor: Vendor, picture: Picture) -> str:
    image = BrandImage(vendor=vendor, name=picture.name, data=picture.data)
    if not BrandImage.objects.filter(name=picture.name).exists():
        image.save(force_insert=True)
    return picture.name


def _change_contact(vendor: Vendor, contact: Contact) -> None:
    before = Vendor.objects.get(pk=vendor.pk)
    for name, text in contact.items():
        setattr(vendor, name, text)
    # Into its one spelling, which may be what is there.
    vendor.clean_fields(exclude={each.name for each in vendor._meta.fields} - set(contact))
    if not trail.changes_between(before, vendor):
        return
    vendor.save(update_fields=[*contact, "updated_at"])
    trail.record_change(before, vendor)
