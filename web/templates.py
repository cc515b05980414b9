"""Our templates, without the indentation that is for who reads them."""

import re
from collections.abc import Callable

from django.template import Origin
from django.template.loaders import filesystem
from jinja2 import Environment, FileSystemLoader

INDENTATION = re.compile(r"\n[ \t]+")


def outdented(html: str) -> str:
    """The template without the indentation of its lines: a third of a list's bytes.

    Nothing of ours shows white space as it stands (`pre`, `textarea`): tests/web/test_templates.py.
    """
    return INDENTATION.sub("\n", html)


class OutdentingLoader(filesystem.Loader):
    """Loads Django's templates from the folders of `DIRS`; HTML is outdented, e-mails in plain
    text are not."""

    def get_contents(self, origin: Origin) -> str:
        contents = str(super().get_contents(origin))
        return outdented(contents) if origin.name.endswith(".html") else contents


class OutdentingFiles(FileSystemLoader):
    """Loads Jinja2's templates, which are all pages, and outdents them."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_current = super().get_source(environment, template)
        return outdented(source), name, is_current
