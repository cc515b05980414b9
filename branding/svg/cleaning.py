"""A drawing written anew with nothing but what is known, as it is read; pure.

What a rasteriser makes of an SVG file can read other files, run for ever or be silently wrong. So
elements that are not known are refused, what other programs keep in a file for themselves is left
out, references lead nowhere but into the drawing, and the size is set by us.

SVG 1.1 and 2, XML 1.0, CSS 2.
"""

import re
import zlib
from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

MOST_BYTES = 2 * 1024 * 1024  # of the drawing, also when it is packed
MOST_ELEMENTS = 10_000
DEEPEST = 100

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
# Errors of expat: no memory, and more entities than a file may have.
TOO_MUCH = (1, 43)
BETWEEN = " "  # a namespace and a name, as expat gives them to us

SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
GROUPS = {"svg", "g", "a", "defs", "symbol", "switch", "use", "marker"}
SEEN_THROUGH = {"clipPath", "mask", "pattern"}
PAINTS = {"linearGradient", "radialGradient", "stop", "style"}
FILTERS = {
    "filter", "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feDropShadow",
    "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feMerge",
    "feMergeNode", "feMorphology", "feOffset", "feTile",
}  # fmt: skip
KNOWN = SHAPES | GROUPS | SEEN_THROUGH | PAINTS | FILTERS
TEXTS = {"text", "tspan", "textPath", "tref", "altGlyph", "flowRoot"}
# What says something about the drawing and is nothing of it.
LEFT_OUT = {"title", "desc", "metadata", "view"}
COLOURS = {"fill", "stroke", "color", "stop-color", "flood-color"}
# Attributes of the outermost element that we set, and what no drawing needs.
SET_BY_US = {
    "width",
    "height",
    "viewBox",
    "preserveAspectRatio",
    "x",
    "y",
    "version",
    "baseProfile",
}

# What our rasteriser would take for black, or for nothing.
UNREAD = re.compile(
    r"(?<![\w-])(?:(?:color|color-mix|oklch|oklab|lab|lch|hwb|light-dark|var|env|calc)\s*\("
    r"|(?:rgb|hsl)a?\s*\([^)]*/)",
    re.I,
)
BESIDE_SRGB = re.compile(r"\bicc-color\s*\([^)]*\)", re.I)  # of SVG 1.1, where sRGB comes first
COMMENT = re.compile(r"/\*.*?\*/", re.S)
BLOCK = re.compile(r"\{([^{}]*)\}")
REFERENCE = re.compile(r"url\s*\(\s*(.?\s*.)", re.I | re.S)
INSIDE = re.compile(r"""["']?\s*#""")
# Illustrator names namespaces by entities; no others are needed.
NAMESPACE = re.compile(r"https?://[\w./#:-]{0,200}", re.A)
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
VIEW_BOX = re.compile(rf"\s*({NUMBER})" + rf"[\s,]+({NUMBER})" * 3 + r"\s*")
LENGTH = re.compile(rf"\s*({NUMBER})\s*(px|pt|pc|mm|cm|in|em|ex|rem)?\s*")
PIXELS = {"px": 1, "pt": 4 / 3, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96, "em": 16,
          "ex": 8, "rem": 16, None: 1}  # fmt: skip
LARGEST = 1e7  # of a side, in the drawing's own units


