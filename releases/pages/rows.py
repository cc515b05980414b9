"""What the pages show of a release and its files: texts and addresses, ready to print."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from releases.access import Holder
from releases.coverage import Terms, Verdict
from releases.models import STABLE, Release, ReleaseFile, names_of
from releases.notes import shown
from releases.sentences import why_not
from tenancy.hosts import vendor_url
from tenancy.prepared import prepared
from web.links import path_to
from web.moments import Moment, moment

CHANNELS: dict[str, str | Promise] = {
    STABLE: _lazy("Stable"),
    "beta": _lazy("Beta"),
    "alpha": _lazy("Alpha"),
}


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a covered release. The command `curl` goes on where it broke off, without signing
    in; it reads `curl_input` from the terminal, since what has a key in it stays out of the shell's
    history and the list of processes."""

    name: str
    url: str
    size: str
    sha256: str
    curl: str
    curl_input: str
    checks: tuple[tuple[str, str], ...]  # by system the command that says the file's SHA-256


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release; `refusal` says why the holder's licences don't cover it, and empties `files`."""

    id: str
    url: str
    product: str
    name: str
    version: str
    channel: str
    platforms: str
    published: Moment | None
    refusal: str
    files: list[FileRow]
    notes: SafeString | str


def channel_name(word: str) -> str:
    """How a channel is shown; the vendor's own words as they are."""
    return str(CHANNELS.get(word, word))


def release_rows(
    releases: Sequence[Release],
    holder: Holder,
    now: datetime,
    *,
    notes_from: int = 0,
    names: Mapping[str, str] | None = None,
) -> list[ReleaseRow]:
    """The releases, products loaded, with the files that the holder may have. `names` has those of
    their platforms, where they were asked for already.

    `notes_from` is the level of the notes' highest heading; 0 leaves the notes out.
    """
    verdicts = [holder.verdict(release) for release in releases]
    covered = [each for each, verdict in zip(releases, verdicts, strict=True) if verdict.covered]
    files = files_of(covered)
    names = names or names_of(word for each in releases for word in each.platforms)
    rows = []
    for release, verdict in zip(releases, verdicts, strict=True):
        of_release = [_file_row(file, holder, verdict) for file in files.get(release.pk, [])]
        rows.append(
            _release_row(
                release,
                verdict,
                of_release,
                now,
                platforms=", ".join(names[word] for word in release.platforms),
                notes_from=notes_from,
            )
        )
    return rows


def files_of(releases: Iterable[Release]) -> dict[Any, list[ReleaseFile]]:
    """The files of the releases, by release, in one query."""
    found: dict[Any, list[ReleaseFile]] = {release.pk: [] for release in releases}
    if found:
        for file in _files_of(tuple(found)):
            found[file.release_id].append(file)
    return found


@prepared
def _files_of(releases: Any, /) -> QuerySet[ReleaseFile]:
    return ReleaseFile.objects.filter(release__pk__in=releases)


def _release_row(
    release: Release,
    verdict: Verdict,
    files: list[FileRow],
    now: datetime,
    *,
    platforms: str,
    notes_from: int,
) -> ReleaseRow:
    return ReleaseRow(
        id=str(release.pk),
        url=path_to("release", release.pk),
        product=str(release.product),
        name=release.name,
        version=release.version,
        channel=_channel_of(release),
        platforms=platforms,
        published=moment(release.published_at, now),
        refusal=why_not(verdict),
        files=files,
        notes=shown(release.notes_html, top=notes_from) if notes_from else "",
    )


def _channel_of(release: Release) -> str:
    """What sets it apart from the stable releases; empty for one of these."""
    if release.tried_out:
        return _("Pre-release")
    return "" if release.channel == STABLE else channel_name(release.channel)


def _file_row(file: ReleaseFile, holder: Holder, verdict: Verdict) -> FileRow:
    # Files are shown of covered releases only, so there is a licence that covers.
    address = download_url(file, holder, cast(Terms, verdict.license).key)
    return FileRow(
        name=file.name,
        url=reverse("download", args=[file.release_id, file.name]),
        size=filesizeformat(file.size),
        sha256=file.sha256,
        curl=f"curl -L -C - {_target(file.name)} -K -",
        curl_input=f'url = "{address}"',
        checks=(
            ("Windows", f'(Get-FileHash "{file.name}").Hash.ToLower()'),
            ("macOS", f'shasum -a 256 "{file.name}"'),
            ("Linux", f'sha256sum "{file.name}"'),
        ),
    )


def _target(name: str) -> str:
    """curl's option to save under the name, which it takes from the address as that is written."""
    return "-O" if quote(name, safe="") == name else f'-o "{name}"'


def download_url(file: ReleaseFile, holder: Holder, key: str = "") -> str:
    """The absolute address of a file; with a licence's key it needs no signing in."""
    query = {"key": key} if key else None
    return vendor_url(holder.vendor, "download", file.release_id, file.name, query=query)
