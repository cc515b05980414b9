"""Requests from elsewhere, and addresses that lie."""

from urllib.parse import quote

from django.core import mail
from django.urls import get_resolver, reverse

from accounts.models import User
from accounts.reminders import off_link
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, said
from tests.accounts.attacks.sessions import SESSION, token_of
from tests.accounts.phones import past_password, phone_of
from tests.backoffice.test_foreign_ids import addresses
from tests.filled import fill
from tests.portal.test_url_matrix import routes
from tests.posted import form_of
from tests.world import PARENT, PASSWORD, Browser, signed_in

ADA = {"email": "ada@example.com", "password": PASSWORD}
NAME = {"first_name": "Mallory", "last_name": "Lovelace", "company": ""}
CSRF = "csrf"
SIBLING = f"http://globex.{PARENT}"
# What browsers take for another host, whatever a program thinks of it.
ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example",
    "\\\\evil.example", "http:evil.example", "http:///evil.example", "javascript:alert(1)",
    "data:text/html,x", "/\t/evil.example", "\x00//evil.example", " //evil.example",
    f"http://globex.{PARENT}/", "https:/\\evil.example", "//acme.portal.localhost@evil.example",
)  # fmt: skip


def checked(scene: Scene) -> Browser:
    """Ada's browser, whose requests are looked at for where they come from."""
    browser = Browser("acme", enforce_csrf_checks=True)
    browser.cookies[SESSION] = token_of(signed_in(scene.world.ada))
    return browser


def with_token(scene: Scene) -> tuple[Browser, dict[str, str]]:
    """The same, and a form of hers with its token."""
    browser = checked(scene)
    form = form_of(browser.get("/profile/").content.decode(), "")
    return browser, form | NAME


def is_still_ada(scene: Scene) -> None:
    with inside(scene.world.acme):
        assert User.objects.get(pk=scene.world.ada.pk).first_name == "Ada"


@attack
def csrf_at_every_address_of_a_portal(scene: Scene) -> str:
    """CSRF: a form without its token is sent to every address of a portal, in her session."""
    browser, ids = checked(scene), {"Int": 1, "UUI": scene.world.ada.pk, "Str": "x", "Slu": "x"}
    asked = []
    for name, pattern in routes(get_resolver("portal.urls.customer").url_patterns):
        if name == "reminders_off":
            continue  # Whose link proves enough, as RFC 8058 has it.
        kinds = pattern.pattern.converters.items()
        values = {key: ids[type(kind).__name__[:3]] for key, kind in kinds}
        path = reverse(name, urlconf="portal.urls.customer", kwargs=values)
        asked.append(browser.post(path, HTTP_ORIGIN="https://evil.example"))
    assert len(asked) > 40
    assert said(browser.get("/licenses/")) == "200"
    # Who is in already is led on from the forms to sign in, which do nothing.
    led_on = [each for each in asked if each.request["PATH_INFO"] in {"/login/", "/login/passkey/"}]
    assert {said(each) for each in led_on} == {"302 to `/`"}
    return all_said(each for each in asked if each not in led_on)


@attack
def csrf_at_every_row_of_the_back_office(scene: Scene) -> str:
    """CSRF: the same at every address of a row in the back office, with every verb."""
    fill(scene.world)
    browser = Browser("app", enforce_csrf_checks=True)
    browser.cookies[SESSION] = token_of(signed_in(scene.world.acme_admin))
    asked = [
        browser.post(path, {"post": "yes"}, HTTP_ORIGIN=f"http://acme.{PARENT}")
        for path in addresses(scene.world.acme)
    ]
    assert len(asked) > 60
    return all_said(asked)


@attack
def csrf_from_a_sibling(scene: Scene) -> str:
    """CSRF: a page of another vendor's host sends her form, with a token that it knows."""
    browser, form = with_token(scene)
    answers = [
        browser.post("/profile/", form, HTTP_ORIGIN=origin)
        for origin in (SIBLING, f"http://app.{PARENT}", f"http://{PARENT}", "null", "https://x.y")
    ]
    is_still_ada(scene)
    assert said(browser.post("/profile/", form, HTTP_ORIGIN=f"http://acme.{PARENT}")) == (
        "302 to `/profile/`"
    )
    return all_said(answers)


@attack
def csrf_by_a_planted_cookie(scene: Scene) -> str:
    """CSRF: a sibling host plants the token's cookie as well, and sends the same token."""
    own = Browser("globex")
    own.get("/login/")
    planted = str(own.cookies[CSRF].value)
    browser = checked(scene)
    browser.cookies[CSRF] = planted
    form = {**NAME, "csrfmiddlewaretoken": planted}
    answer = browser.post("/profile/", form, HTTP_ORIGIN=SIBLING)
    is_still_ada(scene)
    return said(answer)


