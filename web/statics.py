"""Our style sheets and scripts, without what is for who reads them."""

import hashlib
import re
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.base import ContentFile, File
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

SPACE = re.compile(r"\n\s+")
REMARK = re.compile(r"(?s)/\*.*?\*/")
# After the colon of a declaration alone: before one, a space tells `.a :is(.b)` from `.a:is(.b)`.
AROUND = re.compile(r"\s*([{};,])\s*|(:)\s+")
LAST = re.compile(r";(?=})")  # of a rule
REMARK_LINE = re.compile(r"(?m)^//.*\n")


def light_css(text: str) -> str:
    """The same rules without remarks, indentation, most spaces and the last semicolon of each.

    No string of ours has a sign in it beside which spaces go: tests/web/test_statics.py.
    """
    return LAST.sub("", AROUND.sub(r"\1\2", REMARK.sub("", text))).strip()


def light_js(text: str) -> str:
    """The same script without indentation and lines that are remarks.

    No text of ours goes over several lines: tests/web/test_statics.py.
    """
    return REMARK_LINE.sub("", SPACE.sub("\n", text)).lstrip()


WITH_DIGEST = re.compile(r"(?P<name>.+)\.[0-9a-f]{12}(?P<ending>\.\w+)")
LIGHT = {"css": light_css, "js": light_js}  # by the folder of static/


class LightStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """What `collectstatic` keeps is light before it gets its name, which has a digest of it."""

    def _save(self, name: str, content: File[Any]) -> str:
        lighten = LIGHT.get(PurePosixPath(name).parts[0])
        if lighten:
            # From its beginning: it has been read before.
            text = b"".join(content.chunks()).decode()
            content = ContentFile(lighten(text).encode(), name=name)
        return str(super()._save(name, content))


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Sends static files; of one that a page of another version names, and that is not here, what
    is here in its place, which nobody keeps for long. While a new version is put in place a page
    comes from one version, and what it names is asked of the other."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path not in self.files and (named := WITH_DIGEST.fullmatch(path)):
            file = self.files.get(f"{named['name']}{named['ending']}")
            if file is not None:
                there: HttpResponse = self.serve(file, request)
                return there
        response: HttpResponse = super().__call__(request)
        return response


def collect() -> None:
    """What `collectstatic` does, unless it was done of the same files by the same code: compressing
    takes seconds, which each start would wait for. Changes nothing that is there."""
    stamp = Path(settings.STATIC_ROOT, "collected-from")
    made_of = _digest_of_sources()
    if not stamp.exists() or stamp.read_text() != made_of:
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(made_of)


def _digest_of_sources() -> str:
    """Of all static files as they lie with us and our libraries, and of what changes them."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(f"{version('django')} {version('whitenoise')}".encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            with storage.open(name) as file:
                digest.update(f"\n{name} {file.size} ".encode() + file.read())
    return digest.hexdigest()
