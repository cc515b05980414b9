"""In which language and time zone somebody is spoken to: the person's, else the vendor's, else the
installation's."""

from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import User
from tenancy.models import Vendor


def language_of(person: User | None = None, vendor: Vendor | None = None) -> str:
    """The code of a language, as in settings.LANGUAGES; `vendor` counts without a person."""
    return _chosen("language", person, vendor) or settings.LANGUAGE_CODE


def time_zone_of(person: User | None = None, vendor: Vendor | None = None) -> ZoneInfo:
    """The time zone; `vendor` counts without a person."""
    return ZoneInfo(_chosen("time_zone", person, vendor) or settings.TIME_ZONE)


def _chosen(name: str, person: User | None, vendor: Vendor | None) -> str:
    """The first choice that was made; empty for none."""
    own = getattr(person, name) if person else ""
    theirs = person.vendor if person else vendor
    return str(own or (getattr(theirs, name) if theirs else ""))