@attack
def csrf_by_referer(scene: Scene) -> str:
    """CSRF: a browser that names no origin comes by https from a sibling's page, or from nowhere."""
    browser, form = with_token(scene)
    told = ({"HTTP_REFERER": f"https://globex.{PARENT}/"}, {"HTTP_REFERER": "x"}, {})
    answers = [browser.post("/profile/", form, secure=True, **each) for each in told]
    is_still_ada(scene)
    return all_said(answers)


@attack
def sign_in_from_elsewhere(scene: Scene) -> str:
    """CSRF at sign-in: a page elsewhere signs her in to the attacker's account, or a second step."""
    phone = phone_of(scene.world.grace)
    browser = Browser("acme", enforce_csrf_checks=True)
    browser.cookies["first-step"] = past_password(scene.world.grace).cookies["first-step"].value
    answers = [
        browser.post("/login/", {"email": "grace@example.com", "password": PASSWORD}),
        browser.post("/login/code/", {"code": phone.code()}),
        browser.post("/login/recovery-code/", {"code": phone.recovery[0]}),
    ]
    assert SESSION not in browser.cookies
    return all_said(answers)


@attack
def sign_out_by_a_picture(scene: Scene) -> str:
    """She is signed out by a picture in a page elsewhere: a GET."""
    hers = signed_in(scene.world.ada)
    answer = hers.get("/logout/")
    assert said(hers.get("/licenses/")) == "200"
    return f"{said(answer)}; she stays signed in"


@attack
def post_as_another_method(scene: Scene) -> str:
    """A GET that says it is a POST, by a header or a parameter, and methods that nobody knows."""
    hers = signed_in(scene.world.ada)
    asked = [
        hers.get("/logout/", HTTP_X_HTTP_METHOD_OVERRIDE="POST"),
        hers.get("/logout/", {"_method": "POST"}),
        hers.generic("TRACE", "/logout/"),
        hers.generic("FOO", "/logout/"),
        hers.put("/logout/"),
        hers.head("/logout/"),
    ]
    assert said(hers.get("/licenses/")) == "200"
    return all_said(asked)


@attack
def link_followed_by_a_scanner(scene: Scene) -> str:
    """A mail scanner follows the link that turns reminders off, and the one that confirms an
    address."""
    with inside(scene.world.acme):
        off = off_link(scene.world.ada).partition(":8000")[2]
    typed = {"new_email": "countess@example.com", "current_password": PASSWORD}
    signed_in(scene.world.ada).post("/profile/email/", typed)
    confirm = str(mail.outbox[-1].body).partition(":8000")[2].split()[0]
    answers = [Browser("acme").get(path) for path in (off, confirm)]
    with inside(scene.world.acme):
        ada = User.objects.get(pk=scene.world.ada.pk)
    assert (ada.email, ada.reminders) == ("ada@example.com", True)
    return f"{all_said(answers)}; a page that asks, and nothing is changed"


@attack
def open_redirect_at_sign_in(scene: Scene) -> str:
    """Open redirect: `next` at sign-in leads to another host, in 15 spellings."""
    answers = []
    for target in ELSEWHERE:
        answers.append(Browser("acme").post("/login/", {**ADA, "next": target}))
        answers.append(signed_in(scene.world.ada).get("/login/", {"next": target}))
    return all_said(answers)


@attack
def open_redirect_after_the_code(scene: Scene) -> str:
    """Open redirect: the same behind the second step."""
    phone, answers = phone_of(scene.world.ada), []
    for target in ELSEWHERE:
        browser = past_password(scene.world.ada)
        answers.append(browser.post("/login/code/", {"code": phone.code(), "next": target}))
        scene.clock.shift(30)
    return all_said(answers)


@attack
def open_redirect_at_the_proof(scene: Scene) -> str:
    """Open redirect: the same at the page that asks for a fresh proof."""
    hers = signed_in(scene.world.ada)
    typed = {"current_password": PASSWORD}
    return all_said(hers.post("/profile/prove/", {**typed, "next": target}) for target in ELSEWHERE)


@attack
def a_link_back_that_is_a_script(scene: Scene) -> str:
    """Open redirect: the same as the link that a page shows for going on."""
    hers = signed_in(scene.world.ada)
    for target in ELSEWHERE:
        page = hers.get("/profile/second-factor/", {"next": target})
        assert b"evil.example" not in page.content
        assert b"javascript:" not in page.content
        assert b"data:text" not in page.content
    return "200; the link leads to her own page"


@attack
def lines_in_a_redirect(_scene: Scene) -> str:
    """Header injection: `next` has a line end and a header of the attacker's behind it."""
    target = "/x\r\nSet-Cookie: session=planted\r\n\r\n<script>"
    answer = Browser("acme").post("/login/", {**ADA, "next": target})
    assert "\n" not in answer["Location"]
    assert answer.cookies[SESSION].value != "planted"
    return f"{said(answer)}: a path with percent signs in it"


