"""Sessions and cookies."""

import os
import subprocess
import sys

from django.conf import settings

from accounts.models import Session, User
from accounts.verbs import sessions
from accounts.verbs.people import change_person
from accounts.view_as.verbs import offer
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, said
from tests.accounts.phones import past_password, phone_of
from tests.world import PASSWORD, Browser, signed_in

SESSION = settings.SESSION_COOKIE_NAME
KNOWN = settings.KNOWN_COOKIE_NAME
FIRST_STEP = settings.FIRST_STEP_COOKIE_NAME
NEW = {"new_password": "battery 7 staple", "new_password_again": "battery 7 staple"}


def with_cookie(value: str, label: str = "acme", name: str = SESSION) -> Browser:
    browser = Browser(label)
    browser.cookies[name] = value
    return browser


def token_of(browser: Browser) -> str:
    return str(browser.cookies[SESSION].value)


def change_ada(scene: Scene, **fields: object) -> None:
    with inside(scene.world.acme):
        person = User.objects.get(pk=scene.world.ada.pk)
        for name, value in fields.items():
            setattr(person, name, value)
        change_person(person=person, fields=list(fields))


@attack
def fixation_by_a_token_of_ones_own(scene: Scene) -> str:
    """Fixation: a token of the attacker's choice is planted in her browser before she signs in."""
    planted = sessions.new_token(scene.world.acme.pk)
    hers = with_cookie(planted).sign_in("ada@example.com")
    assert token_of(hers) != planted
    answer = with_cookie(planted).get("/licenses/")
    return f"{said(answer)}; she has a new token"


@attack
def fixation_by_ones_own_session(scene: Scene) -> str:
    """Fixation: the attacker's own session is planted in her browser before she signs in."""
    planted = token_of(Browser("acme").sign_in("grace@example.com"))
    hers = with_cookie(planted).sign_in("ada@example.com")
    assert token_of(hers) != planted
    assert hers.get("/licenses/").context["request"].user == scene.world.ada
    return f"{said(with_cookie(planted).get('/licenses/'))}; it ends, and hers has a new token"


@attack
def cookie_at_another_vendor(scene: Scene) -> str:
    """Theft across hosts: a session of Acme's is used at Globex, where the same e-mail has an
    account."""
    stolen = token_of(signed_in(scene.world.ada))
    return said(with_cookie(stolen, "globex").get("/licenses/"))


@attack
def cookie_of_a_customer_in_the_back_office(scene: Scene) -> str:
    """Theft across hosts: a customer's session is used in the back office."""
    return said(with_cookie(token_of(signed_in(scene.world.ada)), "app").get("/"))


@attack
def cookie_of_staff_at_a_portal(scene: Scene) -> str:
    """Theft across hosts: staff's and operators' sessions are used at a portal."""
    people = (scene.world.acme_admin, scene.world.operator)
    stolen = [token_of(signed_in(person)) for person in people]
    return all_said(with_cookie(each).get("/licenses/") for each in stolen)


@attack
def another_vendor_in_the_token(scene: Scene) -> str:
    """The vendor in a session's token is replaced by another one."""
    own = token_of(signed_in(scene.world.acme_admin))
    forged = scene.world.globex.pk.hex + own[own.index(".") :]
    assert said(with_cookie(own, "app").get("/")) == "200"
    return said(with_cookie(forged, "app").get("/"))


@attack
def tokens_that_are_none(scene: Scene) -> str:
    """Tokens that are none: empty, long, with NUL, with a vendor and nothing behind, of a digest."""
    signed_in(scene.world.ada)
    with inside(scene.world.acme):
        digest = Session.of_scope.get(user=scene.world.ada).digest
    vendor = scene.world.acme.pk.hex
    odd = ("", "x", ".", f"{vendor}.", f"{vendor}.{digest}", "a" * 4000, "\x00", "é", "%00")
    return all_said(with_cookie(each).get("/licenses/") for each in odd)


@attack
def another_cookie_for_a_session(scene: Scene) -> str:
    """The cookie that knows a browser, and that of the first step, are sent as a session."""
    known = Browser("acme").sign_in("ada@example.com").cookies[KNOWN].value
    phone_of(scene.world.ada)
    first = past_password(scene.world.ada).cookies[FIRST_STEP].value
    return all_said(with_cookie(each).get("/licenses/") for each in (known, first))


@attack
def copy_of_a_cookie_after_signing_out(scene: Scene) -> str:
    """A copied session is used after its owner has signed out."""
    hers = Browser("acme").sign_in("ada@example.com")
    copied = with_cookie(token_of(hers))
    assert said(copied.get("/licenses/")) == "200"
    hers.post("/logout/")
    return said(copied.get("/licenses/"))


@attack
def copy_of_a_cookie_after_a_new_password(scene: Scene) -> str:
    """A copied session is used after its owner has changed the password in that very browser."""
    hers = Browser("acme").sign_in("ada@example.com")
    copied = with_cookie(token_of(hers))
    answer = hers.post("/profile/password/", {"current_password": PASSWORD, **NEW})
    assert said(answer) == "302 to `/profile/`"
    assert said(hers.get("/profile/")) == "200"
    return f"{said(copied.get('/licenses/'))}; her own browser goes on with a new token"


@attack
def session_of_who_was_switched_off_and_on(scene: Scene) -> str:
    """A session is used after its person was switched off, and again after it was switched on."""
    copied = signed_in(scene.world.ada)
    change_ada(scene, is_active=False)
    off = copied.get("/licenses/")
    change_ada(scene, is_active=True)
    return all_said([off, copied.get("/licenses/")])


