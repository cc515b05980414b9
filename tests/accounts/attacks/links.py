"""Links in e-mails."""

from collections.abc import Callable

from django.core import mail, signing

from accounts.links import Purpose, make_token
from accounts.models import User
from accounts.verbs.passwords import set_password
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, race, said
from tests.accounts.attacks.sessions import SESSION, change_ada
from tests.accounts.phones import phone_of
from tests.accounts.test_links import (
    invitation,
    link_to_a_new_address,
    link_to_reset,
    passwords,
    path_in,
)
from tests.licenses.test_activation import run_at_once
from tests.world import PASSWORD, Browser, set_vendor, signed_in


def ada_now(scene: Scene) -> User:
    with inside(scene.world.acme):
        return User.objects.select_related("vendor").get(pk=scene.world.ada.pk)


def has_her_password(scene: Scene) -> bool:
    return bool(ada_now(scene).check_password(PASSWORD))


@attack
def a_link_that_was_used(scene: Scene) -> str:
    """A link for a new password is used a second time, from a mailbox that somebody reads later."""
    path = link_to_reset(scene.world)
    assert said(Browser("acme").post(path, passwords(1))) == "302 to `/login/`"
    again = [Browser("acme").get(path), Browser("acme").post(path, passwords(2))]
    assert ada_now(scene).check_password("battery 1 staple")
    return all_said(again)


@attack
def a_link_after_another(scene: Scene) -> str:
    """An older link is used after a newer one was."""
    older, newer = link_to_reset(scene.world), link_to_reset(scene.world)
    scene.clock.shift(1)
    Browser("acme").post(newer, passwords(1))
    return said(Browser("acme").post(older, passwords(2)))


@attack
def a_link_after_the_change(scene: Scene) -> str:
    """A link for a new password is used after the password, or the e-mail, was changed."""
    path = link_to_reset(scene.world)
    set_password(ada_now(scene), "another horse battery")
    first = Browser("acme").post(path, passwords(1))
    path = link_to_reset(scene.world)
    change_ada(scene, email="countess@example.com")
    return all_said([first, Browser("acme").post(path, passwords(2))])


@attack
def a_link_too_late(scene: Scene) -> str:
    """Links are used after their time: an hour for a new password, 14 days for an invitation."""
    reset, invited = link_to_reset(scene.world), invitation(scene.world)
    scene.clock.shift(60 * 60 + 1)
    late = Browser("acme").post(reset, passwords(1))
    scene.clock.shift(14 * 24 * 60 * 60)
    assert has_her_password(scene)
    return all_said([late, Browser("acme").post(invited, passwords(1))])


@attack
def a_link_at_another_vendor(scene: Scene) -> str:
    """A link of Acme's is used at Globex, where the same e-mail has an account, and in the back
    office."""
    path = link_to_reset(scene.world)
    elsewhere = Browser("globex").post(path, passwords(1))
    with inside(scene.world.globex):
        other = User.objects.get(pk=scene.world.ada_of_globex.pk)
    assert other.check_password(PASSWORD)
    return said(elsewhere)


@attack
def a_link_of_staff_at_a_portal(scene: Scene) -> str:
    """A customer's link is used where staff sign in: it sets the customer's password at most, and
    opens no back office."""
    browser = Browser("app")
    answer = browser.post(link_to_reset(scene.world), passwords(1))
    typed = {"email": "ada@example.com", "password": "battery 1 staple", "company_id": "acme"}
    assert said(browser.post("/login/", typed)) == "200"
    assert SESSION not in browser.cookies
    return f"{said(answer)}; signing in there is refused"


@attack
def a_link_for_something_else(scene: Scene) -> str:
    """A token for one purpose is used for another: reset, invitation, change of e-mail, signing in,
    signing out everywhere, connecting, and the reminders' link."""
    set_vendor(scene.world.acme, sign_in_by_link=True)
    ada = ada_now(scene)
    tokens = {purpose: make_token(purpose, ada, "m@example.com") for purpose in Purpose}
    pages = {
        Purpose.RESET: "/password-reset/{}/",
        Purpose.INVITATION: "/invitation/{}/",
        Purpose.EMAIL_CHANGE: "/profile/email/{}/",
        Purpose.SIGN_IN: "/login/link/{}/",
        Purpose.END_SESSIONS: "/sign-out-everywhere/{}/",
        None: "/reminders-off/{}/",
    }
    answers = [
        Browser("acme").post(page.format(token), passwords(1))
        for purpose, token in tokens.items()
        for meant, page in pages.items()
        if meant is not purpose
    ]
    assert len(answers) == 31
    assert has_her_password(scene)
    return all_said(answers)


