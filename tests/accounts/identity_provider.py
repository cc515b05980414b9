"""An identity provider that runs in the test, on loopback: OpenID Connect's code flow with PKCE, as
the real ones do it, and every way in which one may lie.

It checks what a provider checks: client, redirect URI, code (once), verifier. What a test changes
in `discovery`, `claims`, `header` or `answer` is said instead of the truth.
"""

import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "portal at acme", "s3cret & more: than %20 that"
ADA = {
    "sub": "ada-1",
    "email": "ada@example.com",
    "email_verified": True,
    "given_name": "Ada",
    "family_name": "Lovelace",
}
RSA, OTHER_RSA = (RSAKey.generate_key(2048, auto_kid=True) for _ in range(2))
EC = ECKey.generate_key("P-256", auto_kid=True)


@dataclass
class FakeProvider:
    """What the provider says; `who` is signed in at it, `asked` is what it was asked."""

    port: int
    who: dict[str, Any] = field(default_factory=lambda: dict(ADA))
    discovery: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    back: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=lambda: [RSA])
    signs_with: Any = field(default_factory=lambda: RSA)
    make_token: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reset(self) -> None:
        self.__init__(self.port)  # type: ignore[misc]

    def said_of_itself(self) -> dict[str, Any]:
        truth = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/logout?tenant=1",
            "authorization_response_iss_parameter_supported": True,
        }
        return without_none(truth | self.discovery)

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = without_none(
            {"iss": self.issuer, "aud": asked["client_id"], "exp": now + 300, "iat": now}
            | {"nonce": asked["nonce"], "auth_time": now if "max_age" in asked else None}
            | self.who | self.claims
        )  # fmt: skip
        key = self.signs_with
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        header = without_none({"alg": algorithm, "kid": key.kid} | self.header)
        if self.make_token:
            return self.make_token(header, claims)
        return jwt.encode(header, claims, key, algorithms=[header["alg"]])

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to, whoever is signed in having agreed."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        said = {"code": code, "state": asked["state"], "iss": self.issuer} | self.back
        return f"{asked['redirect_uri']}?{urlencode(without_none(said))}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if client_of(form, authorization) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = sha256(form["code_verifier"].encode()).digest()
        if urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        token = self.id_token(asked)
        self.tokens.append(token)
        said = {"id_token": token, "access_token": "an-access-token", "token_type": "Bearer"}
        return 200, without_none(said | self.answer)


def without_none(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


def client_of(form: dict[str, str], authorization: str) -> tuple[str, str]:
    if not authorization.startswith("Basic "):
        return form.get("client_id", ""), form.get("client_secret", "")
    name, _colon, secret = b64decode(authorization[6:]).decode().partition(":")
    return unquote_plus(name), unquote_plus(secret)


class Handler(BaseHTTPRequestHandler):
    provider: FakeProvider

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        provider = self.provider
        provider.asked.append(path)
        if path == "/authorize":
            self.send_response(302)
            self.send_header("Location", provider.authorize(query))
            self.end_headers()
        elif path == "/.well-known/openid-configuration":
            self.say(200, provider.said_of_itself())
        elif path == "/keys":
            keys = [key if isinstance(key, dict) else key.as_dict(private=False)
                    for key in provider.keys]  # fmt: skip
            self.say(200, {"keys": keys})
        elif path == "/userinfo" and self.headers["Authorization"] == "Bearer an-access-token":
            self.say(200, provider.userinfo)
        else:
            self.say(404, {})

    def do_POST(self) -> None:
        self.provider.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.say(*self.provider.redeem(form, self.headers.get("Authorization", "")))

    def say(self, status: int, said: dict[str, Any]) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving() -> Iterator[FakeProvider]:
    """The provider, as long as this is open."""
    handler = type("ItsHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.provider = FakeProvider(server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield handler.provider  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def visit(url: str) -> str:
    """Where the provider leads a browser that visits this address of its."""
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=5)
    connection.request("GET", f"{parts.path}?{parts.query}")
    place = connection.getresponse().headers["Location"]
    connection.close()
    return str(place)
