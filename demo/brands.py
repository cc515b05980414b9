"""The brands of the demo data: a colour and drawn logos for each vendor."""

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from branding.images import FAVICON, LOGO, Picture, read_picture
from branding.models import Branding
from branding.verbs.brands import Look, change_brand
from tenancy.models import Vendor

SCALE = 4  # drawn larger, so that edges are smooth once it is scaled down


@dataclass(frozen=True, slots=True)
class Brand:
    accent: str
    welcome: str
    word: str
    sides: int  # of the mark; 0 is a ring


BRANDS = {
    "acme": Brand("#0b7a75", "Your licences for Orbit, Spectra and Vault.", "acme", 6),
    "globex": Brand("#ffb000", "Everything about Quill and Ledger.", "globex", 0),
}


def seed_brand(vendor: Vendor) -> None:
    """Gives the vendor its brand, unless it has one. Runs in the vendor's scope."""
    if Branding.objects.filter(vendor=vendor).exists():
        return
    brand = BRANDS[vendor.company_id]
    look = Look(accent_color=brand.accent, welcome=brand.welcome)
    pictures = {
        "logo_light": _logo(brand, "#171b22"),
        "logo_dark": _logo(brand, "#eceef2"),
        "favicon": _read(_mark(brand, 180), FAVICON),
    }
    change_brand(vendor=vendor, look=look, pictures=pictures)


def _mark(brand: Brand, size: int) -> Image.Image:
    image = Image.new("RGBA", (size, size))
    draw, middle, radius = ImageDraw.Draw(image), size / 2, size * 0.46
    if brand.sides:
        draw.regular_polygon((middle, middle, radius), brand.sides, 30, fill=brand.accent)
        draw.regular_polygon((middle, middle, radius * 0.45), brand.sides, 30, fill="#ffffff")
    else:
        box = (middle - radius, middle - radius, middle + radius, middle + radius)
        draw.ellipse(box, outline=brand.accent, width=round(size * 0.2))
    return image


def _logo(brand: Brand, colour: str) -> Picture:
    """The mark, and the word beside it."""
    height = 80 * SCALE
    font = ImageFont.load_default(size=46 * SCALE)
    word = round(font.getlength(brand.word))
    image = Image.new("RGBA", (height + word + 16 * SCALE, height))
    image.alpha_composite(_mark(brand, height))
    start = (height + 10 * SCALE, height / 2)
    ImageDraw.Draw(image).text(start, brand.word, fill=colour, font=font, anchor="lm")
    return _read(image, LOGO)


def _read(image: Image.Image, fit: tuple[int, int]) -> Picture:
    """As if it had been uploaded."""
    target = io.BytesIO()
    image.save(target, "PNG")
    target.seek(0)
    return read_picture(target, fit)
