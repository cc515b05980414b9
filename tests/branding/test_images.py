"""Logos: what is taken, what is refused, and that nothing else comes along."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from branding import images
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
        bytes_of((5001, 5000), "JPEG"),
        bomb(),
        b"\x89PNG\r\n\x1a\n" + b"\0" * MOST_BYTES,
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValidationError):
        read_picture(io.BytesIO(data), LOGO)


def saved(size: tuple[int, int], kind: str, mode: str = "RGB", **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size).save(target, kind, **options)
    return target.getvalue()


def in_two_scans() -> bytes:
    """A JPEG that is not progressive, of which the decoder has to keep everything all the same."""
    data = saved((2500, 1601), "JPEG")
    return data[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + data[-2:]


@pytest.mark.parametrize(
    "data",
    [
        saved((2500, 1601), "PNG"),
        saved((2500, 1601), "WEBP", method=0),
        saved((2500, 1601), "JPEG", progressive=True),
        in_two_scans(),
    ],
    ids=["png", "webp", "progressive", "scans"],
)
def test_what_has_to_be_decoded_whole_may_have_fewer_pixels(data: bytes) -> None:
    with pytest.raises(ValidationError, match="more than 4 million pixels") as refused:
        read_picture(io.BytesIO(data), LOGO)
    assert refused.value.code == "too_many_pixels"


def test_a_scaled_one_looks_the_same() -> None:
    """What was scaled down while it was decoded is as large as all others, and its colours stay."""
    target = io.BytesIO()
    left, right = Image.new("RGB", (2500, 2000), "#c82424"), "#2450c8"
    whole = Image.new("RGB", (5000, 2000), right)
    whole.paste(left, (0, 0))
    whole.save(target, "JPEG", quality=95)
    picture = read_picture(io.BytesIO(target.getvalue()), LOGO)
    assert (picture.width, picture.height) == (400, 160)
    with Image.open(io.BytesIO(picture.data)) as image:
        seen = [image.getpixel((x, 80)) for x in (50, 350)]
    for colour, expected in zip(seen, ((200, 36, 36), (36, 80, 200)), strict=True):
        assert all(abs(a - b) < 6 for a, b in zip(colour, expected, strict=False))  # type: ignore[arg-type]


# What a process of its own takes at its height for pictures in threads, beyond its first picture.
MEASURE = """
import io, resource, sys, threading
from pathlib import Path
from django.conf import settings
settings.configure()
from branding.images import LOGO, read_picture

def height():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

small, large, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
read_picture(io.BytesIO(small.read_bytes()), LOGO)
before, done = height(), []
read = lambda: done.append(read_picture(io.BytesIO(large.read_bytes()), LOGO))
threads = [threading.Thread(target=read) for _ in range(times)]
[each.start() for each in threads]
[each.join() for each in threads]
assert len(done) == times
print(height() - before)
"""


@pytest.mark.parametrize(
    ("large", "megabytes"),
    [
        (saved((5000, 5000), "JPEG"), 20),
        (saved((5000, 5000), "JPEG", "CMYK"), 20),
        (saved((2500, 1600), "PNG", "RGBA"), 100),
        (saved((2500, 1600), "PNG", "P"), 100),
        (saved((2500, 1600), "WEBP", method=0), 100),
    ],
    ids=["jpeg", "cmyk", "png", "palette", "webp"],
)
def test_how_much_memory_four_at_once_take(large: bytes, megabytes: int, tmp_path: Path) -> None:
    files = (tmp_path / "small", tmp_path / "large")
    for path, data in zip(files, (bytes_of(), large), strict=True):
        path.write_bytes(data)
    command = [sys.executable, "-c", MEASURE, *map(str, files), "4"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert float(done.stdout) < megabytes


def test_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "LONGEST_WAIT", 0.01)
    with (
        images._one_at_a_time,
        pytest.raises(ValidationError, match="Many pictures") as refused,
    ):
        read_picture(io.BytesIO(bytes_of()), LOGO)
    assert refused.value.code == "busy"
    assert read_picture(io.BytesIO(bytes_of()), LOGO)
