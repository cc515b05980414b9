"""`manage.py makemessages`: finds the texts of pages/ besides those that Django's own finds, which
reads every template as one of Django's."""

from pathlib import Path

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import makemessages

from web.pages import engine

PAGES = Path(settings.BASE_DIR, "pages")


class BuildFile(makemessages.BuildFile):
    """A file on its way to xgettext, which understands Python: a page goes there as its texts."""

    def preprocess(self) -> None:
        path = Path(self.path)
        if not path.resolve().is_relative_to(PAGES):
            super().preprocess()
            return
        try:
            Path(self.work_path).write_text(calls_in(path.read_text()))
        except ValueError as error:
            raise CommandError(f"{path}: {error}") from None


class Command(makemessages.Command):
    build_file_class = BuildFile


def calls_in(page: str) -> str:
    """The page's calls for a translation, as Python, each in its line; raises ValueError for one
    whose text isn't spelt out."""
    lines = [""] * (page.count("\n") + 1)
    for number, function, found in engine().extract_translations(page):  # type: ignore[attr-defined]
        given = found if isinstance(found, tuple) else (found,)
        texts = given[: 2 if function == "ngettext" else 1]
        if None in texts:
            raise ValueError(f"The text that line {number} wants translated isn't spelt out.")
        lines[number - 1] += f"{function}({', '.join(map(repr, texts))}); "
    return "\n".join(lines)