class Refused(Exception):
    """The drawing is not read: why (`drawings.SENTENCES`), and what of it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def clean(data: bytes, fit: tuple[int, int]) -> str:
    """The drawing in the file, gzipped or not, as large as fits, with known elements alone.

    Raises Refused.
    """
    reader = _Reader(fit)
    parser = expat.ParserCreate(namespace_separator=BETWEEN)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.entity
    try:
        parser.Parse(_unpacked(data), True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        if getattr(error, "code", None) in TOO_MUCH:
            raise Refused("complicated") from error
        raise Refused("xml" if reader.written else "no drawing", str(error)) from error
    return "".join(reader.written)


def _unpacked(data: bytes) -> bytes:
    if data.startswith(b"\x1f\x8b"):
        try:
            data = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(data, MOST_BYTES + 1)
        except zlib.error as error:
            raise Refused("no drawing", str(error)) from error
    if len(data) > MOST_BYTES:
        raise Refused("large")
    # Blanks before the declaration, which XML does not allow and some programs write.
    return data.lstrip(b" \t\r\n") if data[:1].isspace() else data


class _Reader:
    """Writes what expat reads, as far as it is known."""

    def __init__(self, fit: tuple[int, int]) -> None:
        self.fit = fit
        self.written: list[str] = []
        self.open: list[str] = []
        self.elements = 0
        self.skipped = 0  # how deep we are in what is left out
        self.in_text = False
        self.namespace: str | None = None
        self.style: list[str] = []

    def entity(self, _name: str, is_parameter: bool, value: str | None, *_rest: object) -> None:
        if is_parameter or value is None or not NAMESPACE.fullmatch(value):
            raise Refused("entity")

    def start(self, name: str, given: Mapping[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS or len(self.open) + self.skipped > DEEPEST:
            raise Refused("complicated")
        namespace, _, local = name.rpartition(BETWEEN)
        if self.namespace is None:
            self._begin(namespace, local)
        if self.skipped or self._is_left_out(namespace, local, given):
            self.skipped += 1
            return
        if local not in KNOWN:
            raise Refused("unknown", f"<{local[:40]}>")
        self._write(local, given)

    def _begin(self, namespace: str, local: str) -> None:
        """The outermost element; one without any namespace comes out of a web page."""
        if local != "svg" or namespace not in {SVG, ""}:
            raise Refused("no drawing")
        self.namespace = namespace

    def _is_left_out(self, namespace: str, local: str, given: Mapping[str, str]) -> bool:
        if namespace != self.namespace:
            return True
        if local in TEXTS:
            self.in_text = True
            return True
        # Something for one program alone, which has the same for all others beside it.
        return local in LEFT_OUT or bool(given.get("requiredExtensions", "").strip())

    def _write(self, local: str, given: Mapping[str, str]) -> None:
        attributes = dict(_attributes(local, given))
        if not self.open:
            attributes = _sized(attributes, given, self.fit)
        tag = "g" if local == "a" else local
        self.open.append(tag)
        text = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
        self.written.append(f"<{tag}{text}>")

    def end(self, _name: str) -> None:
        if self.skipped:
            self.skipped -= 1
            self.in_text = self.in_text and self.skipped > 0
            return
        tag = self.open.pop()
        if tag == "style":
            self._write_style()
        self.written.append(f"</{tag}>")

    def text(self, text: str) -> None:
        if self.in_text and text.strip():
            raise Refused("text")
        if not self.skipped and self.open and self.open[-1] == "style":
            self.style.append(text)

    def _write_style(self) -> None:
        css = COMMENT.sub("", "".join(self.style))
        self.style.clear()
        if re.search(r"@\s*import", css, re.I):
            raise Refused("reference", "@import")
        _check_references(css)
        plain = BLOCK.sub(lambda block: f"{{{_declarations(block[1], set())}}}", css)
        self.written.append(escape(plain))


def _attributes(local: str, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """The attributes that SVG itself has, without events; `xlink:href` is `href`."""
    found = []
    for full, value in given.items():
        namespace, _, name = full.rpartition(BETWEEN)
        if name == "href" and namespace in {XLINK, ""}:
            if local == "a":
                continue
            if not value.strip().startswith("#"):
                raise Refused("reference", value[:40])
            found.append((name, value.strip()))
        elif not namespace and not name.lower().startswith("on"):
            _check_references(value)
            found.append((name, _value(name, value, given)))
    return found


def _value(name: str, value: str, given: Mapping[str, str]) -> str:
    """What an attribute says, as far as it can be read."""
    if name == "style":
        return _declarations(COMMENT.sub("", value), set(given))
    if name not in COLOURS:
        return value
    _check_readable(value)
    return BESIDE_SRGB.sub("", value)


def _declarations(css: str, known: set[str]) -> str:
    """The declarations of a style. One that can't be read gives way to what is `known` of its
    property already, as in browsers that can't read it."""
    kept = []
    for declaration in css.split(";"):
        name, _, value = declaration.partition(":")
        name = name.strip().lower()
        if name in known and UNREAD.search(value):
            continue
        _check_readable(value)
        if name == "transform" and value.strip() != "none":
            raise Refused("unknown", "transform in a style")
        known.add(name)
        kept.append(BESIDE_SRGB.sub("", declaration))
    return ";".join(kept)


def _check_readable(css: str) -> None:
    if found := UNREAD.search(css):
        raise Refused("unknown", css[found.start() :].strip()[:40])


def _check_references(css: str) -> None:
    for found in REFERENCE.finditer(css):
        if not INSIDE.match(found[1]):
            raise Refused("reference", found[0][:40])


def _sized(
    attributes: Mapping[str, str], given: Mapping[str, str], fit: tuple[int, int]
) -> dict[str, str]:
    """The attributes of the outermost element, which has the largest size that fits."""
    x, y, width, height = _box(given)
    share = min(fit[0] / width, fit[1] / height)
    size = (max(1, round(width * share)), max(1, round(height * share)))
    kept = {name: value for name, value in attributes.items() if name not in SET_BY_US}
    return {
        "xmlns": SVG,
        "width": str(size[0]),
        "height": str(size[1]),
        "viewBox": f"{x!r} {y!r} {width!r} {height!r}",
        **kept,
    }


def _box(given: Mapping[str, str]) -> tuple[float, float, float, float]:
    """What of the plane is shown: viewBox or, without one, width and height."""
    shown = VIEW_BOX.fullmatch(given.get("viewBox", ""))
    if shown:
        x, y, width, height = map(float, shown.groups())
    elif "viewBox" in given:
        raise Refused("size")
    else:
        x, y, width, height = 0.0, 0.0, _length(given, "width"), _length(given, "height")
    if not (0 < width <= LARGEST and 0 < height <= LARGEST and abs(x) + abs(y) <= LARGEST):
        raise Refused("size")
    return x, y, width, height


def _length(given: Mapping[str, str], name: str) -> float:
    found = LENGTH.fullmatch(given.get(name, ""))
    if found is None:
        raise Refused("size")
    return float(found[1]) * PIXELS[found[2]]
