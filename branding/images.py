"""Logos: checked, scaled down and written anew with Pillow, so that nothing else comes along."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import IO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 25_000_000
LOGO = (640, 160)  # pixels; shown at a quarter of the height
FAVICON = (180, 180)


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG. Its name is made of its content, so that it can be kept for ever under it."""

    data: bytes
    width: int
    height: int

    @property
    def name(self) -> str:
        return f"{hashlib.sha256(self.data).hexdigest()[:32]}-{self.width}x{self.height}.png"


def read_picture(file: IO[bytes], fit: tuple[int, int]) -> Picture:
    """The picture in the file, no larger than `fit`, as a fresh PNG without metadata.

    Raises ValidationError for anything but a whole PNG, JPEG or WebP of at most 2 MiB and 25
    million pixels.
    """
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValidationError(_("The picture is larger than 2 MB."), code="too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ValidationError(
                        _("The picture has more than 25 million pixels."), code="too_many_pixels"
                    )
                return _written_anew(image, fit)
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise ValidationError(
            _("This is no picture that can be read: use a PNG, JPEG or WebP file."),
            code="unreadable",
        ) from error


def _written_anew(image: Image.Image, fit: tuple[int, int]) -> Picture:
    pixels = image.convert("RGBA")
    pixels.thumbnail(fit, Image.Resampling.LANCZOS)
    target = io.BytesIO()
    pixels.save(target, "PNG", optimize=True)
    return Picture(target.getvalue(), pixels.width, pixels.height)
