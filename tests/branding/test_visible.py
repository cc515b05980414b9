"""Which logos can be seen on which ground."""

import io

import pytest
from PIL import Image, ImageDraw

from branding.colours import DARK, LIGHT
from branding.visible import hardly_seen


def drawn(
    colour: str, ground: str = "#00000000", dot: str = "", size: tuple[int, int] = (160, 40)
) -> bytes:
    """Strokes as of letters on a ground, which may be none, with a dot in another colour."""
    image = Image.new("RGBA", size, ground)
    pen = ImageDraw.Draw(image)
    for x in range(8, size[0], 16):
        pen.rectangle((x, 8, x + 4, 32), colour)
    if dot:
        pen.ellipse((0, 10, 20, 30), dot)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


@pytest.mark.parametrize(
    ("png", "on_light", "on_dark"),
    [
        (drawn("#101010"), False, True),
        (drawn("#0a1a4a"), False, True),
        (drawn("#ffffff"), True, False),
        (drawn("#fff8d0"), True, False),
        (drawn("#2450c8"), False, False),
        (drawn("#808080"), False, False),
        # Letters that are lost beside a small mark that is not.
        (drawn("#101010", dot="#ff8800"), False, True),
        # A picture with a ground of its own is seen by that, or by what is drawn on it.
        (drawn("#101010", ground="#ffffff"), False, False),
        (drawn("#ffffff", ground="#101010"), False, False),
        (drawn("#101010", ground="#101010"), False, True),
        (drawn("#ffffff", ground="#ffffff"), True, False),
        # Nothing at all.
        (drawn("#00000000"), True, True),
    ],
)
def test_what_can_hardly_be_seen(png: bytes, on_light: bool, on_dark: bool) -> None:
    assert (hardly_seen(png, LIGHT), hardly_seen(png, DARK)) == (on_light, on_dark)
