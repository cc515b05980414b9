"""Forms of a page as a browser would send them."""

from html.parser import HTMLParser
from typing import Any

VOID = {"submit", "button", "reset", "image", "file"}


class _Reader(HTMLParser):
    """Collects the forms that are sent by POST: where to, and what their fields hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, list[str]]]] = []
        self._open: dict[str, list[str]] | None = None
        self._text = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._open = {}
            self.forms.append((given.get("action", ""), self._open))
        name = given.get("name", "")
        if tag == "input" and name and given.get("type") not in VOID:
            is_box = given.get("type") in {"checkbox", "radio"}
            if not is_box or "checked" in given:
                self._put(name, given.get("value", "on" if is_box else ""))
        elif tag == "textarea":
            self._text = name
            self._put(name, "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self._put(self._select, given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._text and self._open is not None:
            # A line end at the beginning of a text area is not part of its text.
            held = self._open[self._text]
            held[-1] += data if held[-1] else data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._text = ""
        elif tag == "select":
            self._select = ""

    def _put(self, name: str, value: str) -> None:
        if self._open is not None:
            self._open.setdefault(name, []).append(value)


def forms_of(page: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Each form's target, empty for the page itself, and its fields as they are shown."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_of(page: str, target: str = "", having: str = "") -> dict[str, Any]:
    """The only form of the page with that target and, if said so, that field."""
    found = [
        fields
        for action, fields in forms_of(page)
        if action.partition("?")[0] == target and (not having or having in fields)
    ]
    assert len(found) == 1, (target, [action for action, _fields in forms_of(page)])
    return dict(found[0])
