"""The release feed of a product: JSON Feed 1.1 (jsonfeed.org) and Atom (RFC 4287).

For people's feed readers and for programs that look for updates: with a licence's key no signing
in is needed, and the files' addresses carry the key along if it came in the feed's. A release that
the holder's licences don't cover is in the feed with the reason and without files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Length
from django.http import HttpResponse, JsonResponse
from django.utils.feedgenerator import Atom1Feed, Enclosure
from django.utils.html import format_html
from django.utils.translation import gettext as _

from licenses.models import Product
from releases.access import Holder, visible_releases
from releases.models import STABLE, Release, ReleaseFile
from releases.pages.rows import download_url, files_of
from releases.platforms import suits
from releases.sentences import why_not
from tenancy.hosts import vendor_url

MOST_ENTRIES = 50
MOST_NOTES = 1_000_000  # characters of HTML


@dataclass(frozen=True, slots=True)
class Entry:
    """A release with the files that the holder may have, or why there are none; and its notes as
    HTML, or where they are."""

    release: Release
    notes: str
    files: list[ReleaseFile]
    refusal: str
    code: str


def entries(product: Product, holder: Holder, query: Mapping[str, Any]) -> list[Entry]:
    """The newest published releases, at most 50; `channel` and `platform` of the query narrow. A
    pre-release is none of the stable channel's."""
    releases = visible_releases().filter(product=product).select_related("product")
    releases = releases.defer("notes", "notes_html").annotate(length=Length("notes_html"))
    if channel := query.get("channel"):
        releases = releases.filter(channel=channel.replace("\x00", ""))
    platform = query.get("platform")
    fitting = [
        release
        for release in releases.order_by("-published_at", "-version_key")
        if (not platform or suits(platform, release.platforms))
        and not (channel == STABLE and release.tried_out)
    ][:MOST_ENTRIES]
    verdicts = {release.pk: holder.verdict(release) for release in fitting}
    files = files_of([release for release in fitting if verdicts[release.pk].covered])
    notes = _notes(fitting, holder)
    return [
        Entry(
            release,
            notes[release.pk],
            files.get(release.pk, []),
            why_not(verdicts[release.pk]),
            verdicts[release.pk].refusal or "",
        )
        for release in fitting
    ]


def _notes(releases: list[Any], holder: Holder) -> dict[Any, str]:
    """The notes of the newest releases, as long as a feed has place for them, and of all others
    the address where they are."""
    shown, left = [], MOST_NOTES
    for release in releases:
        if release.length <= left:
            shown.append(release.pk)
            left -= release.length
    read = dict(Release.objects.filter(pk__in=shown).values_list("pk", "notes_html"))
    return {
        release.pk: read[release.pk] if release.pk in read else _elsewhere(release, holder)
        for release in releases
    }


def _elsewhere(release: Release, holder: Holder) -> str:
    link = format_html('<a href="{}">{}</a>', _page_url(release, holder), release)
    return f"<p>{_('What is new stands on its page:')} {link}</p>"


def feed_url(name: str, holder: Holder, product: Product, key: str = "") -> str:
    """The absolute address of a feed (`feed_json`, `feed_atom`)."""
    query = {"key": key} if key else None
    return vendor_url(holder.vendor, name, product.pk, query=query)


def _page_url(release: Release, holder: Holder) -> str:
    return vendor_url(holder.vendor, "release", release.pk)


def _title(product: Product) -> str:
    return _("%(product)s releases") % {"product": product}


def as_json(entries: list[Entry], product: Product, holder: Holder) -> HttpResponse:
    """JSON Feed 1.1; what a program needs beyond it stands in `_release` of each item."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(product),
        "home_page_url": vendor_url(holder.vendor, "releases"),
        "feed_url": feed_url("feed_json", holder, product),
        "items": [_json_item(entry, holder) for entry in entries],
    }
    return JsonResponse(feed, content_type="application/feed+json")


def _json_item(entry: Entry, holder: Holder) -> dict[str, Any]:
    release = entry.release
    return {
        "id": f"urn:uuid:{release.pk}",
        "url": _page_url(release, holder),
        "title": str(release),
        "content_html": entry.notes,
        "date_published": release.appeared.isoformat(),
        "date_modified": release.told_last.isoformat(),
        "attachments": [_attachment(file, holder) for file in entry.files],
        "_release": {
            "id": str(release.pk),
            "productId": str(release.product_id),
            "version": release.version,
            "channel": release.channel,
            "platforms": release.platforms,
            "covered": not entry.code,
            "message": entry.refusal or None,
            "code": entry.code or None,
        },
    }


def _attachment(file: ReleaseFile, holder: Holder) -> dict[str, Any]:
    return {
        "url": download_url(file, holder, holder.address_key),
        "mime_type": file.content_type,
        "title": file.name,
        "size_in_bytes": file.size,
        "_file": {"id": str(file.pk), "sha256": file.sha256},
    }


def _in_xml(text: str) -> str:
    """The text without what XML can't hold, which names of before may have in them."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


def as_atom(entries: list[Entry], product: Product, holder: Holder) -> HttpResponse:
    """Atom; files are enclosures."""
    feed = Atom1Feed(
        title=_in_xml(_title(product)),
        link=vendor_url(holder.vendor, "releases"),
        description="",
        feed_url=feed_url("feed_atom", holder, product),
        feed_guid=f"urn:uuid:{product.pk}",
        author_name=_in_xml(holder.vendor.name),
    )
    for entry in entries:
        release = entry.release
        feed.add_item(
            title=str(release),
            link=_page_url(release, holder),
            description=f"<p>{entry.refusal}</p>{entry.notes}" if entry.refusal else entry.notes,
            unique_id=f"urn:uuid:{release.pk}",
            pubdate=release.published_at,
            updateddate=release.told_last,
            categories=[release.channel, *release.platforms],
            enclosures=[
                Enclosure(
                    download_url(file, holder, holder.address_key),
                    str(file.size),
                    file.content_type,
                )
                for file in entry.files
            ],
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml")
