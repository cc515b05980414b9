"""Drawings (SVG) as pixels: a process of its own reads each (svg/process.py)."""

import logging
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branding.svg.process import REFUSED

LONGEST = 10  # seconds, also for a process that waits

logger = logging.getLogger(__name__)

COMPLICATED = _(
    "The drawing is too large or too complicated to be read: simplify it, or use a PNG picture."
)
SENTENCES: dict[str, Any] = {
    "no drawing": _("This is no picture that can be read: use a PNG, JPEG, WebP or SVG file."),
    "xml": _("The drawing is no SVG that can be read. It says: %(detail)s."),
    "large": _("The drawing is larger than 2 MB, unpacked."),
    "complicated": COMPLICATED,
    "entity": _("The drawing has entities in it, which are not read: save it as plain SVG."),
    "unknown": _(
        "The drawing has %(detail)s in it, which is not read: save it as plain SVG without that, "
        "or use a PNG picture."
    ),
    "reference": _(
        "The drawing leads to something outside of itself (%(detail)s), which is not read: put "
        "everything into it as shapes, or use a PNG picture."
    ),
    "text": _(
        "The drawing has text in it, whose font is missing here: turn the text into paths (in "
        "Inkscape: Path, Object to path; in Illustrator: Type, Create outlines; in Figma: Flatten) "
        "and save it again."
    ),
    "size": _("The drawing does not say how large it is: save it with a viewBox of a usual size."),
}


def rasterised(data: bytes, fit: tuple[int, int]) -> bytes:
    """The drawing in an SVG file as a PNG of the largest size that fits, in pixels.

    Raises ValidationError with the reason for what is not read.
    """
    command = [sys.executable, "-m", "branding.svg.process", *map(str, fit)]
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=LONGEST,
            cwd=settings.BASE_DIR,
            env={},  # our environment has secrets
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ValidationError(COMPLICATED, code="complicated") from error
    if done.returncode == REFUSED:
        code, _separator, detail = done.stdout.decode().partition("\n")
        raise ValidationError(SENTENCES[code], code=code, params={"detail": detail})
    if done.returncode:
        logger.warning("A drawing was not read: %s", done.stderr.decode(errors="replace")[-1000:])
        raise ValidationError(COMPLICATED, code="complicated")
    return done.stdout
