"""The addresses of the portal whose time is measured, and who asks for them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

from bench.drive import Ask
from bench.fill import PASSWORD, Filled, key_of

LICENSES = "licences"
CSRF = "b" * 32  # as good as any other: cookie and form have to agree
Make = Callable[[int], Ask]


@dataclass(frozen=True, slots=True)
class Route:
    """What is asked for, and by whom: a name of `Filled`, or nobody who is signed in. `make` makes
    the request with this number."""

    name: str
    who: str
    make: Make


@dataclass(slots=True)
class Asker:
    """Sessions of a vendor's people, as headers of requests."""

    filled: Filled
    sessions: dict[str, str] = field(default_factory=dict)

    def headers(self, who: str) -> dict[str, str]:
        label = "app" if who == "admin" else self.filled.shape.company_id
        cookies = f"csrf={CSRF}"
        if who:
            if who not in self.sessions:
                self.sessions[who] = session_of(getattr(self.filled, who))
            cookies += f"; session={self.sessions[who]}"
        return {"Host": f"{label}.portal.localhost", "Cookie": cookies}


def session_of(person: Any) -> str:
    """The token of a session as the sign-in page writes it."""
    from accounts.sessions import people_of
    from accounts.verbs import sessions
    from tenancy.hosts import Site

    with people_of(person.vendor):
        site = Site.CUSTOMER if person.is_customer else Site.BACKOFFICE
        return sessions.begin(person, site=site)


def routes(filled: Filled) -> list[Route]:
    """All that are measured, in the order of the table."""
    return [*for_customers(filled), *for_staff(filled)]


def for_customers(filled: Filled) -> list[Route]:
    license = the_license(filled)
    product, key = str(license.product_id), license.key
    pages = {
        LICENSES: "/licenses/",
        "licences, of one product": f"/licenses/?product={product}",
        "licences, active": "/licenses/?status=active",
        "licences, searched": "/licenses/?q=laboratory",
        "licences, by product": "/licenses/?sort=product",
        "licences, by status": "/licenses/?sort=status",
        "licences, by seats": "/licenses/?sort=seats",
        "licences, by expiry": "/licenses/?sort=expires",
        "licences, last page": "/licenses/?page=100000",
        "a licence": f"/licenses/{license.pk}/",
        "downloads": "/releases/",
        "offline": "/offline/",
        "profile": "/profile/",
        "activity": "/profile/activity/",
    }
    sign_in = {"email": filled.c25.email, "password": PASSWORD}
    return [
        *(Route(name, "c25", page(path)) for name, path in pages.items()),
        Route("offline file, look", "c25", offline(product, key, "/offline/", 200)),
        Route("offline file, answer", "c25", offline(product, key, "/offline/confirm/", 302)),
        Route("sign in", "", post("/login/", 302, **sign_in)),
        Route("feed by licence key", "", page(f"/releases/feed/{product}.json?key={key}")),
        Route("health", "", page("/healthz")),
    ]


def for_staff(filled: Filled) -> list[Route]:
    pages = {
        "back office: first page": page("/"),
        "back office: a licence": page(f"/licenses/license/{the_license(filled).pk}/change/"),
        "back office: a customer's story": page(f"/accounts/user/{filled.c25.pk}/story/"),
        "back office: licences": page("/licenses/license/"),
        "back office: users": page("/accounts/user/"),
        "back office: machines": page("/licenses/activation/"),
        "back office: audit trail": page("/audit/auditentry/"),
        "back office: e-mails": page("/mail/outgoingemail/"),
        # The only thing that is found is opened at once.
        "back office: find a key": page(f"/find/?q={the_license(filled).key}", 302),
        "back office: find an e-mail": page(f"/find/?q={filled.c25.email}", 302),
        "back office: find a host name": page("/find/?q=host-8-1", 302),
        "back office: find a group of a key": page(f"/find/?q={group_of(filled)}", 200, 302),
        "back office: find a part of a name": page("/find/?q=last12", 200, 302),
        "back office: find a part of a host name": page("/find/?q=8-1", 200, 302),
        "back office: find the beginning of a fingerprint": page(
            f"/find/?q={fingerprint_of(8, 1)[:16]}", 302
        ),
        **searches(filled),
        "back office: export of licences, first byte": first_byte("/licenses/license/export.csv"),
    }
    return [Route(name, "admin", make) for name, make in pages.items()]


def searches(filled: Filled) -> dict[str, Make]:
    """Each list, searched for a rare word, for one that very many rows have, and for both."""
    email = filled.c25.email
    asked = {
        "licences": ("/licenses/license/", group_of(filled), "license"),
        "users": ("/accounts/user/", email, "example.com"),
        "machines": ("/licenses/activation/", "8-1", "host"),
        "audit trail": ("/audit/auditentry/", the_license(filled).key, "LICENSE"),
        "e-mails": ("/mail/outgoingemail/", email, "customer"),
        "downloads": ("/releases/download/", email, "product"),
    }
    made = {}
    for name, (path, rare, common) in asked.items():
        for what, text in (
            ("a rare word", rare),
            ("a common word", common),
            ("both", f"{common} {rare}"),
        ):
            made[f"back office: {name}, {what}"] = page(f"{path}?{urlencode({'q': text})}")
    return made


def group_of(filled: Filled) -> str:
    """The last group of a key."""
    return key_of(filled.shape.first_of_c25).rpartition("-")[2]


def fingerprint_of(license: int, machine: int) -> str:
    """As fill_licenses makes it."""
    texts = (f"{license} {machine}", f"{machine} {license}")
    return "".join(md5(text.encode()).hexdigest() for text in texts)


def the_license(filled: Filled) -> Any:
    """The licence for which offline files are handed in."""
    from licenses.models import License
    from tenancy.door import inside

    with inside(filled.vendor):
        return License.objects.get(key=key_of(filled.shape.first_of_c25))


def page(path: str, *statuses: int) -> Make:
    return lambda _number: Ask(path, statuses=statuses or (200,))


def first_byte(path: str) -> Make:
    return lambda _number: Ask(path, first_byte=True)


def post(path: str, status: int, **fields: str) -> Make:
    return lambda _number: Ask(path, {"csrfmiddlewaretoken": CSRF, **fields}, (status,))


def offline(product: str, key: str, path: str, status: int) -> Make:
    """Hands in the request of another machine each time."""
    from tests.offline.requests_maker import MachineKeys

    def make(number: int) -> Ask:
        name = f"{path.strip('/').replace('/', '-')}-{number}"
        text = MachineKeys(name).activation(product, key, name)
        return Ask(path, {"csrfmiddlewaretoken": CSRF, "request_text": text}, (status,))

    return make
