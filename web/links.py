"""Paths of the customer's portal, for lists: `reverse` looks each one up anew."""

from functools import lru_cache
from uuid import UUID

from django.urls import get_script_prefix, reverse

PLACES = tuple(UUID(int=number) for number in range(2))


def path_to(name: str, *ids: UUID) -> str:
    """The path of a page of a vendor's portal that is named by ids; raises NoReverseMatch."""
    path = _pattern(name, len(ids), get_script_prefix())
    for place, id in zip(PLACES, ids, strict=False):
        path = path.replace(str(place), str(id))
    return path


@lru_cache
def _pattern(name: str, places: int, _prefix: str) -> str:
    return reverse(name, urlconf="portal.urls.customer", args=PLACES[:places])
