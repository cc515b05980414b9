"""What a program is offered that asks for the newest release."""

from uuid import UUID

from licenses import versions
from releases.access import Holder, visible_releases
from releases.errors import ReleaseNotFound
from releases.models import STABLE, Release
from releases.platforms import suits


def candidates(product_id: UUID, *, platform: str, channel: str = STABLE) -> list[Release]:
    """The visible releases of a product for a platform, the newest first. A pre-release is none of
    the stable channel's."""
    found = visible_releases().filter(product=product_id, channel=channel)
    in_order = found.defer("notes", "notes_html").order_by("-version_key", "-published_at", "id")
    return [each for each in in_order if suits(platform, each.platforms) and not each.tried_out]


def above(releases: list[Release], version: str) -> list[Release]:
    """Those that are newer than the version; one that is given with fewer parts says nothing about
    the lower ones (design of the Web API v3). Raises ValueError for what is no version."""
    return [each for each in releases if not versions.within(each.version, version)]


def newest_covered(releases: list[Release], holder: Holder) -> Release | None:
    """The first that a licence of the holder's covers."""
    return next((each for each in releases if holder.verdict(each).covered), None)


def latest(releases: list[Release], holder: Holder) -> Release:
    """The newest that is covered or, where none is, the newest, for which the verdict then says
    why. Raises ReleaseNotFound where there is none at all."""
    if not releases:
        raise ReleaseNotFound
    return newest_covered(releases, holder) or releases[0]
