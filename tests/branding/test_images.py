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
from PIL import Image, ImageCms

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


def png(size: tuple[int, int], bits: int, colours: int, row: bytes, **more: bytes) -> bytes:
    """A PNG of equal rows, with further chunks, as no encoder of ours would write it."""
    head = struct.pack(">IIBBBBB", *size, bits, colours, 0, 0, 0)
    chunks = [(b"IHDR", head), *((name.encode(), data) for name, data in more.items())]
    chunks += [(b"IDAT", zlib.compress((b"\0" + row) * min(size[1], 9))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def saved(size: tuple[int, int], kind: str, mode: str = "RGB", **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, options.pop("colour", 0)).save(target, kind, **options)
    return target.getvalue()


def animated(kind: str) -> bytes:
    other = Image.new("RGB", (40, 10), "#2450c8")
    return saved((40, 10), kind, save_all=True, append_images=[other])


UNREADABLE = "This is no picture that can be read: use a PNG, JPEG, WebP or SVG file."
DAMAGED = "The picture can't be read to its end: the file is damaged, or a part is missing."
TOO_MANY = "The picture has more than 25 million pixels: make it smaller."
HEIC = b"\0\0\0\x18ftyp"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", UNREADABLE),
        (b"not a picture", UNREADABLE),
        (b"GIF89a" + b"\0" * 100, "a file of the kind GIF"),
        (bytes_of(kind="GIF"), "a file of the kind GIF"),
        (animated("GIF"), "a file of the kind GIF"),
        (bytes_of(kind="BMP"), "a file of the kind BMP"),
        (bytes_of(kind="TIFF"), "a file of the kind TIFF"),
        (bytes_of((32, 32), kind="ICO"), "a file of the kind ICO"),
        (bytes_of(kind="AVIF"), "a file of the kind AVIF"),
        (bytes_of(kind="JPEG2000"), "a file of the kind JPEG 2000"),
        (bytes_of(kind="PDF"), "a file of the kind PDF"),
        (bytes_of(kind="EPS"), "a file of the kind EPS"),
        (HEIC + b"heic" + b"\0" * 40, "a file of the kind HEIC"),
        (HEIC + b"mif1" + b"\0" * 40, "a file of the kind HEIC"),
        (b"8BPS\0\1" + b"\0" * 40, "a file of the kind Photoshop"),
        (b"PK\x03\x04" + b"\0" * 40, "a file of the kind ZIP"),
        (b"\xff\x0a" + b"\0" * 40, "a file of the kind JPEG XL"),
        (animated("PNG"), "The picture is animated"),
        (animated("WEBP"), "The picture is animated"),
        (bytes_of((300, 300))[:100], DAMAGED),
        (bytes_of((300, 300))[:-200], DAMAGED),
        (bytes_of(kind="JPEG")[:-100], DAMAGED),
        (bytes_of((300, 300), kind="WEBP")[:-20], DAMAGED),
        (bytes_of((5001, 5000), "JPEG"), TOO_MANY),
        (png((9000, 9000), 8, 0, b"\0" * 9000), TOO_MANY),
        (png((10_000, 10_000), 8, 0, b"\0" * 10_000), TOO_MANY),
        (png((60_000, 60_000), 8, 0, b"\0" * 60_000), TOO_MANY),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * MOST_BYTES, "The picture is larger than 2 MB."),
    ],
)
def test_everything_else_is_refused_and_says_why(data: bytes, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_picture(io.BytesIO(data), LOGO)
    assert text in " ".join(refused.value.messages)


Pixel = tuple[int, ...]


def seen(data: bytes, fit: tuple[int, int] = LOGO) -> Any:
    with Image.open(io.BytesIO(read_picture(io.BytesIO(data), fit).data)) as image:
        return image.convert("RGBA")


WORDS = struct.Struct(">HH").pack


@pytest.mark.parametrize(
    ("data", "first", "second"),
    [
        # Grey, in 16, 8, 4, 2 bits and 1, with a transparent shade and without.
        (png((2, 1), 16, 0, WORDS(0x8000, 0x1234)), (128, 128, 128, 255), (18, 18, 18, 255)),
        (
            png((2, 1), 16, 0, WORDS(0x8000, 0x1234), tRNS=b"\x12\x34"),
            (128, 128, 128, 255),
            (18, 18, 18, 0),
        ),
        (png((2, 1), 8, 0, b"\x80\x20", tRNS=b"\0\x80"), (128, 128, 128, 0), (32, 32, 32, 255)),
        (png((2, 1), 4, 0, b"\x82", tRNS=b"\0\2"), (136, 136, 136, 255), (34, 34, 34, 0)),
        (png((2, 1), 2, 0, b"\x80", tRNS=b"\0\2"), (170, 170, 170, 0), (0, 0, 0, 255)),
        (png((2, 1), 1, 0, b"\x80", tRNS=b"\0\1"), (255, 255, 255, 0), (0, 0, 0, 255)),
        (png((2, 1), 1, 0, b"\x80"), (255, 255, 255, 255), (0, 0, 0, 255)),
        # Grey with alpha, in 8 and 16 bits.
        (png((2, 1), 8, 4, b"\x80\x40\x20\xff"), (128, 128, 128, 64), (32, 32, 32, 255)),
        (
            png((2, 1), 16, 4, WORDS(0x8000, 0x4000) + WORDS(0x2000, 0xFFFF)),
            (128, 128, 128, 64),
            (32, 32, 32, 255),
        ),
        # Colours of 16 bits.
        (
            png((2, 1), 16, 2, struct.pack(">6H", 0x8000, 0, 0xFFFF, 0xFF00, 0, 0)),
            (128, 0, 255, 255),
            (255, 0, 0, 255),
        ),
        (
            png((2, 1), 16, 2, struct.pack(">6H", 0x8000, 0, 0xFFFF, 0xFF00, 0, 0),
                tRNS=struct.pack(">3H", 0x8000, 0, 0xFFFF)),
            (128, 0, 255, 0),
            (255, 0, 0, 255),
        ),
        # A palette with transparency.
        (
            png((2, 1), 8, 3, b"\0\1", PLTE=b"\xff\0\0\0\xff\0", tRNS=b"\x40\xff"),
            (255, 0, 0, 64),
            (0, 255, 0, 255),
        ),
        (
            png((2, 1), 1, 3, b"\x40", PLTE=b"\xff\0\0\0\xff\0", tRNS=b"\0"),
            (255, 0, 0, 0),
            (0, 255, 0, 255),
        ),
    ],
)  # fmt: skip
def test_every_way_to_store_pixels(data: bytes, first: Pixel, second: Pixel) -> None:
    image = seen(data)
    assert (image.size, image.getpixel((0, 0)), image.getpixel((1, 0))) == ((2, 1), first, second)


def close_to(one: Pixel, other: Pixel) -> bool:
    return all(abs(a - b) < 6 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (1, 0)), (3, (1, 1)), (4, (0, 1)), (5, (0, 0)), (6, (1, 0)), (7, (1, 1)),
     (8, (0, 1)), (99, (0, 0))],
)  # fmt: skip
def test_orientation(kind: str, orientation: int, corner: tuple[int, int]) -> None:
    """Red is the corner that the file has at the top left; sideways it is turned before it fits."""
    image = Image.new("RGB", (400, 1000), "#ffffff")
    image.paste("#ff0000", (0, 0, 100, 200))
    exif = Image.Exif()
    exif[0x0112] = orientation
    target = io.BytesIO()
    image.save(target, kind, exif=exif, quality=95)
    shown = seen(target.getvalue())
    assert shown.size == ((400, 160) if 5 <= orientation <= 8 else (64, 160))
    place = [2 + at * (side - 5) for at, side in zip(corner, shown.size, strict=True)]
    opposite = [side - 1 - at for at, side in zip(place, shown.size, strict=True)]
    assert close_to(shown.getpixel(tuple(place)), (255, 0, 0, 255))
    assert close_to(shown.getpixel(tuple(opposite)), (255, 255, 255, 255))


