"""People at pages, without a browser."""

import html
import http.cookiejar
import re
import urllib.parse
import urllib.request

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page)}


class Session:
    """Somebody signed in at a host, by urllib; cookies can be handed to curl. `port` may change."""

    def __init__(self, port: int, host: str) -> None:
        self.port, self.host = port, host
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self, path: str, data: dict[str, str] | None = None) -> str:
        body = urllib.parse.urlencode(data).encode() if data else None
        request = urllib.request.Request(self.base + path, body, {"Host": self.host})
        with self.opener.open(request, timeout=60) as response:
            return str(response.read().decode())

    def post(self, page: str, path: str, **data: str) -> str:
        return self.open(path, {"csrfmiddlewaretoken": self.token(page), **data})

    def token(self, page: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.open(page))
        assert found, page
        return found[1]

    def fields(self, page: str) -> dict[str, str]:
        """What the forms of a page have, that nobody types."""
        return hidden(self.open(page))

    def submit(self, page: str, **typed: str) -> str:
        """Sends the form of a page, to where it came from."""
        return self.open(page, self.fields(page) | typed)

    @property
    def cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)
