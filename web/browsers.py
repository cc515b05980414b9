"""A browser by its name, out of what it says of itself; imports no Django.

What a browser says is a long text in which most names stand for others' sake. The first of these
that occurs is it.
"""

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def named(told: str) -> tuple[str, str]:
    """The names of browser and system; empty where they are not known."""
    return _first(BROWSERS, told), _first(SYSTEMS, told)


def _first(names: tuple[tuple[str, str], ...], told: str) -> str:
    return next((name for part, name in names if part in told), "")