@attack
def open_redirect_by_referer(scene: Scene) -> str:
    """Open redirect: a form with a forged `Referer`, which is where a proof would lead back to."""
    hers = signed_in(scene.world.ada)
    scene.clock.shift(11 * 60)
    path = reverse("recovery_codes", urlconf="portal.urls.customer")
    answer = hers.post(path, HTTP_REFERER="https://evil.example/x")
    assert "evil" not in answer["Location"]
    return said(answer)


@attack
def host_header_in_a_reset_mail(_scene: Scene) -> str:
    """Host header: a new password is asked for with another host in every header that names one."""
    forged = ("X_FORWARDED_HOST", "X_HOST", "X_FORWARDED_SERVER", "FORWARDED", "X_ORIGINAL_HOST",
              "X_ORIGINAL_URL", "X_REWRITE_URL")  # fmt: skip
    headers = {f"HTTP_{name}": "evil.example" for name in forged}
    headers["HTTP_FORWARDED"] = "host=evil.example"
    answer = Browser("acme").post("/password-reset/", {"email": ADA["email"]}, **headers)
    [message] = mail.outbox
    html = str(message.alternatives[0][0])
    assert "evil" not in message.body + html
    assert f"http://acme.{PARENT}:8000/password-reset/" in message.body
    return f"{said(answer)}; the link is at Acme's host"


@attack
def another_host_altogether(scene: Scene) -> str:
    """Host header: the same with a host of the attacker's, or one that only looks like ours."""
    hosts = ("evil.example", f"acme.{PARENT}.evil.example", f"evil-acme.{PARENT}",
             f"x.acme.{PARENT}")  # fmt: skip
    answers = [
        Browser("acme").post("/password-reset/", {"email": ADA["email"]}, HTTP_HOST=host)
        for host in hosts
    ]
    assert mail.outbox == []
    return f"{all_said(answers)}; no e-mail goes out"


@attack
def hosts_that_are_none(scene: Scene) -> str:
    """Host header: what is no host, with a port that is a name, with user and password, with NUL."""
    hosts = (f"acme.{PARENT}:evil.example", f"acme.{PARENT}@evil.example", f"acme.{PARENT}:80:80",
             f"acme.{PARENT}\x00.evil.example", f"acme.{PARENT}/evil", "[::1", "")  # fmt: skip
    answers = [
        Browser("acme").post("/password-reset/", {"email": ADA["email"]}, HTTP_HOST=host)
        for host in hosts
    ]
    assert mail.outbox == []
    return f"{all_said(answers)}; no e-mail goes out"


@attack
def framed(scene: Scene) -> str:
    """A page elsewhere shows ours in a frame and has her click there."""
    for path in ("/login/", "/profile/password/", "/profile/second-factor/"):
        answer = signed_in(scene.world.ada).get(path)
        answer = Browser("acme").get(path) if path == "/login/" else answer
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    return "no page may be framed"


@attack
def read_by_a_script_elsewhere(scene: Scene) -> str:
    """A script of another host reads her pages (CORS), also of a sibling's and of `null`."""
    hers = signed_in(scene.world.ada)
    for origin in ("https://evil.example", SIBLING, "null"):
        for answer in (
            hers.get("/licenses/", HTTP_ORIGIN=origin),
            hers.options("/licenses/", HTTP_ORIGIN=origin),
        ):
            assert not [name for name in answer.headers if name.startswith("Access-Control")]
    return "no answer lets another origin read it"


@attack
def odd_bytes(scene: Scene) -> str:
    """What no form sends: NUL, half a letter of UTF-16, 5,000 characters, several values, JSON."""
    odd = ("\x00", "ada@example.com\x00", "\ud800", "x" * 5000, "' OR 1=1 --", "{{7*7}}", "\r\n")
    answers = []
    for text in odd:
        typed = quote(text.encode("utf-8", "surrogatepass"))
        form = f"email={typed}&password={typed}&company_id={typed}"
        for label in ("acme", "app"):
            for path in ("/login/", "/password-reset/", "/login/code/"):
                kind = "application/x-www-form-urlencoded"
                answers.append(Browser(label).post(path, form, content_type=kind))
    for label in ("acme", "app"):
        answers.append(Browser(label).post("/login/", {"email": ["a", "b"], "password": ["c"]}))
        answers.append(Browser(label).post("/login/", b"[]", content_type="application/json"))
    statuses = {each.status_code for each in answers}
    assert statuses == {200, 302}, statuses
    assert all(SESSION not in each.cookies for each in answers)
    return "200, or 302 to where one begins; nobody is signed in"
