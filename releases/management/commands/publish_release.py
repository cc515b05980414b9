"""`manage.py publish_release`: publishes every file of a folder as one release."""

import signal
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from licenses.models import Product
from releases.errors import PlatformUnknown, ReleaseError
from releases.files.names import validate_file_name
from releases.files.shelf import Shelf, Stored, shelf_for
from releases.models import Release
from releases.verbs import publishing
from tenancy.door import inside
from tenancy.finding import called
from tenancy.management.named import vendor_named, what_is_wrong
from tenancy.transactions import in_steps
from web.disks import is_out
from web.errors import StorageUnavailable


class Command(BaseCommand):
    help = "Publishes every file of a folder as one release, or nothing at all if one is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company_id")
        parser.add_argument("product", help="The product's name.")
        parser.add_argument("release_version", metavar="version", help="Such as 4.2.1.")
        parser.add_argument("folder", type=Path, help="Each file in it becomes a release file.")
        parser.add_argument(
            "--platform",
            action="append",
            dest="platforms",
            required=True,
            help="Such as linux; give it again for each further platform.",
        )
        parser.add_argument(
            "--own-platforms",
            action="store_true",
            help="Platforms that the portal doesn't know are meant; those visitors alone who "
            "choose one are offered the release.",
        )
        parser.add_argument("--channel", default="stable")
        parser.add_argument("--name", default="", help="The product's name unless it is given.")
        parser.add_argument("--notes", type=Path, help="A file with the notes, in Markdown.")
        parser.add_argument("--private", action="store_true", help="Customers don't see it.")
        parser.add_argument("--draft", action="store_true", help="Leave publishing to a person.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._clear_up_when_stopped()
        vendor = vendor_named(options["company_id"])
        with inside(vendor):
            product = called(Product.objects.all(), options["product"])
            if product is None:
                raise CommandError(f"{vendor.name} has no product named {options['product']!r}.")
            try:
                self._publish(_release(product, options), options)
            except PlatformUnknown as error:
                raise CommandError(f"{error.sentence} Say it with --own-platforms.") from error
            except ReleaseError as error:
                raise CommandError(error.sentence) from error
            except ValidationError as error:
                raise CommandError(what_is_wrong(error)) from error
            except Exception as error:
                if not is_out(error):
                    raise
                raise CommandError(f"{StorageUnavailable()} ({error})") from error

    @staticmethod
    def _clear_up_when_stopped() -> None:
        """Has SIGTERM end the command as Ctrl-C does, so that nothing stays half copied."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

    def _publish(self, release: Release, options: dict[str, Any]) -> None:
        """Stores the files, then makes a draft of them, which customers see none of, and publishes
        it at last."""
        # What can be refused is refused before anything is copied.
        own = options["own_platforms"]
        publishing.check_draft(release, own_platforms=own)
        paths = _files_in(options["folder"])
        with shelf_for(release.vendor_id) as shelf:
            stored = [(path.name, self._store(shelf, path)) for path in paths]
            publishing.save_draft(release, own_platforms=own)
            try:
                in_steps(stored, lambda each: publishing.add_files(release, [each]))
                if not options["draft"]:
                    publishing.publish(release)
            except BaseException:
                publishing.delete_draft(release)
                raise
        for name, each in stored:
            self.stdout.write(f"{each.sha256}  {name}")
        state = "saved as a draft" if options["draft"] else "published"
        self.stdout.write(self.style.SUCCESS(f"{release} is {state}: {release.pk}"))

    def _store(self, shelf: Shelf, path: Path) -> Stored:
        size = path.stat().st_size
        with (
            path.open("rb") as file,
            tqdm(total=size, unit="B", unit_scale=True, desc=path.name, file=sys.stderr) as bar,
        ):
            stored = shelf.store(file, bar.update)
        if stored.size != size:
            raise CommandError(f"{path} changed while it was read. Nothing was published.")
        return stored


def _release(product: Product, options: dict[str, Any]) -> Release:
    notes: Path | None = options["notes"]
    return Release(
        vendor_id=product.vendor_id,
        product=product,
        name=options["name"] or str(product),
        version=options["release_version"],
        channel=options["channel"],
        platforms=options["platforms"],
        notes=_text_of(notes) if notes else "",
        private=options["private"],
    )


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The notes can't be read: {error}") from error


def _files_in(folder: Path) -> list[Path]:
    """The files of the folder by name; hidden ones and folders in it are left alone."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder.")
    files = sorted(
        path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")
    )
    if not files:
        raise CommandError(f"{folder} has no files.")
    for path in files:
        if path.is_symlink():
            raise CommandError(f"{path} is a link: what it leads to could be anything.")
        try:
            validate_file_name(path.name)
        except ValidationError as error:
            raise CommandError(f"{path.name!r}: {' '.join(error.messages)}") from error
    return files
