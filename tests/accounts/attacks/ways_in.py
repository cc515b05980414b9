"""Links to sign in, registration, and the ending of sessions."""

from django.core import mail

from accounts.links import Purpose, make_token
from accounts.models import Session, User
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, race, said
from tests.accounts.attacks.sessions import SESSION, change_ada
from tests.accounts.phones import phone_of
from tests.accounts.test_devices import also_in
from tests.accounts.test_links import link_to_sign_in, passwords, path_in, registration
from tests.accounts.test_second_factor import is_in
from tests.accounts.test_sign_in_emails import end_link
from tests.licenses.test_activation import run_at_once
from tests.world import Browser, set_vendor, signed_in

EVE = {"email": "eve@example.com", "first_name": "Eve", "last_name": "", "company": ""}


def link_of(scene: Scene) -> str:
    set_vendor(scene.world.acme, sign_in_by_link=True)
    return link_to_sign_in(scene.world)


@attack
def a_link_to_sign_in_twice(scene: Scene) -> str:
    """A link to sign in is used a second time, from a mailbox that somebody reads later."""
    path = link_of(scene)
    assert said(Browser("acme").post(path)) == "302 to `/`"
    browser = Browser("acme")
    answers = [browser.get(path), browser.post(path)]
    assert not is_in(browser)
    return all_said(answers)


@attack
def a_link_to_sign_in_too_late_or_elsewhere(scene: Scene) -> str:
    """A link to sign in is used at another vendor, in the back office, and after ten minutes."""
    path = link_of(scene)
    answers = [Browser("globex").post(path)]
    office = Browser("app").post(path)
    scene.clock.shift(10 * 60 + 1)
    answers.append(Browser("acme").post(path))
    assert SESSION not in office.cookies
    return f"{all_said(answers)}; in the back office {said(office)}"


@attack
def a_link_to_sign_in_past_the_second_factor(scene: Scene) -> str:
    """Downgrade: who reads her mailbox comes past the second factor by a link to sign in."""
    phone_of(scene.world.ada)
    browser = Browser("acme")
    answer = browser.post(link_of(scene))
    assert not is_in(browser)
    return said(answer)


@attack
def a_link_to_sign_in_to_the_attackers_account(scene: Scene) -> str:
    """CSRF at sign-in: a page elsewhere has her browser post the attacker's own link."""
    path = link_of(scene)
    browser = Browser("acme", enforce_csrf_checks=True)
    answer = browser.post(path, HTTP_ORIGIN="https://evil.example")
    assert SESSION not in browser.cookies
    return said(answer)


@attack
def a_link_to_sign_in_of_who_was_switched_off(scene: Scene) -> str:
    """A link to sign in is used after its person was switched off, and after on again."""
    path = link_of(scene)
    change_ada(scene, is_active=False)
    answers = [Browser("acme").post(path)]
    change_ada(scene, is_active=True)
    return all_said([*answers, Browser("acme").post(path)])


@attack
def ways_that_are_off(scene: Scene) -> str:
    """Links to sign in, keys by e-mail and registration are asked for where the vendor has none."""
    answers = [
        Browser("acme").post(path, EVE) for path in ("/login/link/", "/login/keys/", "/register/")
    ]
    assert mail.outbox == []
    return all_said(answers)


@attack
def enumeration_by_links_keys_and_registration(scene: Scene) -> str:
    """Enumeration: links, keys and a registration are asked for, for somebody and for nobody."""
    set_vendor(scene.world.acme, sign_in_by_link=True, keys_by_email=True, registration="open")
    answers = []
    for path in ("/login/link/", "/login/keys/", "/register/"):
        of_one = {
            said(Browser("acme").post(path, EVE | {"email": email}))
            for email in ("ada@example.com", "nobody@example.com", "admin@acme.example")
        }
        assert len(of_one) == 1, of_one
        answers += of_one
    return f"{', '.join(answers)}; the same for all"


