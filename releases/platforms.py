"""Platforms: free words of the vendor, and what a visitor's browser tells; pure."""

from collections.abc import Iterable

# What a browser says of itself, and how the words for that platform begin. Android says Linux,
# too, and comes before it.
FAMILIES = (
    ("android", ("android",)),
    ("iphone", ("ios", "iphone")),
    ("ipad", ("ios", "ipad")),
    ("windows", ("win",)),
    ("mac os", ("mac", "osx", "darwin")),
    ("linux", ("linux", "ubuntu", "debian")),
)
NAMES = {
    "windows": "Windows",
    "win64": "Windows, 64 bit",
    "win32": "Windows, 32 bit",
    "linux": "Linux",
    "macos": "macOS",
    "android": "Android",
    "ios": "iOS",
}


def name_of(word: str) -> str:
    """How a platform's word is shown; a word that nobody knows is shown as it is."""
    return NAMES.get(word, word)


def guess(user_agent: str, words: Iterable[str]) -> str:
    """The one of the platforms' words that fits the visitor's browser; empty when none does.

    Where several fit, the one for 64 bits is meant.
    """
    browser = user_agent.lower()
    for sign, beginnings in FAMILIES:
        if sign in browser:
            fitting = [word for word in words if word.startswith(beginnings)]
            return max(fitting, key=lambda word: ("64" in word, word == sign, word), default="")
    return ""
