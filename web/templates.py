"""Our templates, without the indentation that is for who reads them."""

import re
from collections.abc import Callable

from django.template import Origin
from django.template.loaders import filesystem
from jinja2 import Environment, FileSystemLoader

INDENTATION = re.compile(r"\n[ \t]+")
SILENT = "block|else|elif|empty|endblock|endfor|endif|endwith|extends|for|if|load|with"
SILENT_LINE = re.compile(rf"(?<=\n)((?:{{% ?(?:{SILENT})\b[^%\n]*%}})+)\n")


def outdented(html: str) -> str:
    """The template without the indentation of its lines: a third of a list's bytes.

    Nothing of ours shows white space as it stands (`pre`, `textarea`): tests/web/test_templates.py.
    """
    return INDENTATION.sub("\n", html)


def without_empty_lines(html: str) -> str:
    """The template without the line ends after tags that stand alone and show nothing: the line
    end before them still parts words."""
    return SILENT_LINE.sub(r"\1", html)


class OutdentingLoader(filesystem.Loader):
    """Loads Django's templates from the folders of `DIRS`; HTML is outdented and has no empty
    lines, e-mails in plain text are as they are."""

    def get_contents(self, origin: Origin) -> str:
        contents = str(super().get_contents(origin))
        if not origin.name.endswith(".html"):
            return contents
        return without_empty_lines(outdented(contents))


class OutdentingFiles(FileSystemLoader):
    """Loads Jinja2's templates, which are all pages, and outdents them."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_current = super().get_source(environment, template)
        return outdented(source), name, is_current