@attack
def a_link_for_somebody_else(scene: Scene) -> str:
    """In a token that was sent to Grace, her id is replaced by Ada's."""
    token = make_token(Purpose.RESET, scene.world.grace)
    payload = signing.loads(token, salt="accounts.links.reset")
    forged = [payload[0], str(scene.world.ada.pk), *payload[2:]]
    unsigned = signing.b64_encode(signing.JSONSerializer().dumps(forged)).decode()
    signed_by_her = f"{unsigned}:{token.partition(':')[2]}"
    answers = [
        Browser("acme").post(f"/password-reset/{each}/", passwords(1))
        for each in (signed_by_her, unsigned, f"{unsigned}:x:y")
    ]
    assert has_her_password(scene)
    return all_said(answers)


@attack
def a_link_that_a_scanner_follows(scene: Scene) -> str:
    """A mail scanner follows a link, by GET and HEAD, before its reader does."""
    path = link_to_reset(scene.world)
    first = [Browser("acme").get(path), Browser("acme").head(path)]
    assert has_her_password(scene)
    assert said(Browser("acme").post(path, passwords(1))) == "302 to `/login/`"
    return f"{all_said(first)}; it still counts for her"


@attack
def a_link_past_the_second_factor(scene: Scene) -> str:
    """Downgrade: who reads her mailbox sets a new password, to be past the second factor."""
    phone_of(scene.world.ada)
    browser = Browser("acme")
    browser.post(link_to_reset(scene.world), passwords(1))
    assert said(browser.get("/licenses/")) == "302 to `/login/`"
    typed = {"email": "ada@example.com", "password": "battery 1 staple"}
    answer = browser.post("/login/", typed)
    assert said(browser.get("/licenses/")) == "302 to `/login/`"
    return f"{said(answer)}, which asks for the code"


@attack
def a_link_of_who_was_switched_off(scene: Scene) -> str:
    """A link is used after the account was switched off, and again after it was switched on."""
    path = link_to_reset(scene.world)
    change_ada(scene, is_active=False)
    off = Browser("acme").post(path, passwords(1))
    change_ada(scene, is_active=True)
    return all_said([off, Browser("acme").post(path, passwords(2))])


@attack
def a_link_that_leaks(scene: Scene) -> str:
    """The page that a link opens tells its address to what it loads, or to where it leads."""
    token = make_token(Purpose.RESET, scene.world.ada)
    answer = Browser("acme").get(f"/password-reset/{token}/")
    assert answer["Referrer-Policy"] in {"origin", "no-referrer", "strict-origin"}
    page = answer.content.decode()
    assert page.count(token) == page.count(f'action="/password-reset/{token}/"')
    return f"{said(answer)}, `Referrer-Policy: {answer['Referrer-Policy']}`"


@attack
def an_address_that_is_not_confirmed(scene: Scene) -> str:
    """A stolen session, without the password, changes the e-mail to have a link sent there."""
    browser = signed_in(scene.world.ada)
    before = len(mail.outbox)
    typed = {"new_email": "mallory@example.com", "current_password": "wrong wrong wrong"}
    answer = browser.post("/profile/email/", typed)
    assert len(mail.outbox) == before
    assert ada_now(scene).email == "ada@example.com"
    return f"{said(answer)}; no e-mail goes out"


@attack
def an_address_that_somebody_has(scene: Scene) -> str:
    """Account takeover by a change to an e-mail that somebody else has, in other capitals."""
    browser = signed_in(scene.world.grace)
    typed = {"new_email": "ADA@Example.com", "current_password": PASSWORD}
    answer = browser.post("/profile/email/", typed)
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert "/profile/email/" not in message.body
    return f"{said(answer)}; its owner is told, and there is no link"


def _at_once(scene: Scene, make: Callable[..., str], label: str = "acme") -> str:
    path = make(scene.world)
    seen = run_at_once(4, lambda n: said(Browser(label).post(path, passwords(n))).partition(" ")[0])
    assert sorted(seen) == ["302", "410", "410", "410"], seen
    return "302 for one, 410 for three"


@race
def one_reset_at_once(scene: Scene) -> str:
    """Race: four set a new password with one link."""
    return _at_once(scene, link_to_reset)


@race
def one_invitation_at_once(scene: Scene) -> str:
    """Race: four set the first password with one invitation."""
    return _at_once(scene, invitation)


@race
def one_new_address_at_once(scene: Scene) -> str:
    """Race: four confirm a new e-mail with one link."""
    return _at_once(scene, link_to_a_new_address)


@race
def links_to_the_same_person_at_once(scene: Scene) -> str:
    """Race: four links of one person, for a new password, are used at once."""
    paths = [link_to_reset(scene.world) for _ in range(3)]
    assert path_in(mail.outbox[-1]) == paths[-1]
    seen = run_at_once(3, lambda n: str(Browser("acme").post(paths[n], passwords(n)).status_code))
    assert sorted(seen) == ["302", "410", "410"], seen
    return "302 for one, 410 for the others"
