"""A vendor's accent colour, corrected until everything that uses it can be read; pure.

Contrast is that of WCAG 2.2 (1.4.3 and 1.4.11): 4.5 for text, 3 for what is no text. The grounds
are those of static/css/variables.css, which a test compares.
"""

import re
from dataclasses import dataclass

HEX = re.compile(r"#[0-9A-Fa-f]{6}")
TEXT_CONTRAST = 4.5
SHAPE_CONTRAST = 3.0
STEPS = 200  # how finely a colour is brought closer to black or white

Rgb = tuple[float, float, float]  # each from 0 to 1


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a colour has to stand out from, in light or in dark."""

    ground: str
    surface: str
    text: str
    to: str  # where colours move to be seen: black on light ground, white on dark
    soft: float  # how much of the accent tints the surface


LIGHT = Scheme(ground="#f6f7f9", surface="#ffffff", text="#171b22", to="#000000", soft=0.08)
DARK = Scheme(ground="#0f1115", surface="#171a20", text="#eceef2", to="#ffffff", soft=0.16)


@dataclass(frozen=True, slots=True)
class Accent:
    """The colours that follow from an accent in one scheme; names as in variables.css."""

    accent: str
    accent_strong: str
    accent_text: str
    accent_soft: str
    on_accent: str


def parse(text: str) -> Rgb:
    """The colour that #rrggbb names; raises ValueError for anything else."""
    if HEX.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a colour: use # and six hexadecimal digits.")
    value = int(text[1:], 16)
    return (value >> 16) / 255, (value >> 8 & 255) / 255, (value & 255) / 255


def to_hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def luminance(colour: Rgb) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    return contrast_of(luminance(parse(one)), luminance(parse(other)))


def contrast_of(one: float, other: float) -> float:
    """The contrast ratio of two luminances."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """So much of the other colour in the one."""
    pairs = zip(parse(one), parse(other), strict=True)
    red, green, blue = (first + (second - first) * share for first, second in pairs)
    return to_hex((red, green, blue))


def _until(colour: str, to: str, wanted: dict[str, float]) -> str:
    """The colour, moved no further than needed, with the wanted contrast to each of the others."""
    for step in range(STEPS + 1):
        moved = mix(colour, to, step / STEPS)
        if all(contrast(moved, other) >= least for other, least in wanted.items()):
            return moved
    return to


def corrected(colour: str, scheme: Scheme) -> Accent:
    """What the accent becomes in a scheme. Raises ValueError when it is no colour.

    The accent itself fills buttons and is the ring of focus, so it stands out from the ground, and
    black or white can be read on it.
    """
    shape = {scheme.ground: SHAPE_CONTRAST, scheme.surface: SHAPE_CONTRAST}
    accent = _until(to_hex(parse(colour)), scheme.to, shape)
    on_accent = "#ffffff" if contrast(accent, "#ffffff") >= TEXT_CONTRAST else "#000000"
    soft = mix(scheme.surface, accent, scheme.soft)
    read_on = {scheme.ground: TEXT_CONTRAST, scheme.surface: TEXT_CONTRAST, soft: TEXT_CONTRAST}
    away = "#000000" if on_accent == "#ffffff" else "#ffffff"
    return Accent(
        accent=accent,
        # Away from what is written on it, so that it can be read as well at least.
        accent_strong=mix(accent, away, 0.18),
        accent_text=_until(accent, scheme.to, read_on),
        accent_soft=soft,
        on_accent=on_accent,
    )


def css(colour: str, *, light: str = ":root", dark: str = "") -> str:
    """The custom properties for an accent colour.

    Without a selector of its own for dark, dark follows the visitor's system; paper is light.
    """
    bright, dim = (_rule(corrected(colour, scheme)) for scheme in (LIGHT, DARK))
    if dark:
        return f"{light} {{ {bright} }}\n{dark} {{ {dim} }}\n"
    by_system = f"@media screen and (prefers-color-scheme: dark) {{ {light} {{ {dim} }} }}\n"
    return f"{light} {{ {bright} }}\n{by_system}"


def _rule(accent: Accent) -> str:
    return " ".join(
        f"--{name.replace('_', '-')}: {getattr(accent, name)};" for name in Accent.__slots__
    )