@attack
def session_of_a_role_that_was_taken(scene: Scene) -> str:
    """Staff who has become a customer goes on in the back office."""
    change_ada(scene, role="support")
    with inside(scene.world.acme):
        person = User.objects.select_related("vendor").get(pk=scene.world.ada.pk)
    office = signed_in(person)
    assert said(office.get("/")) == "200"
    change_ada(scene, role="user")
    return said(office.get("/"))


@attack
def session_after_its_end(scene: Scene) -> str:
    """A session is used after 14 days, by who keeps it alive with a page each day."""
    copied = signed_in(scene.world.ada)
    for _day in range(13):
        scene.clock.shift(24 * 60 * 60)
        assert said(copied.get("/licenses/")) == "200"
    scene.clock.shift(24 * 60 * 60)
    return said(copied.get("/licenses/"))


@attack
def token_in_the_address(scene: Scene) -> str:
    """A session's token is put into the address, the form, and a header in place of the cookie."""
    token = token_of(signed_in(scene.world.ada))
    asked = [Browser("acme").get("/licenses/", {name: token}) for name in (SESSION, "token", "key")]
    asked.append(Browser("acme").post("/licenses/", {SESSION: token}))
    bearer = Browser("acme").get("/licenses/", HTTP_AUTHORIZATION=f"Bearer {token}")
    return all_said([*asked, bearer])


@attack
def cookie_tossing(_scene: Scene) -> str:
    """A sibling host plants cookies for the whole zone (`Domain=`), under https, where browsers take
    a `__Host-` cookie from its own host alone."""
    names = [name for name in dir(settings) if name.endswith("_COOKIE_NAME")]
    ours = sorted(set(names) - {"LANGUAGE_COOKIE_NAME"})
    code = f"from portal import settings as s; print([getattr(s, name) for name in {ours}])"
    https = {**os.environ, "PUBLIC_SCHEME": "https"}
    told = subprocess.run([sys.executable, "-c", code], env=https, capture_output=True, check=True)
    # By which provider somebody is signed in is told to the page to sign out alone, and signed.
    assert told.stdout.count(b"'__Secure-provider'") == 1
    assert told.stdout.count(b"'__Host-") == len(ours) - 1 > 4, told.stdout
    return f"{len(ours) - 1} cookies are `__Host-`, so that nobody else can plant them; one is signed for its person"


@attack
def cookies_read_by_scripts(scene: Scene) -> str:
    """A script, another host or a form elsewhere wants our cookies along."""
    phone_of(scene.world.grace)
    browsers = (Browser("acme").sign_in("ada@example.com"), past_password(scene.world.grace))
    morsels = [morsel for each in browsers for morsel in each.cookies.values() if morsel.value]
    assert len(morsels) >= 3
    for morsel in morsels:
        assert (morsel["httponly"], morsel["domain"], morsel["path"]) == (True, "", "/"), morsel.key
        assert morsel["samesite"] == "Lax", morsel.key
    return "every cookie is `HttpOnly`, `SameSite=Lax`, and of one host"


@attack
def cache_deception(scene: Scene) -> str:
    """Cache deception: she is led to a private page with the name of a style sheet behind it."""
    hers = signed_in(scene.world.ada)
    led = ("/profile/x.css", "/licenses/x.css", "/profile;x.css", "/profile%2Fx.css",
           "/licenses/%0Ax.css", "/profile/..%2Fstatic%2Fx.css", "/licenses%3Fx.css",
           f"/licenses/{scene.world.ada_license.pk}/x.js")  # fmt: skip
    answers = [hers.get(path) for path in led]
    assert all(b"Lovelace" not in each.content for each in answers)
    assert all("no-store" in each["Cache-Control"] for each in answers)
    return f"{all_said(answers)}, not to be kept"


@attack
def pages_kept_by_a_cache(scene: Scene) -> str:
    """A cache before the portal keeps a signed-in page and gives it to the next one."""
    hers = signed_in(scene.world.ada)
    paths = ("/licenses/", "/profile/", "/profile/activity/", "/profile/data/", "/machines/",
             "/licenses/export.csv", "/profile/data/profile.json")  # fmt: skip
    for path in paths:
        told = hers.get(path)["Cache-Control"]
        assert {"private", "no-store"} <= set(told.split(", ")), (path, told)
    return "each is `private, no-store`"


def view_of(scene: Scene) -> str:
    with inside(scene.world.acme):
        return f"/view-as/{offer(scene.world.ada, staff=scene.world.acme_support)}/"


@attack
def view_as_link_twice(scene: Scene) -> str:
    """Support's link into a customer's portal is opened by somebody else afterwards."""
    path = view_of(scene)
    assert said(Browser("acme").post(path)) == "302 to `/`"
    return all_said([Browser("acme").get(path), Browser("acme").post(path)])


@attack
def view_as_link_elsewhere(scene: Scene) -> str:
    """The same link is opened at another vendor, and after a minute."""
    elsewhere = Browser("globex").get(view_of(scene))
    late = view_of(scene)
    scene.clock.shift(61)
    return all_said([elsewhere, Browser("acme").get(late)])


@attack
def view_as_that_writes(scene: Scene) -> str:
    """Support, who views as a customer, changes her name, and takes her data along."""
    browser = Browser("acme")
    browser.get(view_of(scene))
    asked = [
        browser.post("/profile/", {"first_name": "Mallory"}),
        browser.post("/profile/password/", {"current_password": PASSWORD, **NEW}),
        browser.get("/profile/data/archive.zip"),
        browser.get("/profile/second-factor/set-up/"),
    ]
    with inside(scene.world.acme):
        assert User.objects.get(pk=scene.world.ada.pk).first_name == "Ada"
    return all_said(asked)
