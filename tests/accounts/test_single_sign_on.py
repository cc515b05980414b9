"""Signing in by an identity provider that runs in the test, and every way in which that must fail."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.conf import settings as portal
from django.core import mail
from django.core.cache import cache

from accounts.models import Identity, IdentityProvider, Refusal, Role, Session, User
from accounts.sessions import people_of
from accounts.single_sign_on import client, verbs
from accounts.single_sign_on.addresses import redirect_uri
from accounts.single_sign_on.errors import SingleSignOnRefused, Why
from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.verbs import serve
from tests.accounts.identity_provider import (
    ADA,
    CLIENT_ID,
    CLIENT_SECRET,
    EC,
    OTHER_RSA,
    RSA,
    FakeProvider,
    serving,
    visit,
)
from tests.accounts.phones import phone_of
from tests.world import PASSWORD, Browser, World, set_vendor, signed_in

FLOW = portal.FLOW_COOKIE_NAME
NEW = {"sub": "new-1", "email": "new@example.com", "given_name": "Nora", "family_name": "New"}
SUPPORT = {"sub": "s-1", "email": "support@acme.example", "groups": ["portal-support"]}
ROLES = "portal-admins = admin\nportal-support = support"


@pytest.fixture(scope="module")
def running() -> Iterator[FakeProvider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def at(running: FakeProvider, settings: Any) -> FakeProvider:
    """The provider, which says the truth until a test has it lie."""
    running.reset()
    settings.PRIVATE_PROVIDERS = {"127.0.0.1"}
    cache.clear()
    return running


def provider_of(vendor: Vendor, at: FakeProvider, **fields: Any) -> IdentityProvider:
    made = {"name": "Example ID", "issuer": at.issuer, "client_id": CLIENT_ID, "is_on": True,
            "encrypted_secret": verbs.encrypted(CLIENT_SECRET)}  # fmt: skip
    if fields.get("for_staff"):
        made["domains"] = "acme.example"
    with inside(vendor):
        return verbs.create_provider(IdentityProvider(vendor=vendor, **(made | fields)))


@pytest.fixture
def example(world: World, at: FakeProvider) -> IdentityProvider:
    return provider_of(world.acme, at)


@pytest.fixture
def staffs(world: World, at: FakeProvider) -> IdentityProvider:
    return provider_of(
        world.acme, at, name="Staff ID", for_staff=True, role_attribute="groups", roles=ROLES
    )


def begin(browser: Browser, provider: IdentityProvider, **query: str) -> str:
    """Where the provider is to be visited."""
    if provider.for_staff:
        query["company_id"] = "acme"
    path = f"/login/single-sign-on/{provider.pk}/?{urlencode(query)}"
    answer = browser.get(path)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def back_from(place: str) -> str:
    """The path with its query where the provider sends the browser back to."""
    parts = urlsplit(visit(place))
    return f"{parts.path}?{parts.query}"


def through(provider: IdentityProvider, browser: Browser | None = None, **query: str) -> Any:
    """The whole way, there and back; the answer, whose `client` is the browser."""
    browser = browser or Browser("app" if provider.for_staff else "acme")
    return browser.get(back_from(begin(browser, provider, **query)))


def connected(provider: IdentityProvider, person: User, subject: str) -> None:
    with inside(provider.vendor):
        Identity.objects.create(
            vendor=provider.vendor,
            provider=provider,
            user=person,
            issuer=provider.issuer,
            subject=subject,
        )


def is_in(browser: Any) -> bool:
    path = "/licenses/" if "app." not in browser.defaults["HTTP_HOST"] else "/"
    return bool(browser.get(path).status_code == 200)


def people(vendor: Vendor) -> set[str]:
    with inside(vendor):
        return set(User.objects.values_list("email", flat=True))


def identities(vendor: Vendor) -> list[tuple[str, str]]:
    with inside(vendor):
        return list(Identity.objects.order_by("subject").values_list("subject", "user__email"))


def says(why: Why, answer: Any) -> bool:
    """Whether the page gives this reason: by the most words of it that are always the same."""
    text = max(re.split(r"%\(\w+\)s", str(why.value)), key=len).strip()
    return answer.status_code == 403 and text in answer.content.decode().replace("&#39;", "'")


# --- There and back -----------------------------------------------------------------------------


def test_who_is_known_is_let_in(world: World, at: FakeProvider, example: IdentityProvider) -> None:
    connected(example, world.ada, "ada-1")
    answer = through(example, next="/offline/")
    assert (answer.status_code, answer["Location"]) == (302, "/offline/")
    assert is_in(answer.client)
    assert answer.client.cookies[FLOW].value == ""
    with inside(world.acme):
        entry = AuditEntry.objects.get(action="signed-in")
        assert entry.actor_id == world.ada.pk
        assert Identity.objects.get().used_at is not None


def test_what_the_provider_is_asked(world: World, at: FakeProvider, example: Any) -> None:
    place = urlsplit(begin(Browser("acme"), example))
    asked = {name: value for name, [value] in parse_qs(place.query).items()}
    assert place.path == "/authorize"
    assert asked | {"state": "", "nonce": "", "code_challenge": ""} == {
        "response_type": "code",
        "scope": "openid email profile",
        "client_id": CLIENT_ID,
        "redirect_uri": f"http://acme.portal.localhost:8000/login/single-sign-on/{example.pk}/back/",
        "state": "",
        "nonce": "",
        "code_challenge": "",
        "code_challenge_method": "S256",
    }
    again = {name: value for name, [value] in parse_qs(begin(Browser("acme"), example)).items()}
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) == 43
        assert asked[name] != again[name]


def test_the_sign_in_page_has_its_button(world: World, at: FakeProvider, example: Any) -> None:
    page = Browser("acme").get("/login/?next=/offline/").content.decode()
    assert "Sign in with Example ID" in page
    assert f"/login/single-sign-on/{example.pk}/?next=%2Foffline%2F" in page
    for label in ("globex", "app"):
        assert "Example ID" not in Browser(label).get("/login/").content.decode()
    office = Browser("app").get("/login/single-sign-on/?company_id=acme").content.decode()
    assert "There is no single sign-on here" in office
    with inside(world.acme):
        IdentityProvider.objects.update(is_on=False)
    assert "Example ID" not in Browser("acme").get("/login/").content.decode()
    assert Browser("acme").get(f"/login/single-sign-on/{example.pk}/").status_code == 404


def test_staff_type_their_company_id(world: World, staffs: IdentityProvider) -> None:
    browser = Browser("app")
    assert "/login/single-sign-on/" in browser.get("/login/").content.decode()
    page = browser.get("/login/single-sign-on/?company_id=acme&next=/find/").content.decode()
    assert f"/{staffs.pk}/?next=%2Ffind%2F&amp;company_id=acme" in page
    for other in ("globex", "nobody", "a b", ""):
        found = browser.get("/login/single-sign-on/", {"company_id": other})
        assert found.status_code == 200
        assert "Staff ID" not in found.content.decode()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_it_leads_to_own_paths_alone(
    world: World, at: FakeProvider, example: IdentityProvider, wanted: str
) -> None:
    connected(example, world.ada, "ada-1")
    assert through(example, next=wanted)["Location"] == "/"


def test_the_address_stays_with_a_domain_of_ones_own(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    """The answer comes below our zone, and is led on to the domain, where it was begun."""
    domain = "licenses.acme.example"
    with inside(world.acme):
        serve(world.acme.pk, domain)
    set_vendor(world.acme, canonical_domain=domain)
    connected(example, world.ada, "ada-1")
    browser = Browser("acme")
    moved = browser.get(f"/login/single-sign-on/{example.pk}/")
    assert moved["Location"].startswith(f"http://{domain}:8000/login/single-sign-on/")
    own = Browser("acme")
    own.defaults["HTTP_HOST"] = domain
    place = visit(begin(own, example))
    assert place.startswith("http://acme.portal.localhost:8000/login/single-sign-on/")
    parts = urlsplit(place)
    led = Browser("acme").get(f"{parts.path}?{parts.query}")
    assert led["Location"].startswith(f"http://{domain}:8000/login/single-sign-on/")
    assert own.get(f"{parts.path}?{parts.query}")["Location"] == "/"


# --- Ways to get in that don't ------------------------------------------------------------------


def lies(at: FakeProvider, where: str, **said: Any) -> None:
    getattr(at, where).update(said)


# What the provider, or somebody between, says instead of the truth.
LIES: dict[str, tuple[Any, Why]] = {
    "another issuer answers": (lambda at: lies(at, "back", iss="https://evil.example"), Why.OTHER_ISSUER),
    "nobody says who answers": (lambda at: lies(at, "back", iss=None), Why.OTHER_ISSUER),
    "another state": (lambda at: lies(at, "back", state="x" * 43), Why.WRONG_STATE),
    "no state": (lambda at: lies(at, "back", state=None), Why.WRONG_STATE),
    "a state of other letters": (lambda at: lies(at, "back", state="ä"), Why.WRONG_STATE),
    "no code": (lambda at: lies(at, "back", code=None), Why.NO_CODE),
    "an injected code": (lambda at: lies(at, "back", code="x"), Why.BAD_CODE),
    "no": (lambda at: lies(at, "back", error="access_denied", code=None), Why.REFUSED_THERE),
    "no and yes": (lambda at: lies(at, "back", error="access_denied"), Why.REFUSED_THERE),
    "no ID token": (lambda at: lies(at, "answer", id_token=None), Why.BAD_TOKEN),
    "an ID token that is none": (lambda at: lies(at, "answer", id_token=["x"]), Why.BAD_TOKEN),
    "a token of another issuer": (lambda at: lies(at, "claims", iss="https://x.example"), Why.WRONG_ISSUER),
    "a token for another": (lambda at: lies(at, "claims", aud="other"), Why.WRONG_AUDIENCE),
    "a token of another sign-in": (lambda at: lies(at, "claims", nonce="other"), Why.WRONG_NONCE),
    "an old token": (lambda at: lies(at, "claims", exp=1), Why.WRONG_TIME),
    "no e-mail": (lambda at: lies(at, "claims", email=None), Why.NO_EMAIL),
    "an e-mail that is none": (lambda at: lies(at, "claims", email="ada"), Why.NO_EMAIL),
    "two e-mails": (lambda at: lies(at, "claims", email=["ada@example.com"]), Why.NO_EMAIL),
    "an e-mail nobody has confirmed": (lambda at: lies(at, "claims", email_verified=False), Why.UNVERIFIED),
    "it does not say whether": (lambda at: lies(at, "claims", email_verified=None), Why.UNVERIFIED),
    "it says so in a list": (lambda at: lies(at, "claims", email_verified=[True]), Why.UNVERIFIED),
    "Microsoft's word of another": (
        lambda at: lies(at, "claims", email_verified=None, xms_edov=True), Why.UNVERIFIED,
    ),
    "another domain": (lambda at: lies(at, "claims", email="ada@evil.example"), Why.WRONG_DOMAIN),
    "a domain below": (lambda at: lies(at, "claims", email="ada@x.example.com"), Why.WRONG_DOMAIN),
    "a domain beside": (lambda at: lies(at, "claims", email="ada@notexample.com"), Why.WRONG_DOMAIN),
    "it calls itself another": (lambda at: lies(at, "discovery", issuer="https://x.example"), Why.WRONG_DISCOVERY),
    "it has no token endpoint": (lambda at: lies(at, "discovery", token_endpoint=None), Why.BAD_DISCOVERY),
    "its keys are inside": (
        lambda at: lies(at, "discovery", jwks_uri="https://10.0.0.1/keys"), Why.UNREACHABLE,
    ),
    "its keys are a file": (lambda at: lies(at, "discovery", jwks_uri="file:///etc/passwd"), Why.BAD_DISCOVERY),
    "its sign-in is a script": (
        lambda at: lies(at, "discovery", authorization_endpoint="javascript:alert(1)"), Why.BAD_DISCOVERY,
    ),
    "it shows no keys": (lambda at: at.keys.clear(), Why.NO_KEY),
    "it shows another key": (lambda at: setattr(at, "keys", [OTHER_RSA]), Why.NO_KEY),
    "signed by another key": (
        lambda at: (setattr(at, "signs_with", OTHER_RSA), lies(at, "header", kid=RSA.kid)),
        Why.BAD_SIGNATURE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_each_lie_lets_nobody_in(world: World, at: FakeProvider, name: str) -> None:
    provider = provider_of(world.acme, at, domains="example.com", creates_people=True)
    connected(provider, world.ada, "ada-1")
    lie, why = LIES[name]
    lie(at)
    browser = Browser("acme")
    answer = browser.get(f"/login/single-sign-on/{provider.pk}/")
    if answer.status_code == 302:
        answer = browser.get(back_from(answer["Location"]))
    assert says(why, answer), answer.content.decode()
    assert not is_in(browser)
    assert identities(world.acme) == [("ada-1", "ada@example.com")]
    assert "evil" not in " ".join(people(world.acme))
    # Nothing was asked of a provider for an answer that is not its own.
    if why in {Why.WRONG_STATE, Why.OTHER_ISSUER, Why.NO_CODE}:
        assert "/token" not in at.asked


def test_an_answer_counts_in_the_browser_that_asked(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    """Whoever is sent another's answer is not signed in as that other (login CSRF)."""
    connected(example, world.ada, "ada-1")
    path = back_from(begin(Browser("acme"), example))
    stranger = Browser("acme")
    assert says(Why.LOST, stranger.get(path))
    begin(stranger, example)
    assert says(Why.WRONG_STATE, stranger.get(path))
    assert not is_in(stranger)
    assert "/token" not in at.asked


