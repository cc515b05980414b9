"""Logos: checked, scaled down and written anew with Pillow, so that nothing else comes along;
drawings (SVG) become pixels first.

A picture takes less than a hundred megabytes of memory: what can be is scaled down while it is
decoded, of anything else there may be fewer pixels, and a process reads one at a time.
"""

import hashlib
import io
import re
import struct
import threading
import warnings
from dataclasses import dataclass
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, UnidentifiedImageError

from branding.drawings import rasterised

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 25_000_000
MOST_WHOLE = 4_000_000  # pixels of a picture that has to be decoded as a whole
LOGO = (640, 160)  # pixels; shown at a quarter of the height
FAVICON = (180, 180)
LONGEST_WAIT = 10  # seconds for those before it
START_OF_SCAN = b"\xff\xda"
ORIENTATION = 0x0112  # of EXIF: how the camera was held
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)
# How the values of 16 bits come to 8, and those of 2 and 4 in the transparency of grey.
TO_EIGHT_BITS = [value >> 8 for value in range(1 << 16)]
GREY_STEPS = {"L;2": 85, "L;4": 17}

# A drawing begins with a tag, in UTF-8 or UTF-16, or is packed with gzip.
DRAWING = re.compile(rb"(\xef\xbb\xbf|\s)*<|\xff\xfe<\0|\xfe\xff\0<|<\0|\0<|\x1f\x8b")
# How others begin that people take for a logo, which are named when they are refused.
OTHERS = (
    ("GIF", rb"GIF8"),
    ("BMP", rb"BM"),
    ("TIFF", rb"II\*\0|MM\0\*"),
    ("ICO", rb"\0\0[\1\2]\0"),
    ("AVIF", rb"....ftypavi[fs]"),
    ("HEIC", rb"....ftyp(hei|hev|mif1|msf1)"),
    ("JPEG 2000", rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    ("JPEG XL", rb"\xff\x0a|\0\0\0\x0cJXL "),
    ("PDF", rb"%PDF"),
    ("EPS", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("Photoshop", rb"8BPS"),
    ("ZIP", rb"PK\x03\x04"),
)

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
    """The picture in the file, no larger than `fit`, as a fresh PNG without metadata; upright, in
    sRGB, and a drawing as large as fits.

    Raises ValidationError for anything but a whole JPEG of at most 2 MiB and 25 million pixels, a
    PNG, WebP or progressive JPEG of at most 4 million, or an SVG drawing that
    `branding.drawings` reads; and when too many come at once.
    """
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValidationError(_("The picture is larger than 2 MB."), code="too_large")
    if not _one_at_a_time.acquire(timeout=LONGEST_WAIT):
        raise ValidationError(
            _("Many pictures are being read at the moment. Try again in a minute."), code="busy"
        )
    try:
        return _read(_drawn(data, fit) if DRAWING.match(data) else data, fit)
    finally:
        _one_at_a_time.release()


def _drawn(data: bytes, fit: tuple[int, int]) -> bytes:
    """The drawing as a PNG. Raises ValidationError also when nothing can be seen in it: then there
    is something in the drawing that we don't understand."""
    png = rasterised(data, fit)
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        if image.convert("RGBA").getchannel("A").getbbox() is None:
            raise ValidationError(
                _("Nothing can be seen in the drawing: save it as plain SVG, or use a PNG."),
                code="nothing",
            )
    return png


def _read(data: bytes, fit: tuple[int, int]) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", "Corrupt EXIF data")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(image, data)
                _check_stillness(image)
                return _written_anew(image, fit)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise _no_picture(data) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValidationError(
            _("The picture can't be read to its end: the file is damaged, or a part is missing."),
            code="unreadable",
        ) from error


def _too_many_pixels() -> ValidationError:
    return ValidationError(
        _("The picture has more than 25 million pixels: make it smaller."), code="too_many_pixels"
    )


def _no_picture(data: bytes) -> ValidationError:
    """What to say of a file that none of our formats is in, with its own if we know it."""
    for kind, beginning in OTHERS:
        if re.match(beginning, data, re.DOTALL):
            return ValidationError(
                _("This is a file of the kind %(kind)s: use a PNG, JPEG, WebP or SVG file."),
                params={"kind": kind},
                code="unreadable",
            )
    return ValidationError(
        _("This is no picture that can be read: use a PNG, JPEG, WebP or SVG file."),
        code="unreadable",
    )


def _check_stillness(image: Any) -> None:
    """Raises ValidationError for an animation, of which we would have to choose a picture."""
    if image.format in {"PNG", "WEBP"} and image.is_animated:
        raise ValidationError(
            _("The picture is animated: save the one that is meant as a picture of its own."),
            code="animated",
        )


def _check_size(image: Any, data: bytes) -> None:
    """Raises ValidationError for a picture of too many pixels, before one of them is decoded."""
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise _too_many_pixels()
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


def _written_anew(image: Any, fit: tuple[int, int]) -> Picture:
    _correct_transparency(image)
    turned = _orientation(image)
    fit = fit[::-1] if turned in SIDEWAYS else fit
    # No format but JPEG knows how. At least twice as large as it will be, for the eye's sake.
    share = min(1, *(most / size for most, size in zip(fit, image.size, strict=True)))
    image.draft(None, (round(2 * share * image.width) or 1, round(2 * share * image.height) or 1))
    profile = image.info.get("icc_profile")
    pixels = image if image.mode == "CMYK" else _in_rgba(image)
    pixels.thumbnail(fit, Image.Resampling.LANCZOS)
    pixels = _in_srgb(pixels, profile).convert("RGBA")
    if turned in UPRIGHT:
        pixels = pixels.transpose(UPRIGHT[turned])
    target = io.BytesIO()
    pixels.save(target, "PNG", optimize=True)
    return Picture(target.getvalue(), pixels.width, pixels.height)


def _orientation(image: Any) -> int:
    """How the camera was held (EXIF), 1 where it doesn't say."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return 1


def _correct_transparency(image: Any) -> None:
    """Says in 8 bits which colour is transparent, as Pillow says the pixels and not that. Before
    the picture is loaded, after which Pillow doesn't know how it is stored."""
    stored = str(image.tile[0].args) if image.tile else ""
    transparent = image.info.get("transparency")
    if stored in GREY_STEPS and isinstance(transparent, int):
        image.info["transparency"] = transparent * GREY_STEPS[stored]
    if stored == "RGB;16B" and isinstance(transparent, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in transparent)


def _in_rgba(image: Any) -> Image.Image:
    """The picture in 8 bits, with what of it is transparent."""
    if image.mode == "I;16":
        return _in_eight_bits(image, image.info.get("transparency"))
    return image.convert("RGBA")  # type: ignore[no-any-return]


def _in_eight_bits(image: Image.Image, transparent: int | None) -> Image.Image:
    """Grey of 16 bits, which Pillow itself would cut off at 255."""
    wide = image.convert("I")
    grey = wide.point(TO_EIGHT_BITS, "L")
    opaque = [0 if value == transparent else 255 for value in range(1 << 16)]
    return Image.merge("RGBA", (grey, grey, grey, wide.point(opaque, "L")))


def _in_srgb(pixels: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as browsers show them that are told of no profile; unchanged where the profile
    is none or not for such a picture."""
    if not profile:
        return pixels
    mode = "RGB" if pixels.mode == "CMYK" else pixels.mode
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(pixels, given, srgb, outputMode=mode) or pixels
    except (ImageCms.PyCMSError, OSError, ValueError):
        return pixels
