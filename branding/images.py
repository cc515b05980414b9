"""Logos: checked, scaled down and written anew with Pillow, so that nothing else comes along.

A picture takes less than a hundred megabytes of memory: what can be is scaled down while it is
decoded, of anything else there may be fewer pixels, and a process reads one at a time.
"""

import hashlib
import io
import threading
import warnings
from dataclasses import dataclass
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 25_000_000
MOST_WHOLE = 4_000_000  # pixels of a picture that has to be decoded as a whole
LOGO = (640, 160)  # pixels; shown at a quarter of the height
FAVICON = (180, 180)
LONGEST_WAIT = 10  # seconds for those before it
START_OF_SCAN = b"\xff\xda"

_one_at_a_time = threading.Lock()


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

    Raises ValidationError for anything but a whole JPEG of at most 2 MiB and 25 million pixels, or
    a PNG, WebP or progressive JPEG of at most 4 million; and when too many come at once.
    """
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValidationError(_("The picture is larger than 2 MB."), code="too_large")
    if not _one_at_a_time.acquire(timeout=LONGEST_WAIT):
        raise ValidationError(
            _("Many pictures are being read at the moment. Try again in a minute."), code="busy"
        )
    try:
        return _read(data, fit)
    finally:
        _one_at_a_time.release()


def _read(data: bytes, fit: tuple[int, int]) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(image, data)
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


def _check_size(image: Any, data: bytes) -> None:
    """Raises ValidationError for a picture of too many pixels, before one of them is decoded."""
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise ValidationError(
            _("The picture has more than 25 million pixels."), code="too_many_pixels"
        )
    if pixels > MOST_WHOLE and not _can_be_scaled(image, data):
        raise ValidationError(
            _(
                "The picture has more than 4 million pixels. Make it smaller, or save it as a JPEG "
                "that is not progressive, which may have 25 million."
            ),
            code="too_many_pixels",
        )


def _can_be_scaled(image: Any, data: bytes) -> bool:
    """Whether it can be scaled down while it is decoded: a JPEG in one scan, at whose beginning
    the file has been left. One in several, such as a progressive one, is kept as a whole."""
    return image.format == "JPEG" and START_OF_SCAN not in data[image.fp.tell() :]


def _written_anew(image: Image.Image, fit: tuple[int, int]) -> Picture:
    # No format but JPEG knows how. At least twice as large as it will be, for the eye's sake.
    share = min(1, *(most / size for most, size in zip(fit, image.size, strict=True)))
    image.draft(None, (round(2 * share * image.width) or 1, round(2 * share * image.height) or 1))
    pixels = image.convert("RGBA")
    pixels.thumbnail(fit, Image.Resampling.LANCZOS)
    target = io.BytesIO()
    pixels.save(target, "PNG", optimize=True)
    return Picture(target.getvalue(), pixels.width, pixels.height)
