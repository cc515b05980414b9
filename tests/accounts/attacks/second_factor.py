"""The second factor."""

from django.conf import settings
from django.core import signing

from accounts.models import SecondFactor
from accounts.second_factor import codes, first_step, verbs
from accounts.verbs.passwords import set_password
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, race, said
from tests.accounts.attacks.links import ada_now
from tests.accounts.attacks.sessions import FIRST_STEP, SESSION, with_cookie
from tests.accounts.phones import by_code, past_password, phone_of, typed_by
from tests.accounts.test_second_factor import is_in, sessions_of
from tests.accounts.test_second_factor_on import SECRET
from tests.licenses.test_activation import run_at_once
from tests.world import PASSWORD, Browser, signed_in

NEW_FACTOR = settings.NEW_FACTOR_COOKIE_NAME


@attack
def a_code_again(scene: Scene) -> str:
    """Replay: a code that she has just used is used by who looked over her shoulder."""
    phone = phone_of(scene.world.ada)
    by_code(scene.world.ada, phone)
    browser = past_password(scene.world.ada)
    answer = browser.post("/login/code/", {"code": phone.code()})
    assert not is_in(browser)
    return said(answer)


@attack
def a_code_before_the_last(scene: Scene) -> str:
    """Replay: a code that was not used, of the step before the one that was."""
    phone = phone_of(scene.world.ada)
    scene.clock.shift(60)
    before = phone.code(-1)
    by_code(scene.world.ada, phone)
    return said(past_password(scene.world.ada).post("/login/code/", {"code": before}))


@attack
def a_code_of_long_ago(scene: Scene) -> str:
    """A code that was written down a minute ago, and one of in a minute."""
    phone = phone_of(scene.world.ada)
    scene.clock.shift(300)
    browser = past_password(scene.world.ada)
    answers = [browser.post("/login/code/", {"code": phone.code(step)}) for step in (-2, 2)]
    assert not is_in(browser)
    return all_said(answers)


@attack
def a_recovery_code_again(scene: Scene) -> str:
    """Token reuse: a recovery code is used a second time, in other capitals and without dashes."""
    phone = phone_of(scene.world.ada)
    code = phone.recovery[0]
    first = past_password(scene.world.ada).post("/login/recovery-code/", {"code": code})
    assert said(first) == "302 to `/`"
    browser = past_password(scene.world.ada)
    spelt = (code, code.upper(), code.replace("-", ""), code.replace("-", " "))
    answers = [browser.post("/login/recovery-code/", {"code": each}) for each in spelt]
    assert not is_in(browser)
    return all_said(answers)


@attack
def recovery_codes_of_before(scene: Scene) -> str:
    """Recovery codes of before there were new ones, and of before the factor was set up anew."""
    old = phone_of(scene.world.ada).recovery
    with inside(scene.world.acme):
        verbs.make_recovery_codes(ada_now(scene))
    answers = [past_password(scene.world.ada).post("/login/recovery-code/", {"code": old[0]})]
    with inside(scene.world.acme):
        verbs.take_off(ada_now(scene), reason="Lost")
    phone_of(scene.world.ada)
    answers.append(past_password(scene.world.ada).post("/login/recovery-code/", {"code": old[1]}))
    return all_said(answers)


@attack
def without_the_second_step(scene: Scene) -> str:
    """Who has the password leaves out the second step and asks for pages at once."""
    phone_of(scene.world.ada)
    browser = past_password(scene.world.ada)
    paths = ("/licenses/", "/profile/", "/profile/second-factor/off/", "/profile/data/archive.zip")
    answers = [browser.get(path) for path in paths]
    assert SESSION not in browser.cookies
    assert sessions_of(scene.world.ada) == 0
    return all_said(answers)


@attack
def the_second_step_alone(scene: Scene) -> str:
    """Who has found phone and paper, and no password, begins with the second step."""
    phone = phone_of(scene.world.ada)
    answers = [
        Browser("acme").post("/login/code/", {"code": phone.code(), **typed_by(scene.world.ada)}),
        Browser("acme").post("/login/recovery-code/", {"code": phone.recovery[0]}),
    ]
    return all_said(answers)


@attack
def a_first_step_elsewhere(scene: Scene) -> str:
    """A first step of Acme's is gone on with at Globex, in the back office, and the other way."""
    world = scene.world
    phone, office_phone, other = (
        phone_of(person) for person in (world.ada, world.acme_admin, world.ada_of_globex)
    )
    step = past_password(world.ada).cookies[FIRST_STEP].value
    office = past_password(world.acme_admin).cookies[FIRST_STEP].value
    tried = ((step, "globex", phone), (step, "globex", other), (step, "app", phone),
             (office, "acme", office_phone))  # fmt: skip
    answers = [
        with_cookie(cookie, label, FIRST_STEP).post("/login/code/", {"code": held.code()})
        for cookie, label, held in tried
    ]
    return all_said(answers)


@attack
def a_first_step_that_is_forged(scene: Scene) -> str:
    """A first step is forged: signed by a guessed key, made for another purpose, cut off."""
    world = scene.world
    phone = phone_of(world.ada)
    payload = ["customer", str(world.acme.pk), str(world.ada.pk), first_step._state(ada_now(scene))]
    whole = past_password(world.ada).cookies[FIRST_STEP].value
    cookies = (signing.dumps(payload, key="guessed", salt=first_step.SALT),
               signing.dumps(payload, salt="accounts.known"), whole[:-1], whole.swapcase())  # fmt: skip
    answers = [
        with_cookie(each, name=FIRST_STEP).post("/login/code/", {"code": phone.code()})
        for each in cookies
    ]
    return all_said(answers)


