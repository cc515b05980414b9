"""Time zones by their IANA names, such as Europe/Berlin; pure.

Their data come with the portal, as the package tzdata, and never from the machine: two machines
with Debian of different years would otherwise end the same licence at different moments.
"""

import zoneinfo
from functools import cache
from zoneinfo import ZoneInfo

# From here on ZoneInfo finds nothing on the machine and falls back to the package.
zoneinfo.reset_tzpath(())
ZoneInfo.clear_cache()


@cache
def names() -> tuple[str, ...]:
    """Every zone's name in the order of the alphabet, old and technical ones among them; but for
    the one that stands for none."""
    return tuple(sorted(zoneinfo.available_timezones() - {"Factory"}))


@cache
def places() -> tuple[str, ...]:
    """The zones that a person would choose, which are named after a place; UTC comes first."""
    technical = ("Etc", "SystemV", "US", "Canada", "Mexico", "Brazil", "Chile")
    named = (name for name in names() if "/" in name)
    return ("UTC", *(name for name in named if name.partition("/")[0] not in technical))
