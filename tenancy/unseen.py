"""Signs that nobody sees, or that turn the text around them, in what people call things: pure.

By them one name looks like another, or says something else than is stored ("exe.txt" is shown for
"txt.exe" behind a U+202E). What people type stays: joiners behind letters that join, as in Persian
and the languages of India, emoji of several signs, flags, accents of their own.
"""

import re

# Nowhere in a text: control characters (C0 and C1), direction (embeddings, overrides, isolates and
# what came before them), notes between lines, halves of characters, and what is no character.
_NOWHERE = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff"
    r"\ufffe\uffff"
)
# Not in a line: its end, marks of direction, and what takes no place.
_NOT_IN_A_LINE = (
    r"\t\n\r\u2028\u2029\u200e\u200f\u061c\xad\u200b\u2060-\u2065\ufeff\u115f\u1160\u3164\uffa0"
    r"\U000e0001"
)
# A joiner behind nothing that joins, which is all that comes before Hebrew, or behind another one.
_JOINS_NOTHING = r"(?<![\u0590-\u200b\u2010-\U0010ffff])[\u200c\u200d]"
# A tag that is no part of a flag.
_TAGS_NOTHING = r"(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0020-\U000e007f]"

PROSE = re.compile(f"[{_NOWHERE}]")
LINE = re.compile(f"[{_NOWHERE}{_NOT_IN_A_LINE}]|{_JOINS_NOTHING}|{_TAGS_NOTHING}")


def number(sign: str) -> str:
    """How people name a sign that can't be shown: U+202E."""
    return f"U+{ord(sign):04X}"