@attack
def a_first_step_too_late(scene: Scene) -> str:
    """A first step is gone on with after ten minutes, and after the password was changed."""
    phone = phone_of(scene.world.ada)
    browser, other = past_password(scene.world.ada), past_password(scene.world.ada)
    set_password(ada_now(scene), "another horse battery")
    changed = other.post("/login/code/", {"code": phone.code()})
    scene.clock.shift(10 * 60 + 1)
    return all_said([changed, browser.post("/login/code/", {"code": phone.code()})])


@attack
def codes_of_somebody_else(scene: Scene) -> str:
    """Who has her password, and a second factor of his own, types his codes."""
    phone_of(scene.world.ada)
    own = phone_of(scene.world.grace)
    browser = past_password(scene.world.ada)
    answers = [
        browser.post("/login/code/", {"code": own.code()}),
        browser.post("/login/recovery-code/", {"code": own.recovery[0]}),
    ]
    assert not is_in(browser)
    return all_said(answers)


@attack
def a_secret_that_is_planted(scene: Scene) -> str:
    """Grace plants the secret that she was shown in Ada's browser, before Ada sets hers up."""
    own = signed_in(scene.world.grace)
    shown = SECRET.findall(own.get("/profile/second-factor/set-up/").content.decode())
    hers = signed_in(scene.world.ada)
    hers.cookies[NEW_FACTOR] = own.cookies[NEW_FACTOR].value
    page = hers.get("/profile/second-factor/set-up/")
    found = SECRET.findall(page.content.decode())
    assert len(found) == len(shown) == 1
    assert found != shown
    return f"{said(page)}; she is shown another one"


@attack
def another_factor_over_hers(scene: Scene) -> str:
    """A stolen session sets another phone up in the place of hers."""
    phone_of(scene.world.ada)
    stolen = signed_in(scene.world.ada)
    paths = ("/profile/second-factor/set-up/",) * 2
    with inside(scene.world.acme):
        before = list(SecondFactor.of_scope.values())
    answers = [stolen.get(paths[0]), stolen.post(paths[1], {"code": "123456"})]
    with inside(scene.world.acme):
        assert list(SecondFactor.of_scope.values()) == before
    return all_said(answers)


@attack
def switched_off_without_the_password(scene: Scene) -> str:
    """Downgrade: a stolen session switches the second factor off, without the password."""
    phone_of(scene.world.ada)
    stolen = signed_in(scene.world.ada)
    typed = ({}, {"current_password": ""}, {"current_password": "wrong wrong"}, {"post": "yes"})
    answers = [stolen.post("/profile/second-factor/off/", each) for each in typed]
    assert ada_now(scene).second_factor_since
    return f"{all_said(answers)}; it stays on"


@attack
def without_a_fresh_proof(scene: Scene) -> str:
    """A session that was stolen some time ago sets a factor up, and has new recovery codes made."""
    stolen = signed_in(scene.world.ada)
    scene.clock.shift(10 * 60 + 1)
    answers = [stolen.get("/profile/second-factor/set-up/"),
               stolen.post("/profile/second-factor/codes/")]  # fmt: skip
    return all_said(answers)


@attack
def the_proof_of_another_session(scene: Scene) -> str:
    """The same, while its owner has just proved hers in another browser."""
    stolen = signed_in(scene.world.ada)
    scene.clock.shift(10 * 60 + 1)
    hers = signed_in(scene.world.ada)
    hers.post("/profile/prove/", {"current_password": PASSWORD})
    assert said(hers.get("/profile/second-factor/set-up/")) == "200"
    return said(stolen.get("/profile/second-factor/set-up/"))


@attack
def the_code_that_set_it_up(scene: Scene) -> str:
    """The code with which the factor was set up signs in once more."""
    phone = phone_of(scene.world.ada)
    return said(past_password(scene.world.ada).post("/login/code/", {"code": phone.code(-1)}))


@attack
def a_session_of_before(scene: Scene) -> str:
    """A session that began by the password alone goes on after a second factor was set up."""
    stolen = signed_in(scene.world.ada)
    phone_of(scene.world.ada)
    return said(stolen.get("/licenses/"))


@attack
def a_copy_of_the_database(scene: Scene) -> str:
    """Who has a copy of the table reads the secret and the recovery codes in it."""
    phone = phone_of(scene.world.ada)
    with inside(scene.world.acme):
        kept = str(list(SecondFactor.of_scope.values()))
    for form in (codes.as_text(phone.secret), phone.secret.hex(), str(phone.secret)):
        assert form not in kept
    return "the secret is encrypted by a key that is not there, of the codes there are digests"


def _at_once(scene: Scene, page: str, code: str) -> str:
    browsers = [past_password(scene.world.ada) for _ in range(6)]
    seen = run_at_once(6, lambda n: str(browsers[n].post(page, {"code": code}).status_code))
    assert sorted(seen) == ["200"] * 5 + ["302"], seen
    assert sessions_of(scene.world.ada) == 1
    return "302 for one, 200 with an error for five"


@race
def one_code_at_once(scene: Scene) -> str:
    """Race: six browsers come at once with one code of the app."""
    return _at_once(scene, "/login/code/", phone_of(scene.world.ada).code())


@race
def one_recovery_code_at_once(scene: Scene) -> str:
    """Race: six browsers come at once with one recovery code."""
    return _at_once(scene, "/login/recovery-code/", phone_of(scene.world.ada).recovery[0])
