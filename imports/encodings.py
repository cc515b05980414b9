"""A file's bytes as text, in whatever letters a spreadsheet has written it. Knows no model."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from imports.errors import TableRefused

# A longer mark comes before the one that it begins with.
MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
MARK = "\ufeff"
# What is neither text nor the end of a file of old (Ctrl-Z), which is taken off.
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f]")
END = "\x1a\x00"
LOOKED_AT = 4096  # bytes by which UTF-16 without a mark is known

# What a file that is not in Unicode may be in; the first that fits is shown.
LETTERS = {
    "cp1252": gettext_lazy("Western Europe (Windows-1252)"),
    "cp1250": gettext_lazy("Central Europe (Windows-1250)"),
    "cp1251": gettext_lazy("Cyrillic (Windows-1251)"),
    "cp1253": gettext_lazy("Greek (Windows-1253)"),
    "cp1254": gettext_lazy("Turkish (Windows-1254)"),
    "cp1257": gettext_lazy("Baltic (Windows-1257)"),
    "mac_roman": gettext_lazy("Western Europe (old Mac)"),
    "cp850": gettext_lazy("Western Europe (MS-DOS)"),
    "cp852": gettext_lazy("Central Europe (MS-DOS)"),
    "cp932": gettext_lazy("Japanese (Shift JIS)"),
    "gb18030": gettext_lazy("Chinese (GB 18030)"),
    "big5": gettext_lazy("Chinese (Big5)"),
    "cp949": gettext_lazy("Korean (Windows-949)"),
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text. `letters` is what of LETTERS it was read in, empty for Unicode, and `line`
    the first that is no UTF-8."""

    text: str
    letters: str = ""
    line: int = 0


def decoded(data: bytes, letters: str = "") -> Decoded:
    """The file as text: Unicode if it is that, or else in `letters`, a guess if there are none.
    Raises TableRefused."""
    unicode = _name_of_unicode(data)
    try:
        return Decoded(_clean(data.decode(unicode)))
    except UnicodeDecodeError as error:
        if unicode != "utf-8":
            raise TableRefused(
                _("The file is damaged: it ends in the middle of a character.")
            ) from error
        line = data.count(b"\n", 0, error.start) + 1
    return _in_letters(data, [letters] if letters else list(LETTERS), line)


def _name_of_unicode(data: bytes) -> str:
    """By its mark or, without one, by every second byte's being NUL."""
    for mark, name in MARKS.items():
        if data.startswith(mark):
            return name
    start = data[:LOOKED_AT]
    most = len(start) // 4
    first, second = start[::2].count(0), start[1::2].count(0)
    if first <= most // 8 < most < second:
        return "utf-16-le"
    return "utf-16-be" if second <= most // 8 < most < first else "utf-8"


def _in_letters(data: bytes, wanted: list[str], line: int) -> Decoded:
    for name in wanted:
        try:
            return Decoded(_clean(data.decode(name)), name, line)
        except UnicodeDecodeError:
            continue
    raise TableRefused(
        _("The file can't be read in these letters: %(letters)s. Choose others.")
        % {"letters": LETTERS[wanted[0]]}
    )


def _clean(text: str) -> str:
    """Without marks at its beginning and signs of its end. Raises TableRefused for no text."""
    text = text.lstrip(MARK).rstrip(END)
    found = CONTROLS.search(text)
    if found and found[0] == "\x00":
        raise TableRefused(_("The file has NUL characters in it; it is no CSV file."))
    if found:
        raise TableRefused(_("The file is no text, and so no CSV file."))
    return text
