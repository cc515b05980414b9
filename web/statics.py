"""Our style sheets and scripts, without what is for who reads them."""

import re
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

SPACE = re.compile(r"\n\s+")
REMARK = re.compile(r"(?s)/\*.*?\*/")
# After the colon of a declaration alone: before one, a space tells `.a :is(.b)` from `.a:is(.b)`.
AROUND = re.compile(r"\s*([{};,])\s*|(:)\s+")
REMARK_LINE = re.compile(r"(?m)^//.*\n")


def light_css(text: str) -> str:
    """The same rules without remarks, indentation and most spaces.

    No string of ours has a sign in it beside which spaces go: tests/web/test_statics.py.
    """
    return AROUND.sub(r"\1\2", REMARK.sub("", text)).strip()


def light_js(text: str) -> str:
    """The same script without indentation and lines that are remarks.

    No text of ours goes over several lines: tests/web/test_statics.py.
    """
    return REMARK_LINE.sub("", SPACE.sub("\n", text)).lstrip()


LIGHT = {"css": light_css, "js": light_js}  # by the folder of static/


class LightStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """What `collectstatic` keeps is light before it gets its name, which has a digest of it."""

    def _save(self, name: str, content: File[Any]) -> str:
        lighten = LIGHT.get(PurePosixPath(name).parts[0])
        if lighten:
            text = b"".join(
                content.chunks()
            ).decode()  # from its beginning: it has been read before
            content = ContentFile(lighten(text).encode(), name=name)
        return str(super()._save(name, content))
