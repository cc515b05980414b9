"""Single sign-on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.cache import cache

from accounts.models import IdentityProvider, User
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, said
from tests.accounts.identity_provider import ADA, OTHER_RSA, RSA, FakeProvider, serving
from tests.accounts.phones import phone_of
from tests.accounts.test_single_sign_on import (
    LIES,
    asked_for_link,
    back_from,
    begin,
    connected,
    identities,
    is_in,
    provider_of,
    through,
)
from tests.world import Browser, signed_in

FLOW = settings.FLOW_COOKIE_NAME


@contextmanager
def provider_at(scene: Scene, **fields: Any) -> Iterator[tuple[FakeProvider, IdentityProvider]]:
    """A provider of Acme's that runs, and by which Ada is known."""
    with stranger_at(scene, **fields) as (at, provider):
        connected(provider, scene.world.ada, "ada-1")
        yield at, provider


@contextmanager
def stranger_at(scene: Scene, **fields: Any) -> Iterator[tuple[FakeProvider, IdentityProvider]]:
    """One by which nobody is known yet."""
    scene.settings.PRIVATE_PROVIDERS = {"127.0.0.1"}
    cache.clear()
    with serving() as at:
        yield at, provider_of(scene.world.acme, at, **fields)


def tried(scene: Scene, *lies: Callable[[FakeProvider], Any], **fields: Any) -> list[Any]:
    """What the portal answers to who comes by a provider that lies."""
    answers = []
    with provider_at(scene, **fields) as (at, provider):
        for lie in lies:
            at.reset()
            cache.clear()
            lie(at)
            browser = Browser("acme")
            answer = browser.get(f"/login/single-sign-on/{provider.pk}/")
            if answer.status_code == 302:
                answer = browser.get(back_from(answer["Location"]))
            assert not is_in(browser)
            answers.append(answer)
    assert identities(scene.world.acme) == [("ada-1", "ada@example.com")]
    return answers


def the_lies(*names: str) -> list[Callable[[FakeProvider], Any]]:
    return [LIES[name][0] for name in names]


@attack
def mix_up_by_the_answer(scene: Scene) -> str:
    """Mix-up: another issuer answers, or none that says who it is."""
    return all_said(tried(scene, *the_lies("another issuer answers", "nobody says who answers")))


@attack
def mix_up_by_the_address(scene: Scene) -> str:
    """Mix-up: what one provider has answered comes to another one's address."""
    with provider_at(scene) as (at, provider):
        other = provider_of(scene.world.acme, at, name="Other")
        browser = Browser("acme")
        path = back_from(begin(browser, provider)).replace(str(provider.pk), str(other.pk))
        answer = browser.get(path)
        assert not is_in(browser)
        assert "/token" not in at.asked
    return f"{said(answer)}; no provider is asked"


@attack
def mix_up_by_metadata(scene: Scene) -> str:
    """Mix-up: a provider's metadata says that it is another one."""
    return all_said(tried(scene, *the_lies("it calls itself another", "a token of another issuer")))


@attack
def an_injected_code(scene: Scene) -> str:
    """Code injection: a code of somebody else's sign-in, and one that is made up."""
    answers = tried(scene, *the_lies("an injected code"))
    with stranger_at(scene, name="Another") as (at, provider):
        mine, hers = Browser("acme"), Browser("acme")
        own, other = back_from(begin(mine, provider)), back_from(begin(hers, provider))
        code = other.partition("code=")[2].partition("&")[0]
        before, _code, rest = own.partition("code=")
        injected = f"{before}code={code}{rest[rest.index('&') :] if '&' in rest else ''}"
        answers.append(mine.get(injected))
        assert not is_in(mine)
        assert "/token" in at.asked
    return f"{all_said(answers)}: the verifier (PKCE) is the other browser's"


@attack
def an_answer_again(scene: Scene) -> str:
    """Replay: an answer that has signed her in comes again, with the cookie of then."""
    with provider_at(scene) as (at, provider):
        browser = Browser("acme")
        path = back_from(begin(browser, provider))
        cookie = browser.cookies[FLOW].value
        assert said(browser.get(path)) == "302 to `/`"
        again = Browser("acme")
        again.cookies[FLOW] = cookie
        answer = again.get(path)
        assert not is_in(again)
        assert at.asked.count("/token") == 1
    return said(answer)


