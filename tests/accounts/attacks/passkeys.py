"""Passkeys."""

from django.conf import settings

from accounts.models import Passkey
from accounts.sessions import people_of
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, race, said
from tests.accounts.attacks.sessions import SESSION
from tests.accounts.authenticators import (
    PRESENT,
    Authenticator,
    options_for,
    options_on,
    passkey_of,
    place_for,
    shown,
)
from tests.accounts.phones import past_password, phone_of
from tests.accounts.test_passkeys import actions, add_in, is_in
from tests.licenses.test_activation import run_at_once
from tests.world import PARENT, Browser, signed_in

CSRF = settings.CSRF_COOKIE_NAME


@attack
def a_page_that_looks_like_ours(scene: Scene) -> str:
    """Phishing: what her passkey has signed at another host is brought here: a sibling's, one like
    ours, by http, in a frame."""
    device = passkey_of(scene.world.ada)
    origins = (f"http://globex.{PARENT}:8000", f"http://acme-{PARENT}:8000", "https://evil.example",
               f"http://acme.{PARENT}", f"http://acme.{PARENT}:8000.evil.example", "null")  # fmt: skip
    lies = [{"client_data": {"origin": origin}} for origin in origins]
    lies += [
        {"client_data": {"crossOrigin": True}},
        {"rp_id": f"globex.{PARENT}"},
        {"rp_id": PARENT},
    ]
    answers = []
    for each in lies:
        answer, browser = shown(scene.world.ada, device, **each)
        assert not is_in(browser, scene.world.ada), each
        answers.append(answer)
    return all_said(answers)


@attack
def an_assertion_again(scene: Scene) -> str:
    """Replay: an assertion that has signed her in is sent again, there and in another browser."""
    device, browser = passkey_of(scene.world.ada), Browser("acme")
    form = {"credential": device.use(options_for(browser), place_for(scene.world.ada).origin)}
    assert said(browser.post("/login/passkey/", form)) == "302 to `/`"
    browser.post("/logout/")
    other = Browser("acme")
    other.cookies[CSRF] = browser.cookies[CSRF].value
    answers = [browser.post("/login/passkey/", form), other.post("/login/passkey/", form)]
    assert not is_in(browser, scene.world.ada)
    assert not is_in(other, scene.world.ada)
    return all_said(answers)


@attack
def an_assertion_that_was_refused_again(scene: Scene) -> str:
    """Replay: a question that was answered wrongly is answered rightly afterwards."""
    device, browser = passkey_of(scene.world.ada), Browser("acme")
    options, place = options_for(browser), place_for(scene.world.ada)
    wrong = device.use(options, place.origin, signed=b"{}")
    right = device.use(options, place.origin)
    answers = [browser.post("/login/passkey/", {"credential": each}) for each in (wrong, right)]
    assert not is_in(browser, scene.world.ada)
    return all_said(answers)


@attack
def an_assertion_for_somebody_elses_question(scene: Scene) -> str:
    """What the attacker's browser was asked is answered by her passkey, in the attacker's and in
    hers, and a question of five minutes ago is answered."""
    device, place = passkey_of(scene.world.ada), place_for(scene.world.ada)
    own, hers = Browser("acme"), Browser("acme")
    form = {"credential": device.use(options_for(own), place.origin)}
    options_for(hers)
    answers = [hers.post("/login/passkey/", form)]
    late = device.use(options_for(hers), place.origin)
    scene.clock.shift(5 * 60 + 1)
    answers.append(hers.post("/login/passkey/", {"credential": late}))
    assert not is_in(hers, scene.world.ada)
    return all_said(answers)


@attack
def an_assertion_made_up(scene: Scene) -> str:
    """An assertion without a right signature: of another key, of other words, of a creation, of
    another person's handle, and no JSON at all."""
    device = passkey_of(scene.world.ada)
    lies = ({"signed": b"{}"}, {"type": "webauthn.create"}, {"handle": bytes(32)}, {"handle": b""},
            {"credential_id": b"another one of 16"}, {"challenge": "eHh4"})  # fmt: skip
    answers = [shown(scene.world.ada, device, **each)[0] for each in lies]
    other = Authenticator()
    other.credential_id, other.handle, other.rp_id = (
        device.credential_id,
        device.handle,
        device.rp_id,
    )
    answers.append(shown(scene.world.ada, other)[0])
    for text in ("", "{}", "[]", "null", "x" * 50_000, '{"id": {}}', "\x00", '{"response": []}'):
        browser = Browser("acme")
        options_for(browser)
        answers.append(browser.post("/login/passkey/", {"credential": text}))
    assert all(SESSION not in each.cookies for each in answers)
    return all_said(answers)


