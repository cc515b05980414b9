"""Logos: what is taken, what is refused, and that nothing else comes along."""

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from branding.images import FAVICON, LOGO, MOST_BYTES, read_picture
from tests.branding.pictures import bytes_of


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pictures_become_small_pngs(kind: str) -> None:
    picture = read_picture(io.BytesIO(bytes_of((2000, 500), kind)), LOGO)
    assert (picture.width, picture.height) == (640, 160)
    with Image.open(io.BytesIO(picture.data)) as image:
        assert (image.format, image.size) == ("PNG", (640, 160))
    assert picture.name.endswith("-640x160.png")


def test_small_ones_are_not_blown_up_and_names_are_the_content() -> None:
    one, same, other = (
        read_picture(io.BytesIO(bytes_of((40, 40), colour=colour)), FAVICON)
        for colour in ("#112233", "#112233", "#332211")
    )
    assert (one.width, one.height) == (40, 40)
    assert one.name == same.name != other.name


def test_metadata_and_what_is_appended_stay_behind() -> None:
    target = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (10, 10)).save(target, "JPEG", exif=exif)
    picture = read_picture(io.BytesIO(target.getvalue() + b"<script>alert(1)</script>"), LOGO)
    assert b"secret" not in picture.data
    assert b"script" not in picture.data


def bomb() -> bytes:
    """A PNG of a few bytes that claims to be 60,000 pixels wide and high."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 60_001)), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + b"\0" * 100,
        bytes_of(kind="GIF"),
        bytes_of(kind="BMP"),
        bytes_of(kind="TIFF"),
        bytes_of((300, 300))[:100],
        bytes_of(kind="JPEG")[:200],
        bytes_of((5001, 5000)),
        bomb(),
        b"\x89PNG\r\n\x1a\n" + b"\0" * MOST_BYTES,
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValidationError):
        read_picture(io.BytesIO(data), LOGO)
