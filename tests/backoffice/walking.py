"""Walks the back office as one person does who clicks on everything: what each page says, and what
becomes of each of its links and buttons."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve

from accounts.models import User
from tests.world import Browser, signed_in

# Two pages of a kind tell what all of them do: a row of one state, and a row of another.
MOST_OF_A_KIND = 2
# And what is quoted: an e-mail as it went out.
UNSEEN = {"script", "style", "template", "title", "noscript", "pre"}
LEAVING = {"/logout/"}


@dataclass
class Form:
    """A form as it comes, with each way to send it: a button, or an entry of a list of actions."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    has_files: bool = False

    def sent(self) -> Iterator[dict[str, Any]]:
        """What goes out by each of its buttons."""
        fields: dict[str, Any] = {}
        for name, value in self.fields:
            fields.setdefault(name, []).append(value)
        for name, value in self.buttons:
            yield fields | ({name: value} if name else {})
        for action in self.actions:
            yield fields | {"action": action}


class Page(HTMLParser):
    """What stands on a page: links, forms, every piece of text, and what stands in the fields."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.texts: list[str] = []
        self.values: list[tuple[str, str]] = []
        self._unseen = 0
        self._select = ""
        self._form: Form | None = None
        self._area: tuple[str, list[str]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("alt"):
            self.texts.append(given["alt"])
        self._unseen += tag in UNSEEN
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self._form.has_files = given.get("enctype", "").startswith("multipart")
            self.forms.append(self._form)
        self._take_field(tag, given)

    def _take_field(self, tag: str, given: dict[str, str]) -> None:
        name, value, kind = given.get("name", ""), given.get("value", ""), given.get("type", "")
        # The browser writes a moment as people do.
        unread = {"hidden", "checkbox", "radio", "submit", "file", "datetime-local"}
        if tag == "input" and kind not in unread:
            self.values.append((name, value))
        if tag == "textarea":
            self._area = (name, [])
        if tag == "select":
            self._select = name
        form = self._form
        if form is None or "disabled" in given:
            return
        if kind == "submit" or (tag == "button" and kind != "button"):
            form.buttons.append((name, value))
        elif tag == "input" and name and kind not in {"file", "button"}:
            is_chosen = kind not in {"checkbox", "radio"} or "checked" in given
            if is_chosen or name == "_selected_action":
                form.fields.append((name, value or "on" * (kind == "checkbox")))
        elif tag == "option" and self._select == "action" and value:
            form.actions.append(value)
        elif tag == "option" and "selected" in given:
            form.fields.append((self._select, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            name, said = self._area
            text = "".join(said).removeprefix("\n")
            self.values.append((name, text))
            if self._form:
                self._form.fields.append((name, text))
            self._area = None
        self._unseen -= tag in UNSEEN
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area[1].append(data)
        elif not self._unseen:
            self.texts.append(data)


@dataclass(frozen=True)
class Answer:
    """What came of a link or a button: on which page it was, what was asked and what was answered."""

    on: str
    asked: str
    code: int
    page: Page | None


class Clicker(Browser):
    """A browser that is told apart from others by nothing but this: what it sends without having
    typed anything needs no entry in the trail."""

    def request(self, **request: Any) -> Any:
        return Client.request(self, **request)


def clicker(person: User) -> Clicker:
    """A browser of the back office in which the person is signed in."""
    made = Clicker("app")
    made.cookies = signed_in(person).cookies
    return made


def walk(browser: Clicker, *, press: bool = True, start: str = "/") -> Iterator[Answer]:
    """Follows every link from the first page on and, with `press`, sends every form; what is sent
    is taken back, so that each button is pressed on things as they are."""
    waiting, known, kinds = deque([("", start)]), {start}, Counter[str]()
    pressed = Counter[str]()
    while waiting:
        on, path = waiting.popleft()
        kind = kind_of(path)
        kinds[kind] += 1
        if kinds[kind] > (1 if kind.endswith("]") else MOST_OF_A_KIND):
            continue
        response = browser.get(path)
        page = _page(response)
        yield Answer(on, path, response.status_code, page)
        found = [urljoin(path, each) for each in page.links] if page else []
        if response.status_code in {301, 302}:
            found.append(urljoin(path, response["Location"]))
        for each in found:
            link = urlsplit(each)._replace(fragment="").geturl()
            # Two filters at once are two filters.
            is_page = link.startswith("/") and not link.startswith("/static/")
            if is_page and link not in known and len(asked_by(link)) <= 1:
                known.add(link)
                waiting.append((path, link))
        if press and page:
            yield from _press(browser, path, page, pressed)


def _press(browser: Clicker, path: str, page: Page, pressed: Counter[str]) -> Iterator[Answer]:
    for form in page.forms:
        action = urljoin(path, form.action)
        if not action.startswith("/") or action in LEAVING:
            continue
        for sent in form.sent():
            chosen = {name for name in ("action", "_save", "confirm", "do") if name in sent}
            kind = f"{form.method} {kind_of(action)} {sent.get('action')} {sorted(chosen)}"
            pressed[kind] += 1
            if pressed[kind] > MOST_OF_A_KIND:
                continue
            response = _send(browser, form.method, action, sent)
            yield Answer(
                path, f"{form.method} {action} {sent.get('action', '')}", response.status_code, None
            )


def _send(browser: Clicker, method: str, action: str, sent: dict[str, Any]) -> Any:
    """The answer; what it changed is taken back."""
    if method == "get":
        return browser.get(action, sent)
    before = transaction.savepoint()
    response = browser.post(action, sent)
    response.getvalue()
    transaction.savepoint_rollback(before)
    return response


def _page(response: Any) -> Page | None:
    content = response.getvalue()  # also of a file, which is closed at its end
    is_page = response.get("Content-Type", "").startswith("text/html")
    return Page(content.decode()) if is_page else None


def kind_of(path: str) -> str:
    """Pages of one kind: the same view, asked for the same things."""
    link = urlsplit(path)
    try:
        match = resolve(link.path, urlconf="portal.urls.backoffice")
    except Resolver404:
        return path
    kwargs = {
        name: value for name, value in match.kwargs.items() if name in {"verb", "name", "kind"}
    }
    return f"{match.view_name} {kwargs or ''} {asked_by(path) or ''}"


def asked_by(path: str) -> list[str]:
    """What a link asks for beside the page itself; Django's own names begin with a line."""
    names = {name for name, _value in parse_qsl(urlsplit(path).query)}
    return sorted(name for name in names if not name.startswith("_"))
