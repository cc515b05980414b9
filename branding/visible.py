"""Whether a logo can be seen on the ground that a page puts it on."""

import io
from typing import Any

from PIL import Image

from branding.colours import Scheme, contrast_of, luminance, parse

STANDS_OUT = 2.0  # contrast with the ground; a logo is larger than text
MOST_OF_IT = 0.5  # so much of a free-standing shape has to stand out
A_LITTLE = 0.05  # of a picture that brings a ground of its own, what is drawn on it
FILLED = 0.9  # so much of its rectangle such a picture fills
OPAQUE = [0] * 128 + [255] * 128
# The luminance of each value of a channel, and how much of it each channel has (WCAG 2.2).
LUMINANCES = [round(255 * luminance((value / 255,) * 3)) for value in range(256)]
SHARES = (0.2126, 0.7152, 0.0722, 0)


def hardly_seen(png: bytes, scheme: Scheme) -> bool:
    """Whether too little of a PNG's opaque pixels stands out from the scheme's surface. A few
    milliseconds for a logo as `images.read_picture` makes it."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        pixels: Any = image.convert("RGBA")
    mask = pixels.getchannel("A").point(OPAQUE)
    box = mask.getbbox()
    if box is None:
        return True
    luminances = pixels.convert("RGB").point(LUMINANCES * 3).convert("L", SHARES).histogram(mask)
    ground, opaque = luminance(parse(scheme.surface)), sum(luminances)
    seen = sum(
        number
        for value, number in enumerate(luminances)
        if contrast_of(value / 255, ground) >= STANDS_OUT
    )
    left, upper, right, lower = box
    is_filled = opaque >= FILLED * (right - left) * (lower - upper)
    least = A_LITTLE if is_filled else MOST_OF_IT
    return bool(seen < least * opaque)