def test_damaged_exif_is_left_alone() -> None:
    for exif in (b"Exif\0\0MM\0*\0\0\0\x08\0\x09\x01\x12", b"Exif\0\0nonsense", b"x"):
        assert seen(saved((40, 10), "JPEG", exif=exif)).size == (40, 10)


CMYK = [
    ((0, 255, 255, 0), (255, 0, 0)),
    ((255, 0, 0, 0), (0, 255, 255)),
    ((0, 0, 0, 255), (0, 0, 0)),
]


@pytest.mark.parametrize(("ink", "light"), CMYK)
def test_printers_colours(ink: Pixel, light: Pixel) -> None:
    image = seen(saved((40, 10), "JPEG", "CMYK", colour=ink, quality=95))
    assert close_to(image.getpixel((20, 5)), (*light, 255))


def wide_gamut() -> bytes:
    """A profile with sRGB's red and green exchanged, so that it can be seen whether it counts."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_colours_are_those_of_the_profile(kind: str) -> None:
    red = {"colour": (255, 0, 0), "quality": 95}
    assert close_to(seen(saved((40, 10), kind, **red)).getpixel((9, 5)), (255, 0, 0, 255))
    turned = seen(saved((40, 10), kind, icc_profile=wide_gamut(), **red))
    assert close_to(turned.getpixel((9, 5)), (0, 255, 0, 255))
    half = saved((40, 10), "PNG", "RGBA", icc_profile=wide_gamut(), colour=(255, 0, 0, 128))
    assert close_to(seen(half).getpixel((9, 5)), (0, 255, 0, 128))


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200, wide_gamut()[:300]])
def test_a_profile_that_is_none_counts_for_nothing(profile: bytes) -> None:
    data = saved((40, 10), "PNG", colour=(255, 0, 0), icc_profile=profile)
    assert seen(data).getpixel((9, 5)) == (255, 0, 0, 255)
    ink = saved((40, 10), "JPEG", "CMYK", colour=(0, 255, 255, 0), icc_profile=wide_gamut())
    assert close_to(seen(ink).getpixel((9, 5)), (255, 0, 0, 255))  # not for such a picture


@pytest.mark.parametrize(
    ("size", "shown"),
    [((1, 1), (1, 1)), ((20_000, 1), (640, 1)), ((1, 20_000), (1, 160)), ((3, 2), (3, 2))],
)
def test_odd_sizes(size: tuple[int, int], shown: tuple[int, int]) -> None:
    assert seen(saved(size, "PNG")).size == shown


def test_the_name_of_the_file_counts_for_nothing() -> None:
    file = io.BytesIO(bytes_of(kind="JPEG"))
    file.name = "logo.png"
    assert read_picture(file, LOGO).width == 320


def test_two_pictures_in_one_jpeg_are_no_animation() -> None:
    """As telephones write them, with a small or a brighter one behind."""
    assert seen(animated("MPO")).size == (40, 10)


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