def test_an_answer_counts_once(world: World, at: FakeProvider, example: IdentityProvider) -> None:
    connected(example, world.ada, "ada-1")
    browser = Browser("acme")
    path = back_from(begin(browser, example))
    cookie = browser.cookies[FLOW].value
    assert browser.get(path).status_code == 302
    browser.cookies[FLOW] = cookie
    assert says(Why.LOST, browser.get(path))
    assert at.asked.count("/token") == 1


def test_while_many_wait_for_a_slow_provider_others_are_told_to_come_again(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    path = f"/login/single-sign-on/{example.pk}/"
    with client._asking.take(str(world.acme.pk)), client._asking.take(str(world.acme.pk)):
        answer = Browser("acme").get(path)
        assert answer.status_code == 503
        assert "Try again in a few seconds." in answer.content.decode()
        assert at.asked == []
    assert Browser("acme").get(path).status_code == 302


def test_an_answer_has_ten_minutes(
    world: World, at: FakeProvider, example: IdentityProvider, frozen_time: Any
) -> None:
    connected(example, world.ada, "ada-1")
    browser = Browser("acme")
    path = back_from(begin(browser, example))
    frozen_time.shift(601)
    assert says(Why.LOST, browser.get(path))


@pytest.mark.parametrize("cookie", ["", "x", "gAAAAA", "é"])
def test_a_cookie_that_is_none_lets_nobody_in(
    world: World, at: FakeProvider, example: IdentityProvider, cookie: str
) -> None:
    browser = Browser("acme")
    path = back_from(begin(browser, example))
    browser.cookies[FLOW] = cookie
    assert says(Why.LOST, browser.get(path))


def test_a_cookie_of_another_kind_is_none(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    """Who was asked to connect an account has a cookie that says more than a flow's."""
    through(example, browser := Browser("acme"))
    browser.cookies[FLOW] = browser.cookies[portal.CONNECTING_COOKIE_NAME].value
    assert says(Why.LOST, browser.get(f"/login/single-sign-on/{example.pk}/back/?code=x&state=x"))


def test_an_answer_of_one_provider_is_nothing_at_another(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    """A mix-up: what one has said comes to the address of another one."""
    other = provider_of(world.acme, at, name="Other")
    connected(other, world.ada, "ada-1")
    browser = Browser("acme")
    path = back_from(begin(browser, example)).replace(str(example.pk), str(other.pk))
    assert says(Why.WRONG_STATE, browser.get(path))
    assert "/token" not in at.asked


def test_another_vendors_provider_is_nothing_here(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    assert Browser("globex").get(f"/login/single-sign-on/{example.pk}/").status_code == 404
    browser = Browser("acme")
    path = back_from(begin(browser, example))
    elsewhere = Browser("globex")
    elsewhere.cookies[FLOW] = browser.cookies[FLOW].value
    assert says(Why.LOST, elsewhere.get(path))
    office = Browser("app")
    office.cookies[FLOW] = browser.cookies[FLOW].value
    assert office.get(path).status_code == 404
    assert not any(map(is_in, (elsewhere, office)))


def test_of_many_that_come_at_once_one_counts(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    from accounts.single_sign_on.flows import Flow

    flow = Flow.begin(vendor="", provider="", issuer="", goes_on="")
    flow.use_up()
    for _again in range(3):
        with pytest.raises(SingleSignOnRefused):
            flow.use_up()


def test_a_domain_that_was_switched_off_meanwhile(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    browser = Browser("acme")
    path = back_from(begin(browser, example))
    with inside(world.acme):
        IdentityProvider.objects.update(is_on=False)
    assert browser.get(path).status_code == 404
    assert not is_in(browser)


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"allow_customer_portal_access": False}, {"role": "support"}],
    ids=str,
)
def test_who_may_not_enter_is_not_let_in(
    world: World, at: FakeProvider, example: IdentityProvider, change: dict[str, Any]
) -> None:
    connected(example, world.ada, "ada-1")
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(**change)
    answer = through(example)
    assert says(Why.NO_ACCOUNT, answer)
    assert not is_in(answer.client)
    with inside(world.acme):
        assert Refusal.objects.get(user=world.ada).reason == "SINGLE_SIGN_ON"


# --- Keys ---------------------------------------------------------------------------------------


def test_new_keys_are_fetched_once(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    assert through(example).status_code == 302
    at.keys, at.signs_with = [EC], EC
    assert through(example).status_code == 302
    assert through(example).status_code == 302
    assert at.asked.count("/keys") == 2
    assert at.asked.count("/.well-known/openid-configuration") == 1


def test_tokens_of_strange_keys_make_it_be_asked_no_more_often(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    at.signs_with = OTHER_RSA
    for _try in range(6):
        assert says(Why.NO_KEY, through(example))
    assert at.asked.count("/keys") == 4  # the first time, and three times anew


# --- Second factor ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "contexts", "asked"),
    [
        ({}, "", True),
        ({"amr": ["pwd"]}, "", True),
        ({"amr": "mfa"}, "", True),
        ({"acr": "2"}, "", True),
        ({"acr": "1"}, "2 3", True),
        ({"acr": ["2"]}, "2 3", True),
        ({"amr": ["pwd", "mfa"]}, "", False),
        ({"acr": "2"}, "2 3", False),
    ],
)
def test_the_second_factor_is_asked_for_unless_the_provider_has(
    world: World, at: FakeProvider, claims: dict[str, Any], contexts: str, asked: bool
) -> None:
    provider = provider_of(world.acme, at, factor_contexts=contexts)
    connected(provider, world.ada, "ada-1")
    phone = phone_of(world.ada)
    at.claims = claims
    browser = Browser("acme")
    place = begin(browser, provider, next="/offline/")
    assert ("acr_values=2+3" in place) is bool(contexts)
    answer = browser.get(back_from(place))
    assert is_in(browser) is not asked
    if asked:
        assert answer["Location"] == "/login/code/?next=%2Foffline%2F"
        page = browser.get(answer["Location"]).content.decode()
        assert "We know who you are." in page
        done = browser.post(answer["Location"], {"code": phone.code(), "next": "/offline/"})
        assert done["Location"] == "/offline/"
        assert is_in(browser)


def test_who_has_shown_one_there_needs_none_here(world: World, at: FakeProvider) -> None:
    provider = provider_of(world.acme, at)
    connected(provider, world.ada, "ada-1")
    set_vendor(
        world.acme, second_factor_for="everyone", second_factor_grace=0,
        customers_asked_since="2020-01-01T00:00:00Z", staff_asked_since="2020-01-01T00:00:00Z",
    )  # fmt: skip
    at.claims = {"amr": ["mfa"]}
    answer = through(provider)
    assert answer["Location"] == "/"
    assert is_in(answer.client)
    at.claims = {}
    answer = through(provider)
    assert answer["Location"] == "/profile/second-factor/"
    assert not is_in(answer.client)


# --- Connecting an account ----------------------------------------------------------------------


def test_an_account_that_is_there_asks_its_password_once(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    answer = through(example, next="/offline/")
    browser = answer.client
    assert answer["Location"] == "/login/single-sign-on/connect/"
    assert not is_in(browser)
    assert identities(world.acme) == []
    page = browser.get(answer["Location"]).content.decode()
    assert "ada@example.com" in page
    wrong = browser.post(answer["Location"], {"current_password": "wrong wrong"})
    assert "not your current password" in wrong.content.decode()
    assert identities(world.acme) == []
    done = browser.post(answer["Location"], {"current_password": PASSWORD})
    assert done["Location"] == "/offline/"
    assert is_in(browser)
    assert identities(world.acme) == [("ada-1", "ada@example.com")]
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert "was connected with Example ID" in message.body
    with inside(world.acme):
        entry = AuditEntry.objects.get(action="single-sign-on-connected")
        assert (entry.actor_id, entry.visible) == (world.ada.pk, True)
    again = through(example)
    assert is_in(again.client)


def asked_for_link(provider: IdentityProvider) -> tuple[Any, str]:
    """The browser in which it was begun, and the link's path."""
    browser = through(provider).client
    mail.outbox.clear()
    assert browser.post("/login/single-sign-on/connect/send/").status_code == 302
    assert "60 minutes" in browser.get("/login/single-sign-on/connect/sent/").content.decode()
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    address = next(word for word in message.body.split() if "/single-sign-on/connect/" in word)
    return browser, urlsplit(address).path


def test_or_a_link_to_its_email(world: World, at: FakeProvider, example: IdentityProvider) -> None:
    browser, path = asked_for_link(example)
    assert browser.get(path).status_code == 200  # a mail scanner's, too
    assert identities(world.acme) == []
    assert browser.post(path).status_code == 302
    assert is_in(browser)
    assert identities(world.acme) == [("ada-1", "ada@example.com")]
    assert browser.post(path).status_code == 410


def test_a_link_that_somebody_else_has_asked_for_connects_nothing(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    """Whoever has Ada's e-mail at the provider, and not her mailbox, waits for her click."""
    _browser, path = asked_for_link(example)
    for other in (Browser("acme"), signed_in(world.ada)):
        assert says(Why.OTHER_BROWSER, other.get(path))
        assert says(Why.OTHER_BROWSER, other.post(path))
    at.who["sub"] = "ada-2"
    begun = through(example).client
    assert says(Why.OTHER_BROWSER, begun.post(path))
    assert identities(world.acme) == []


def test_a_link_is_refused_when_it_is_old_or_used(
    world: World, at: FakeProvider, example: IdentityProvider, frozen_time: Any
) -> None:
    browser, path = asked_for_link(example)
    assert browser.get("/login/single-sign-on/connect/not-a-token/").status_code == 410
    frozen_time.shift(timedelta(minutes=61))
    assert browser.post(path).status_code == 410
    assert identities(world.acme) == []


@pytest.mark.unfound
@pytest.mark.parametrize(
    "change",
    [
        lambda world, provider: User.objects.filter(pk=world.ada.pk).update(is_active=False),
        lambda world, provider: User.objects.filter(pk=world.ada.pk).update(email="a@x.example"),
        lambda world, provider: User.objects.filter(pk=world.ada.pk).update(role="admin"),
        lambda world, provider: IdentityProvider.objects.update(is_on=False),
        lambda world, provider: IdentityProvider.objects.update(issuer="https://x.example"),
        lambda world, provider: verbs.delete_provider(provider),
    ],
)
def test_what_has_changed_meanwhile_connects_nothing(
    world: World, at: FakeProvider, example: IdentityProvider, change: Any
) -> None:
    browser = through(example).client
    with inside(world.acme):
        change(world, example)
    for path in ("connect/", "connect/send/"):
        answer = browser.post(f"/login/single-sign-on/{path}", {"current_password": PASSWORD})
        assert says(Why.LOST, answer)
    assert identities(world.acme) == []
    assert not is_in(browser)


def test_passwords_are_not_guessed_there(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    browser = through(example).client
    typed = {"current_password": "wrong wrong"}
    codes = {browser.post("/login/single-sign-on/connect/", typed).status_code for _ in range(12)}
    assert codes == {200, 429}
    typed["current_password"] = PASSWORD
    assert browser.post("/login/single-sign-on/connect/", typed).status_code == 429


def test_who_has_a_second_factor_is_asked_for_it_while_connecting(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    phone_of(world.ada)
    browser = through(example).client
    answer = browser.post("/login/single-sign-on/connect/", {"current_password": PASSWORD})
    assert answer["Location"] == "/login/code/"
    assert not is_in(browser)


def test_nobody_is_connected_by_an_email_alone(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    """Whoever gets Ada's address at the provider later is somebody else."""
    connected(example, world.ada, "ada-1")
    at.who = ADA | {"sub": "somebody-else"}
    answer = through(example)
    assert answer["Location"] == "/login/single-sign-on/connect/"
    assert not is_in(answer.client)


def test_another_issuer_knows_nobody(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    with inside(world.acme):
        example.issuer = "https://other.example"
        verbs.change_provider(example, fields=["issuer"])
    assert identities(world.acme) == []


# --- New people ---------------------------------------------------------------------------------


def test_whom_nobody_knows_is_added_where_the_vendor_wants_that(
    world: World, at: FakeProvider
) -> None:
    provider = provider_of(
        world.acme, at, creates_people=True, domains="example.com", company_attribute="org"
    )
    at.who = ADA | NEW
    at.claims = {"org": "New Ltd", "role": "admin", "groups": ["portal-admins"]}
    answer = through(provider)
    assert answer["Location"] == "/"
    assert is_in(answer.client)
    with inside(world.acme):
        person = User.objects.get(email="new@example.com")
    assert (person.full_name, person.company, person.role) == ("Nora New", "New Ltd", "user")
    assert not person.has_usable_password()
    assert mail.outbox == []
    assert is_in(through(provider).client)
    assert len([each for each in people(world.acme) if each == "new@example.com"]) == 1


def test_and_not_where_it_does_not(world: World, at: FakeProvider, example: Any) -> None:
    at.who = ADA | NEW
    assert says(Why.NO_ACCOUNT, through(example))
    assert "new@example.com" not in people(world.acme)


def test_names_follow_the_provider_and_what_can_be_none_is_left(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    at.who |= {"given_name": "Augusta", "family_name": "\u202eevil"}
    through(example)
    with inside(world.acme):
        person = User.objects.get(pk=world.ada.pk)
    assert (person.first_name, person.last_name) == ("Augusta", world.ada.last_name)


def test_the_email_may_come_from_elsewhere(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    """Okta's ID tokens are thin where there is an access token."""
    connected(example, world.ada, "ada-1")
    at.who = {"sub": "ada-1"}
    at.discovery = {"userinfo_endpoint": f"{at.issuer}/userinfo"}
    at.userinfo = ADA | {"sub": "somebody-else"}
    assert says(Why.OTHER_SUBJECT, through(example))
    at.userinfo = dict(ADA)
    assert is_in(through(example).client)


def test_entra_says_it_in_its_own_words(world: World) -> None:
    from accounts.single_sign_on import claims

    provider = IdentityProvider(issuer="https://login.microsoftonline.com/tenant/v2.0")
    for said, fine in ((True, True), (1, True), ("1", True), (False, False), (None, False)):
        token = {"sub": "1", "email": "ada@example.com", "xms_edov": said}
        if fine:
            assert claims.read(provider, token).email == "ada@example.com"
        else:
            with pytest.raises(SingleSignOnRefused):
                claims.read(provider, token)


# --- Staff --------------------------------------------------------------------------------------


def test_staff_come_by_their_own_provider(
    world: World, at: FakeProvider, staffs: IdentityProvider
) -> None:
    at.who = ADA | SUPPORT
    browser = through(staffs).client
    answer = browser.post("/login/single-sign-on/connect/", {"current_password": PASSWORD})
    assert answer["Location"] == "/"
    assert is_in(browser)
    assert identities(world.acme) == [("s-1", "support@acme.example")]


@pytest.mark.parametrize(
    ("who", "provider"),
    [("support@acme.example", "example"), ("admin@acme.example", "example")],
)
def test_never_staff_by_a_customers_provider(
    world: World, at: FakeProvider, example: IdentityProvider, who: str, provider: str
) -> None:
    at.who = ADA | {"email": who}
    at.claims = {"groups": ["portal-admins"], "role": "admin"}
    answer = through(example)
    assert says(Why.NO_ACCOUNT, answer)
    with inside(world.acme):
        person = User.objects.get(email=who)
    connected(example, person, "ada-1")
    answer = through(example)
    assert says(Why.NO_ACCOUNT, answer)
    assert not is_in(answer.client)
    office = Browser("app")
    assert office.get(f"/login/single-sign-on/{example.pk}/?company_id=acme").status_code == 404


def test_no_customer_by_the_staffs_provider(world: World, at: FakeProvider) -> None:
    staffs = provider_of(world.acme, at, for_staff=True, domains="example.com")
    assert says(Why.NO_ACCOUNT, through(staffs))
    assert Browser("acme").get(f"/login/single-sign-on/{staffs.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["portal-support"], "support"),
        (["x", "portal-admins", "portal-support"], "admin"),
        ("portal-admins", "admin"),
        ([], None),
        (["PORTAL-ADMINS"], None),
        (["portal-admins = admin"], None),
        ({"portal-admins": 1}, None),
        (None, None),
    ],
)
def test_the_staffs_provider_says_who_has_which_role(
    world: World, at: FakeProvider, groups: Any, role: str | None
) -> None:
    provider = provider_of(
        world.acme, at, for_staff=True, role_attribute="groups", roles=ROLES, creates_people=True
    )
    at.who = ADA | {"sub": "n-1", "email": "new@acme.example", "groups": groups}
    answer = through(provider)
    assert is_in(answer.client) is (role is not None)
    with inside(world.acme):
        person = User.objects.filter(email="new@acme.example").first()
    assert (person.role if person else None) == role
    if role is None:
        assert says(Why.NO_ROLE, answer)


def test_a_role_that_is_taken_there_is_taken_here(
    world: World, at: FakeProvider, staffs: IdentityProvider
) -> None:
    connected(staffs, world.acme_support, "s-1")
    at.who = ADA | SUPPORT | {"groups": ["portal-admins"]}
    assert is_in(through(staffs).client)
    with inside(world.acme):
        assert User.objects.get(pk=world.acme_support.pk).role == "admin"
        assert AuditEntry.objects.filter(
            subject_id=world.acme_support.pk, action="changed"
        ).exists()
    at.who["groups"] = []
    answer = through(staffs)
    assert says(Why.NO_ROLE, answer)
    assert not is_in(answer.client)


def test_the_last_administrator_stays_one(
    world: World, at: FakeProvider, staffs: IdentityProvider
) -> None:
    connected(staffs, world.acme_admin, "a-1")
    at.who = ADA | {"sub": "a-1", "email": "admin@acme.example", "groups": ["portal-support"]}
    assert is_in(through(staffs).client)
    with inside(world.acme):
        assert User.objects.get(pk=world.acme_admin.pk).role == "admin"


def test_a_role_that_is_not_there_any_more_lets_nobody_in(world: World, at: FakeProvider) -> None:
    with inside(world.acme):
        Role.objects.create(vendor=world.acme, name="sales")
    provider = provider_of(
        world.acme, at, for_staff=True, role_attribute="groups", roles="x = sales",
        creates_people=True,
    )  # fmt: skip
    with inside(world.acme):
        Role.objects.filter(name="sales").delete()
    at.who = ADA | {"sub": "n-1", "email": "new@acme.example", "groups": ["x"]}
    assert says(Why.NO_ACCOUNT, through(provider))
    connected(provider, world.acme_support, "s-1")
    at.who = ADA | SUPPORT | {"groups": ["x"]}
    assert says(Why.NO_ROLE, through(provider))


# --- Only by single sign-on ---------------------------------------------------------------------


def test_a_domain_can_be_left_no_other_way(world: World, at: FakeProvider) -> None:
    provider = provider_of(world.acme, at, only_domains="example.com")
    connected(provider, world.ada, "ada-1")
    typed = {"email": "ada@example.com", "password": PASSWORD}
    refused = Browser("acme").post("/login/", typed)
    assert "by single sign-on alone: Example ID." in refused.content.decode()
    wrong = Browser("acme").post("/login/", typed | {"password": "wrong wrong wrong"})
    assert "single sign-on alone" not in wrong.content.decode()  # says nothing to strangers
    phone = phone_of(world.ada)
    assert "alone" in Browser("acme").post("/login/", typed).content.decode()
    browser = Browser("acme")
    answer = browser.get(back_from(begin(browser, provider)))
    assert browser.post(answer["Location"], {"code": phone.code()}).status_code == 302
    assert is_in(browser)
    with inside(world.acme):
        IdentityProvider.objects.update(is_on=False)
    assert Browser("acme").post("/login/", typed)["Location"] == "/login/code/"


def test_a_first_step_by_password_is_none_where_that_has_ended(
    world: World, at: FakeProvider
) -> None:
    """Whoever has typed the password before it was switched on needs the provider all the same."""
    phone = phone_of(world.ada)
    browser = Browser("acme")
    step = browser.post("/login/", {"email": "ada@example.com", "password": PASSWORD})
    provider_of(world.acme, at, only_domains="example.com")
    browser.post(step["Location"], {"code": phone.code()})
    assert not is_in(browser)


def test_nor_does_an_invitation_let_anybody_in(world: World, at: FakeProvider) -> None:
    from accounts.links import Purpose, make_token

    provider_of(world.acme, at, only_domains="example.com")
    with inside(world.acme):
        world.ada.set_unusable_password()
        world.ada.save(update_fields=["password"])
    browser = Browser("acme")
    new = {"new_password": "battery 7 staple", "new_password_again": "battery 7 staple"}
    token = make_token(Purpose.INVITATION, world.ada)
    assert browser.post(f"/invitation/{token}/", new).status_code == 302
    assert not is_in(browser)


def test_administrators_have_a_way_back(world: World, at: FakeProvider) -> None:
    provider_of(world.acme, at, for_staff=True, only_domains="acme.example")
    office = Browser("app")
    typed = {"company_id": "acme", "password": PASSWORD}
    answer = office.post("/login/", typed | {"email": "support@acme.example"})
    assert "by single sign-on alone" in answer.content.decode()
    assert office.post("/login/", typed | {"email": "admin@acme.example"}).status_code == 302
    assert is_in(office)
    operator = Browser("app")
    answer = operator.post("/login/", {"email": "root@example.com", "password": PASSWORD})
    assert answer.status_code == 302


# --- Signing out --------------------------------------------------------------------------------


def test_signing_out_ends_the_session_and_leads_to_the_provider(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    browser = through(example).client
    answer = browser.post("/logout/")
    assert answer.status_code == 200
    assert not is_in(browser)
    with people_of(world.acme):
        assert not Session.of_scope.filter(user=world.ada).exists()
    from html import unescape

    page = unescape(answer.content.decode())
    address = page.partition(f'href="{at.issuer}/logout?')[2].partition('"')[0]
    asked = {name: value for name, [value] in parse_qs(address).items()}
    assert asked == {
        "tenant": "1",
        "id_token_hint": at.tokens[-1],
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": "http://acme.portal.localhost:8000/login/",
    }
    browser.sign_in("ada@example.com")
    assert browser.post("/logout/").status_code == 302


def test_signing_out_of_who_came_otherwise(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    browser = through(example).client
    browser.sign_in("grace@example.com")
    assert browser.post("/logout/")["Location"] == "/login/"
    at.discovery = {"end_session_endpoint": None}
    cache.clear()
    assert through(example).client.post("/logout/")["Location"] == "/login/"
    at.discovery, at.claims = {}, {"much": "x" * 4000}
    cache.clear()
    page = through(example).client.post("/logout/").content.decode()
    assert "/logout?tenant=1&amp;client_id=" in page  # a token too large for a cookie


# --- What is connected --------------------------------------------------------------------------


def test_a_connection_is_ended_by_its_person(
    world: World, at: FakeProvider, example: IdentityProvider, frozen_time: Any
) -> None:
    connected(example, world.ada, "ada-1")
    connected(example, world.grace, "grace-1")
    browser = through(example).client
    page = browser.get("/profile/single-sign-on/").content.decode()
    assert page.count("/disconnect/") == 1
    with inside(world.acme):
        own, hers = (Identity.objects.get(user=each) for each in (world.ada, world.grace))
    path = "/profile/single-sign-on/{}/disconnect/"
    frozen_time.shift(timedelta(minutes=11))
    asked = browser.post(path.format(own.pk))["Location"]
    assert asked.startswith("/profile/prove/")
    proving = browser.get(asked).content.decode()
    assert f"/login/single-sign-on/{example.pk}/?" in proving
    browser.get(back_from(begin(browser, example, again="yes")))
    for each in (hers, own):
        assert browser.post(path.format(each.pk)).status_code == 302
    assert identities(world.acme) == [("grace-1", "grace@example.com")]
    with inside(world.acme):
        entry = AuditEntry.objects.get(action="single-sign-on-disconnected")
    assert (entry.actor_id, entry.visible) == (world.ada.pk, True)
    assert through(example)["Location"] == "/login/single-sign-on/connect/"


def test_its_word_proves_who_it_is_when_it_says_since_when(
    world: World, at: FakeProvider, example: IdentityProvider, frozen_time: Any
) -> None:
    """A session by single sign-on may be new while the person signed in there weeks ago."""
    connected(example, world.ada, "ada-1")
    path, lasts = "/profile/second-factor/set-up/", 600
    browser = through(example).client

    def is_proved() -> bool:
        return bool(browser.get(path).status_code == 200)

    assert not is_proved()  # it has not said it
    asked = begin(browser, example, next=path, again="yes")
    query = parse_qs(urlsplit(asked).query)
    assert (query["prompt"], query["max_age"]) == (["login"], [str(lasts)])
    assert browser.get(back_from(asked))["Location"] == path
    assert is_proved()

    now = time.time()
    for said, proves in (
        (now - lasts + 5, True),
        (now - lasts - 5, False),  # its own session, of before
        (-1e300, False),
        (None, False),
    ):
        at.claims = {"auth_time": said}
        assert through(example, browser, next=path, again="yes")["Location"] == path
        assert is_proved() is proves, said
        told = browser.get("/licenses/").content.decode()
        assert ("does not say that you have just signed in there" in told) is not proves

    # A clock that is a little ahead proves nothing for longer.
    at.claims = {"auth_time": now + 30}
    through(example, browser)
    frozen_time.shift(timedelta(seconds=lasts - 1))
    assert is_proved()
    frozen_time.shift(timedelta(seconds=2))
    assert not is_proved()


@pytest.mark.parametrize("said", ["soon", True, 1e400, 10**400, 61], ids=lambda said: str(said)[:8])
def test_a_time_that_is_none_lets_nobody_in(
    world: World, at: FakeProvider, example: IdentityProvider, said: Any
) -> None:
    connected(example, world.ada, "ada-1")
    at.claims = {"auth_time": time.time() + said if said == 61 else said}
    assert through(example).status_code == 403


def test_the_userinfo_endpoint_proves_nothing(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    at.discovery = {"userinfo_endpoint": f"{at.issuer}/userinfo"}
    at.userinfo = {**ADA, "auth_time": time.time()}
    at.who = {"sub": "ada-1"}
    browser = through(example).client
    assert browser.get("/profile/second-factor/set-up/").status_code == 302


def test_who_has_no_password_is_led_to_where_one_is_set(world: World, at: FakeProvider) -> None:
    """Where the provider says no time, and the account has nothing else to show."""
    adding = provider_of(world.acme, at, domains="example.com", creates_people=True)
    at.who = NEW | {"email_verified": True}
    browser = through(adding).client
    link = '<a href="/password-reset/">You have no password here: set one</a>'
    assert link in browser.get("/profile/prove/").content.decode()
    assert link not in signed_in(world.ada).get("/profile/prove/").content.decode()


# --- Setting it up ------------------------------------------------------------------------------

LIST = "/accounts/identityprovider/"
TYPED = {
    "name": "Example ID",
    "issuer": "https://id.example",
    "client_id": "portal",
    "encrypted_secret": "the secret",
    "domains": "@Example.com, xn--mller-kva.example",
    "first_name_attribute": "given_name",
    "last_name_attribute": "family_name",
}


def test_a_provider_is_set_up(world: World) -> None:
    browser = signed_in(world.acme_admin)
    assert browser.post(f"{LIST}add/", TYPED).status_code == 302
    with inside(world.acme):
        provider = IdentityProvider.objects.get()
        created = AuditEntry.objects.get(action="created", subject_id=provider.pk)
    provider.vendor = world.acme
    assert provider.domains == "example.com müller.example"
    assert "the secret" not in str(created.changes)
    path = f"{LIST}{provider.pk}/change/"
    page = browser.get(path).content.decode()
    assert "the secret" not in page
    assert provider.encrypted_secret not in page
    assert f'data-copy="{redirect_uri(provider)}"' in page
    kept = provider.encrypted_secret
    assert browser.post(path, TYPED | {"encrypted_secret": "", "name": "New"}).status_code == 302
    with inside(world.acme):
        provider.refresh_from_db()
    assert (provider.name, provider.encrypted_secret) == ("New", kept)
    browser.post(path, TYPED | {"encrypted_secret": "another"})
    with inside(world.acme):
        provider.refresh_from_db()
    assert provider.encrypted_secret != kept
    assert browser.post(f"{LIST}{provider.pk}/delete/", {"post": "yes"}).status_code == 302
    with inside(world.acme):
        assert not IdentityProvider.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"issuer": "http://id.example"}, "An issuer begins with https://"),
        ({"issuer": "https://id.example/?x=1"}, "An issuer begins with https://"),
        ({"issuer": "id.example"}, "An issuer begins with https://"),
        ({"only_domains": "other.example"}, "not among the domains"),
        ({"is_on": "on", "client_id": ""}, "Without a client id"),
        ({"role_attribute": "groups", "roles": ROLES}, "Only a provider for staff"),
        ({"for_staff": "on", "domains": ""}, "needs the domains"),
        ({"for_staff": "on", "creates_people": "on"}, "New staff need a role"),
        ({"for_staff": "on", "roles": "admin"}, "not of the form"),
        ({"for_staff": "on", "roles": "x = nobody"}, "There is no such role: nobody"),
        ({"for_staff": "on", "roles": "x = operator"}, "There is no such role: operator"),
        ({"for_staff": "on", "roles": "x = user"}, "roles are given to nobody"),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, typed: dict[str, str], sentence: str) -> None:
    answer = signed_in(world.acme_admin).post(f"{LIST}add/", TYPED | typed)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    with inside(world.acme):
        assert not IdentityProvider.objects.exists()


def test_it_asks_for_a_fresh_proof(
    world: World, at: FakeProvider, example: IdentityProvider, frozen_time: Any
) -> None:
    browser = signed_in(world.acme_admin)
    frozen_time.shift(timedelta(minutes=11))
    for path in ("add/", f"{example.pk}/change/", f"{example.pk}/delete/"):
        for answer in (browser.get(f"{LIST}{path}"), browser.post(f"{LIST}{path}", TYPED)):
            assert answer["Location"].startswith("/prove/?next=")
    tried = browser.post(f"{LIST}{example.pk}/do/try/")
    assert tried["Location"].startswith("/prove/?next=")
    with inside(world.acme):
        assert IdentityProvider.objects.get().name == "Example ID"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda at, provider: None, "answers, shows keys that are safe, and knows us."),
        (lambda at, p: setattr(p, "client_id", "x"), "client id or client secret are wrong"),
        (lambda at, p: setattr(p, "encrypted_secret", verbs.encrypted("x")), "are wrong"),
        (lambda at, p: setattr(p, "encrypted_secret", ""), "are wrong"),
        (lambda at, p: setattr(p, "issuer", at.issuer + "/"), "The provider calls itself"),
        (lambda at, p: setattr(p, "issuer", at.issuer + "/x"), "answers with 404"),
        (lambda at, p: setattr(p, "issuer", "https://127.0.0.2"), "is not at a public address"),
        (lambda at, p: setattr(p, "issuer", "https://nobody.invalid"), "no server of this name"),
        (lambda at, p: lies(at, "discovery", jwks_uri=None), "jwks_uri is missing"),
        (lambda at, p: setattr(at, "keys", [{"kty": "oct", "k": "x"}]), "a key that is not safe"),
    ],
)
def test_the_button_says_in_words_what_is_wrong(
    world: World, at: FakeProvider, example: IdentityProvider, wrong: Any, sentence: str
) -> None:
    wrong(at, example)
    with inside(world.acme):
        example.save()
    page = signed_in(world.acme_admin).post(f"{LIST}{example.pk}/do/try/", follow=True)
    assert sentence in page.content.decode(), page.content.decode()


@pytest.mark.takes_turns
def test_the_button_is_not_pressed_without_end(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    browser = signed_in(world.acme_admin)
    answers = {browser.post(f"{LIST}{example.pk}/do/try/").status_code for _ in range(22)}
    assert answers == {302, 429}


def test_a_client_by_post_and_one_without_a_secret(
    world: World, at: FakeProvider, example: IdentityProvider
) -> None:
    connected(example, world.ada, "ada-1")
    at.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert is_in(through(example).client)
    headers, fields = client._credentials(IdentityProvider(client_id="x"), by_post=False)
    assert (headers, fields) == ({}, {"client_id": "x"})


def test_the_encryption_key_can_be_changed(
    world: World, at: FakeProvider, example: IdentityProvider, settings: Any
) -> None:
    from io import StringIO

    from cryptography.fernet import Fernet
    from django.core.management import call_command

    connected(example, world.ada, "ada-1")
    new = Fernet.generate_key().decode()
    settings.KEY_ENCRYPTION_KEYS = [new, *settings.KEY_ENCRYPTION_KEYS]
    out = StringIO()
    call_command("rotate_key_encryption", stdout=out)
    assert "1 client secret" in out.getvalue()
    settings.KEY_ENCRYPTION_KEYS = [new]
    assert is_in(through(example).client)
