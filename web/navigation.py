"""The sections of a vendor's portal, which its navigation offers.

An app names its own as `section` of its configuration, and a page says which one it belongs to:
`{% set section = "licenses" %}`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the portal with pages of its own; `route` leads to the first of them."""

    name: str
    label: str | Promise
    icon: str  # its name in static/icons.svg
    route: str
    place: int  # the one with the lowest comes first


@cache
def sections() -> Sequence[Section]:
    """The sections of all apps, in order."""
    found = [getattr(config, "section", None) for config in apps.get_app_configs()]
    return sorted((each for each in found if each is not None), key=lambda each: each.place)
