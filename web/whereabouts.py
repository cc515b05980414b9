"""Where in the world an IP address is, as the operator's GeoIP file has it (GEOIP_DATABASE): a file
in MaxMind's format, such as GeoLite2 or DB-IP Lite, by city or country. Nobody else is asked."""

import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import maxminddb
from django.conf import settings
from django.utils.translation import get_language

logger = logging.getLogger(__name__)

LONGEST_WORDS = 200  # characters
# What a file that is missing, torn or of another format leads to.
UNREADABLE = (OSError, ValueError, maxminddb.InvalidDatabaseError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A country by its two letters of ISO 3166, and "Berlin, Germany" or "Germany" in the reader's
    language, or in English; each empty if it is not known."""

    country: str = ""
    words: str = ""


def whereabouts_of(ip: str) -> Whereabouts:
    """Where the address is; nowhere without a file, and if it doesn't know. A file that can't be
    read keeps nobody from anything: it is the operator's to see to (portal.W006)."""
    file = settings.GEOIP_DATABASE
    if file is None or not ip:
        return Whereabouts()
    try:
        return read(look_up(file, ip))
    except UNREADABLE as error:
        logger.warning("GEOIP_DATABASE can't be read: %s", type(error).__name__)
        return Whereabouts()


def look_up(file: Path, ip: str) -> Any:
    """What the file has of the address, if anything; raises one of UNREADABLE.

    It is opened each time, so that a newer one counts at once, and read instead of being mapped
    into memory, where a file that is overwritten would end the process.
    """
    with closing(maxminddb.open_database(file, maxminddb.MODE_FILE)) as database:
        return database.get(ip)


def read(found: Any) -> Whereabouts:
    """A record of a file's; whatever is not where it should be is not known."""
    country, city = _part(found, "country"), _part(found, "city")
    named = [name for name in (_name(city), _name(country)) if name]
    code = country.get("iso_code")
    return Whereabouts(code if isinstance(code, str) else "", ", ".join(named)[:LONGEST_WORDS])


def _part(found: Any, name: str) -> Mapping[str, Any]:
    part = found.get(name) if isinstance(found, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _name(part: Mapping[str, Any]) -> str:
    names = _part(part, "names")
    language = (get_language() or "").partition("-")[0]
    name = names.get(language) or names.get("en")
    return name if isinstance(name, str) else ""