@attack
def a_cloned_authenticator(scene: Scene) -> str:
    """Clone: a copy of her security key is used, whose counter has not gone on."""
    device = passkey_of(scene.world.ada, Authenticator(count=5))
    answer, browser = shown(scene.world.ada, device, count=5)
    assert not is_in(browser, scene.world.ada)
    assert actions(scene.world.ada)[-1] == "passkey-refused"
    return f"{said(answer)}; she gets an e-mail, and it stands in the trail"


@attack
def a_clone_that_is_feigned(scene: Scene) -> str:
    """Somebody without the key has hers taken for a copy, to lock her out."""
    device = passkey_of(scene.world.ada, Authenticator(count=5))
    answer, _browser = shown(scene.world.ada, device, count=1, signed=b"{}")
    assert "passkey-refused" not in actions(scene.world.ada)
    _answer, hers = shown(scene.world.ada, device, count=6)
    assert is_in(hers, scene.world.ada)
    return f"{said(answer)}; hers goes on to count"


@attack
def downgrade_to_a_passkey_without_its_owner(scene: Scene) -> str:
    """Downgrade: a device that was found answers without fingerprint, face or PIN."""
    device = passkey_of(scene.world.ada)
    answer, browser = shown(scene.world.ada, device, flags=PRESENT)
    assert not is_in(browser, scene.world.ada)
    return said(answer)


@attack
def downgrade_from_passkey_to_password(scene: Scene) -> str:
    """Downgrade: who has the password of somebody with passkey and second factor leaves the passkey
    out."""
    passkey_of(scene.world.ada)
    phone_of(scene.world.ada)
    browser = past_password(scene.world.ada)
    answer = browser.get("/licenses/")
    assert not is_in(browser, scene.world.ada)
    return f"302 to `/login/code/`; pages answer {said(answer)}"


@attack
def a_weaker_algorithm(scene: Scene) -> str:
    """Downgrade: a passkey is added with RSA and SHA-1, which was not offered."""
    browser = signed_in(scene.world.ada)
    answer = add_in(browser, scene.world.ada, Authenticator(algorithm=-65535))
    with people_of(scene.world.acme):
        assert not Passkey.of_scope.exists()
    return f"{said(answer)} with an error; none is added"


@attack
def a_passkey_at_another_vendor(scene: Scene) -> str:
    """A passkey of Ada's at Acme is shown at Globex, and to the back office."""
    device = passkey_of(scene.world.ada)
    answers = []
    for person in (scene.world.ada_of_globex, scene.world.acme_admin):
        answer, browser = shown(person, device)
        assert not is_in(browser, person)
        answers.append(answer)
    return all_said(answers)


@attack
def a_passkey_of_somebody_else_as_second_step(scene: Scene) -> str:
    """Who has her password shows a passkey of his own in the second step."""
    device = passkey_of(scene.world.grace)
    passkey_of(scene.world.ada)
    phone_of(scene.world.ada)
    browser = past_password(scene.world.ada)
    options = options_on(browser.get("/login/code/"))
    form = {"credential": device.use(options, place_for(scene.world.ada).origin)}
    answer = browser.post("/login/code/passkey/", form)
    assert not is_in(browser, scene.world.ada)
    return said(answer)


@attack
def a_passkey_added_by_a_stolen_session(scene: Scene) -> str:
    """A session that was stolen some time ago adds a passkey, and deletes hers."""
    passkey_of(scene.world.ada)
    stolen = signed_in(scene.world.ada)
    scene.clock.shift(10 * 60 + 1)
    with inside(scene.world.acme):
        [key] = Passkey.of_scope.all()
    answers = [stolen.get("/profile/passkeys/add/"), stolen.post("/profile/passkeys/add/"),
               stolen.post(f"/profile/passkeys/{key.pk}/delete/")]  # fmt: skip
    with inside(scene.world.acme):
        assert list(Passkey.of_scope.all()) == [key]
    return all_said(answers)


@race
def one_assertion_at_once(scene: Scene) -> str:
    """Race: four browsers come at once with one assertion."""
    device, browser = passkey_of(scene.world.ada), Browser("acme")
    form = {"credential": device.use(options_for(browser), place_for(scene.world.ada).origin)}
    csrf = browser.cookies[CSRF].value

    def act(_n: int) -> str:
        other = Browser("acme")
        other.cookies[CSRF] = csrf
        return str(other.post("/login/passkey/", form)["Location"])

    assert sorted(run_at_once(4, act)) == ["/", "/login/", "/login/", "/login/"]
    return "302 to `/` for one, to `/login/` for three"
