"""The door by which a page gets a picture: those that the vendor's branding shows, no others."""

from django.http import Http404

from accounts.requests import PersonRequest
from branding.images import Picture
from branding.models import BrandImage, Branding, Shown, brand_of
from branding.verbs.brands import PICTURES


def get_image(request: PersonRequest, name: str) -> bytes:
    """A picture of the host's vendor; raises Http404."""
    return picture_of(brand_of(request.vendor), name)


def pictures_of(brand: Branding) -> dict[str, Picture]:
    """All pictures of the brand by their names, by one query."""
    names = [name for field in PICTURES if (name := getattr(brand, field))]
    found = BrandImage.objects.filter(name__in=names) if names else ()
    shown = {name: Shown(name) for name in names}
    return {
        image.name: Picture(bytes(image.data), shown[image.name].width, shown[image.name].height)
        for image in found
    }


def picture_of(brand: Branding | None, name: str) -> bytes:
    """The bytes of one of the brand's pictures; raises Http404 for any other name."""
    shown = {getattr(brand, field) for field in PICTURES} if brand else set()
    image = BrandImage.objects.filter(name=name).first() if name in shown else None
    if image is None:
        raise Http404
    return bytes(image.data)