@attack
def an_answer_in_her_browser(scene: Scene) -> str:
    """CSRF at sign-in: the attacker's answer is opened in her browser, with and without a sign-in
    of hers under way."""
    with provider_at(scene) as (_at, provider):
        path = back_from(begin(Browser("acme"), provider))
        hers = Browser("acme")
        answers = [hers.get(path)]
        begin(hers, provider)
        answers.append(hers.get(path))
        assert not is_in(hers)
    return all_said(answers)


@attack
def an_answer_at_another_vendor(scene: Scene) -> str:
    """An answer to Acme's is opened at Globex, with its cookie."""
    with provider_at(scene) as (_at, provider):
        browser, elsewhere = Browser("acme"), Browser("globex")
        path = back_from(begin(browser, provider))
        elsewhere.cookies[FLOW] = browser.cookies[FLOW].value
        answer = elsewhere.get(path)
        assert not is_in(elsewhere)
    return said(answer)


@attack
def an_id_token_that_lies(scene: Scene) -> str:
    """An ID token for another client, of another sign-in (nonce), too old, by another key, by none."""
    names = ("a token for another", "a token of another sign-in", "an old token",
             "signed by another key", "it shows another key", "no ID token")  # fmt: skip
    return all_said(tried(scene, *the_lies(*names)))


@attack
def a_key_that_the_token_brings(scene: Scene) -> str:
    """An ID token that brings its own key along, or names where it is (`jwk`, `jku`)."""

    def brings(at: FakeProvider) -> None:
        at.signs_with = OTHER_RSA
        at.header |= {"kid": RSA.kid, "jwk": OTHER_RSA.as_dict(private=False)}

    def names(at: FakeProvider) -> None:
        at.signs_with = OTHER_RSA
        at.header |= {"kid": RSA.kid, "jku": "https://evil.example/keys"}

    return all_said(tried(scene, brings, names))


@attack
def an_email_that_is_not_confirmed(scene: Scene) -> str:
    """Takeover: somebody types her e-mail at the provider, which has not confirmed it."""
    names = ("an e-mail nobody has confirmed", "it does not say whether", "two e-mails")
    return all_said(tried(scene, *the_lies(*names)))


@attack
def an_account_by_its_email(scene: Scene) -> str:
    """Takeover: the provider knows somebody by Grace's e-mail, whose account is not connected."""
    with provider_at(scene) as (at, provider):
        at.who = ADA | {"sub": "mallory", "email": "grace@example.com"}
        answer = through(provider)
        assert not is_in(answer.client)
        assert identities(scene.world.acme) == [("ada-1", "ada@example.com")]
    return f"{said(answer)}: it asks for her password, or a link to her e-mail"


@attack
def a_link_that_connects_elsewhere(scene: Scene) -> str:
    """Takeover: she clicks the link that connects, for which somebody else has asked."""
    with stranger_at(scene) as (_at, provider):
        _browser, path = asked_for_link(provider)
        answers = [
            answer
            for browser in (Browser("acme"), signed_in(scene.world.ada))
            for answer in (browser.get(path), browser.post(path))
        ]
        assert identities(scene.world.acme) == []
    return all_said(answers)


@attack
def staff_by_a_customers_provider(scene: Scene) -> str:
    """A customers' provider says that somebody is Acme's administrator, with every role."""
    with provider_at(scene) as (at, provider):
        at.who = ADA | {"sub": "mallory", "email": "admin@acme.example"}
        at.claims = {"groups": ["portal-admins"], "role": "admin", "roles": ["operator"]}
        answer = through(provider)
        assert not is_in(answer.client)
        office = Browser("app")
        there = office.get(f"/login/single-sign-on/{provider.pk}/?company_id=acme")
    with inside(scene.world.acme):
        assert User.objects.get(pk=scene.world.ada.pk).role == "user"
    return f"{said(answer)}; in the back office {said(there)}"


@attack
def past_the_second_factor(scene: Scene) -> str:
    """Downgrade: who has her account at the provider comes past her second factor here."""
    phone_of(scene.world.ada)
    with provider_at(scene) as (_at, provider):
        answer = through(provider)
        assert not is_in(answer.client)
    return said(answer)


@attack
def a_provider_inside(scene: Scene) -> str:
    """SSRF: a provider's metadata leads to addresses inside, to files and to scripts."""
    names = ("its keys are inside", "its keys are a file", "its sign-in is a script")
    return all_said(tried(scene, *the_lies(*names)))


@attack
def open_redirect_by_single_sign_on(scene: Scene) -> str:
    """Open redirect: `next` leads elsewhere behind single sign-on."""
    with provider_at(scene) as (_at, provider):
        targets = ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x")
        answers = [through(provider, next=target) for target in targets]
    return all_said(answers)
