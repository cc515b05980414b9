"""The verb by which a vendor's look is changed. Runs in the vendor's scope."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from audit import trail
from branding.images import Picture
from branding.models import BrandImage, Branding
from tenancy.models import Vendor

PICTURES = ("logo_light", "logo_dark", "favicon")


def branding_for(vendor: Vendor) -> Branding:
    """The vendor's branding; a new one, not saved, where there is none yet."""
    return Branding.objects.filter(vendor=vendor).first() or Branding(vendor=vendor)


@transaction.atomic
def save_branding(branding: Branding, pictures: Mapping[str, Picture | None]) -> Branding:
    """Saves the branding with new pictures (None takes one away) as a new version.

    Pictures that nothing shows any more are deleted. Raises ValidationError.
    """
    before = branding_for(branding.vendor)
    for field, picture in pictures.items():
        setattr(branding, field, _keep(branding.vendor, picture) if picture else "")
    branding.full_clean(exclude=["vendor"])
    adding = branding._state.adding
    branding.save(force_insert=adding)
    if not adding:
        Branding.objects.filter(pk=branding.pk).update(version=F("version") + 1)
        branding.refresh_from_db(fields=["version"])
    if adding:
        trail.record("created", branding, changes=trail.values_of(branding))
    else:
        trail.record_change(before, branding)
    shown = {getattr(branding, field) for field in PICTURES}
    BrandImage.objects.exclude(name__in=shown).delete()
    return branding


def _keep(vendor: Vendor, picture: Picture) -> str:
    image = BrandImage(vendor=vendor, name=picture.name, data=picture.data)
    if not BrandImage.objects.filter(name=picture.name).exists():
        image.save(force_insert=True)
    return picture.name
