"""The releases of the demo data, with real files of a few megabytes."""

import io
from dataclasses import dataclass
from uuid import UUID

from demo.files import content
from demo.ids import demo_id
from releases.files.shelf import shelf_for
from releases.models import Release
from releases.verbs import publishing
from tenancy.models import Vendor


@dataclass(frozen=True, slots=True)
class Version:
    """A release of the demo; `age` is how many days ago it was published, None for a draft."""

    product: str
    version: str
    platforms: tuple[str, ...]
    files: tuple[str, ...]
    age: int | None
    notes: str = ""
    channel: str = "stable"
    archived: bool = False


def _orbit(version: str, age: int, notes: str, channel: str = "stable") -> tuple[Version, ...]:
    """One release per platform."""
    return (
        Version(
            "Orbit", version, ("linux",), (f"orbit-{version}-linux.tar.gz",), age, notes, channel
        ),
        Version(
            "Orbit", version, ("windows",), (f"orbit-{version}-windows.zip",), age, notes, channel
        ),
    )


VERSIONS: dict[str, tuple[Version, ...]] = {
    "acme": (
        *_orbit("4.2.1", 45, "## Corrected\n\n- Long trajectories keep their last point.\n"
                "- The clock of a machine that slept is read again."),
        *_orbit("4.1.0", 290, "## New\n\n- Gravity assists by up to **three** bodies."),
        *_orbit("5.0.0", 6, "A first look at the new solver.\n\n1. Read the old files.\n"
                "2. Save in the new form.", channel="beta"),
        Version("Orbit", "3.9.4", ("linux", "windows"), ("orbit-3.9.4.zip",), 600, archived=True),
        Version("Orbit", "4.3.0", ("linux",), ("orbit-4.3.0-linux.tar.gz",), None),
        Version("Spectra", "3.0.2", ("linux", "macos", "windows"), ("spectra-3.0.2.zip",), 20,
                "Reads spectra of `.jdx` files."),
        Version("Spectra", "3.1.0-rc.1", ("linux", "macos", "windows"),
                ("Spectra 3.1.0-rc.1 (all systems).zip",), 3, "Peaks are named.", channel="beta"),
        Version("Spectra", "2.8.0", ("linux", "windows"), ("spectra-2.8.0.zip",), 410),
        Version("Vault", "1.8.2", ("linux",), ("vault-1.8.2-linux.tar.gz",), 90),
        Version("Vault", "2.0.0", ("linux",), ("vault-2.0.0-linux.tar.gz",), 10,
                "A new store, ten times faster."),
    ),
    "globex": (
        Version("Quill", "7.1", ("linux", "windows"), ("quill-7.1.zip",), 15, "New fonts."),
        Version("Ledger", "2.2.0.4", ("windows",), ("ledger-2.2.0.4-windows.zip",), 33),
    ),
}  # fmt: skip


def seed_release(version: Version, release_id: UUID, vendor: Vendor) -> None:
    """Makes the release with its files, unless it is there. Runs in the vendor's scope."""
    if Release.objects.filter(pk=release_id).exists():
        return
    release = Release(
        id=release_id,
        vendor=vendor,
        product_id=demo_id(vendor.company_id, "product", version.product),
        name=version.product,
        version=version.version,
        platforms=list(version.platforms),
        channel=version.channel,
        notes=version.notes,
    )
    with shelf_for(vendor.pk) as shelf:
        publishing.save_draft(release)
        stored = [(name, shelf.store(io.BytesIO(content(name)))) for name in version.files]
        publishing.add_files(release, stored)
        if version.age is None:
            return
        publishing.publish(release)
        if version.archived:
            publishing.archive(release)
