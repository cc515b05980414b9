"""Pictures for tests."""

import io

from PIL import Image

from branding.images import LOGO, Picture, read_picture


def bytes_of(
    size: tuple[int, int] = (320, 80), kind: str = "PNG", colour: str = "#2450c8"
) -> bytes:
    """A picture of one colour in a format."""
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, kind)
    return target.getvalue()


def picture(colour: str = "#2450c8") -> Picture:
    """A logo as a form would hand it over."""
    return read_picture(io.BytesIO(bytes_of(colour=colour)), LOGO)
