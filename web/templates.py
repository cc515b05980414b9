"""Our pages' templates, without the indentation that is for who reads them."""

import re

from django.template import Origin
from django.template.loaders import filesystem

INDENTATION = re.compile(r"\n[ \t]+")


class OutdentingLoader(filesystem.Loader):
    """Loads from the folders of `DIRS`, and takes the indentation off the lines of HTML: a third
    of a list's bytes. It is done once, when a template is compiled.

    Nothing of ours shows white space as it stands (`pre`, `textarea`): tests/web/test_templates.py.
    """

    def get_contents(self, origin: Origin) -> str:
        contents = str(super().get_contents(origin))
        return INDENTATION.sub("\n", contents) if origin.name.endswith(".html") else contents