@attack
def registering_as_staff(scene: Scene) -> str:
    """Mass assignment: who registers asks for a role, another vendor and the right to be in at once."""
    set_vendor(scene.world.acme, registration="open")
    odd = {"role": "admin", "vendor": str(scene.world.globex.pk), "is_active": "on",
           "password": "battery 1 staple"}  # fmt: skip
    first = Browser("acme").post("/register/", EVE | odd)
    assert SESSION not in first.cookies
    answer = Browser("acme").post(path_in(mail.outbox[0]), passwords(1) | odd)
    with inside(scene.world.acme):
        eve = User.objects.get(email="eve@example.com")
    assert (eve.role, eve.vendor_id) == ("user", scene.world.acme.pk)
    return f"{said(answer)}; a customer of Acme's, after the e-mail was confirmed"


@attack
def registering_over_an_account(scene: Scene) -> str:
    """Takeover: somebody registers with her e-mail, in other capitals, and with a name of his."""
    set_vendor(scene.world.acme, registration="open")
    answer = Browser("acme").post("/register/", EVE | {"email": "ADA@Example.com"})
    [message] = mail.outbox
    assert "/register/" not in message.body
    assert "Eve" not in message.body
    with inside(scene.world.acme):
        assert User.objects.get(pk=scene.world.ada.pk).first_name == "Ada"
    return f"{said(answer)}; she is written to, and there is no link to register"


@attack
def sessions_of_others(scene: Scene) -> str:
    """IDOR: sessions have numbers that count up: somebody looks at and ends those of others."""
    victims = [
        also_in(scene.world.grace),
        also_in(scene.world.bob),
        also_in(scene.world.acme_admin),
    ]
    browser = signed_in(scene.world.ada)
    seen = [browser.get(f"/profile/sessions/{each.pk}/end/") for each in victims]
    ended = [browser.post(f"/profile/sessions/{each.pk}/end/") for each in victims]
    with inside(scene.world.acme):
        assert Session.of_scope.filter(pk__in=[victims[0].pk, victims[2].pk]).count() == 2
    with inside(scene.world.globex):
        assert Session.of_scope.filter(pk=victims[1].pk).exists()
    return f"{all_said(seen)}; ending answers {all_said(ended)} and ends none"


@attack
def sessions_ended_by_a_stolen_one(scene: Scene) -> str:
    """A session that was stolen some time ago ends hers, to be alone."""
    stolen, hers = signed_in(scene.world.ada), also_in(scene.world.ada)
    scene.clock.shift(10 * 60 + 1)
    paths = (f"/profile/sessions/{hers.pk}/end/", "/profile/sessions/others/end/")
    answers = [stolen.post(path) for path in paths]
    with inside(scene.world.acme):
        assert Session.of_scope.filter(pk=hers.pk).exists()
    return all_said(answers)


@attack
def a_link_that_signs_out_for_more(scene: Scene) -> str:
    """The link that signs her out everywhere is used to set a password or to sign in, and another
    link to sign her out."""
    set_vendor(scene.world.acme, sign_in_by_link=True)
    hers, path = signed_in(scene.world.ada), end_link(scene.world.ada)
    reset = make_token(Purpose.RESET, scene.world.ada)
    tried = (path.replace("sign-out-everywhere", "password-reset"),
             path.replace("sign-out-everywhere", "invitation"),
             path.replace("sign-out-everywhere", "login/link"),
             f"/sign-out-everywhere/{reset}/")  # fmt: skip
    answers = [Browser("acme").post(each, passwords(1)) for each in tried]
    assert is_in(hers)
    return all_said(answers)


@race
def one_link_to_sign_in_at_once(scene: Scene) -> str:
    """Race: four browsers sign in by one link."""
    path = link_of(scene)
    seen = run_at_once(4, lambda _n: str(Browser("acme").post(path).status_code))
    assert sorted(seen) == ["302", "410", "410", "410"], seen
    return "302 for one, 410 for three"


@race
def one_registration_at_once(scene: Scene) -> str:
    """Race: four confirm one registration."""
    set_vendor(scene.world.acme, registration="open")
    path = registration(scene.world)
    seen = run_at_once(4, lambda n: str(Browser("acme").post(path, passwords(n)).status_code))
    assert sorted(seen) == ["302", "410", "410", "410"], seen
    return "302 for one, 410 for three"
