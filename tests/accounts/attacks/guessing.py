"""Guessing."""

from django.core import signing

from accounts.second_factor.codes import read_recovery_code
from tests.accounts.attacks.catalogue import Scene, all_said, attack, race, said
from tests.accounts.phones import past_password, phone_of
from tests.accounts.test_second_factor import wrong
from tests.licenses.test_activation import run_at_once
from tests.world import PASSWORD, Browser, signed_in
from web import limits

ADA = "ada@example.com"
WRONG = "wrong wrong wrong"


def tries(
    number: int, email: str = ADA, browser: Browser | None = None, ip: str = "192.0.2.1"
) -> list[int]:
    typed = {"email": email, "password": WRONG}
    return [
        (browser or Browser("acme")).post("/login/", typed, REMOTE_ADDR=ip).status_code
        for _try in range(number)
    ]


def counted(statuses: list[int]) -> str:
    """How many got an answer before the others had to wait."""
    answered = statuses.index(429) if 429 in statuses else len(statuses)
    assert statuses == [200] * answered + [429] * (len(statuses) - answered), statuses
    assert answered < len(statuses), "Nobody had to wait."
    return f"{answered} tries, then 429"


@attack
def one_address_from_many(_scene: Scene) -> str:
    """Brute force on one e-mail, each try from another IP address."""
    return counted([tries(1, ip=f"198.51.100.{n}")[0] for n in range(30)])


@attack
def many_addresses_from_one(_scene: Scene) -> str:
    """Password spraying: one IP address tries one password with many e-mails."""
    return counted([tries(1, email=f"somebody-{n}@example.com")[0] for n in range(60)])


@attack
def many_vendors_from_one(_scene: Scene) -> str:
    """The same, at the portals of several vendors and in the back office in turn."""
    seen = []
    for n in range(60):
        typed = {"email": f"somebody-{n}@example.com", "password": WRONG, "company_id": "acme"}
        label = ("acme", "globex", "app")[n % 3]
        seen.append(Browser(label).post("/login/", typed, REMOTE_ADDR="192.0.2.1").status_code)
    return counted(seen)


@attack
def one_ipv6_network(_scene: Scene) -> str:
    """The same from ever other addresses of one IPv6 network (/64)."""
    return counted(
        [tries(1, f"somebody-{n}@example.com", ip=f"2001:db8::{n:x}")[0] for n in range(60)]
    )


@attack
def one_wide_ipv6_network(_scene: Scene) -> str:
    """The same from ever other /64 of a /48."""
    ips = [f"2001:db8:1:{n:x}::1" for n in range(660)]
    for ip in ips[:630]:  # as each try does; the pages themselves would take long
        limits.take_from(limits.SIGN_IN_PER_IP, ip)
    seen = [tries(1, f"somebody-{n}@example.com", ip=ip)[0] for n, ip in enumerate(ips[630:])]
    return counted([200] * 630 + seen)


@attack
def forged_forwarding(_scene: Scene) -> str:
    """The same from one address that says of itself, in five headers, that it is another."""
    seen = []
    for n in range(60):
        forged = f"198.51.100.{n}"
        headers = {
            f"HTTP_{name}": forged
            for name in ("X_FORWARDED_FOR", "X_REAL_IP", "CLIENT_IP", "TRUE_CLIENT_IP")
        }
        typed = {"email": f"somebody-{n}@example.com", "password": WRONG}
        answer = Browser("acme").post(
            "/login/", typed, REMOTE_ADDR="192.0.2.1", HTTP_FORWARDED=f"for={forged}", **headers
        )
        seen.append(answer.status_code)
    return counted(seen)


@attack
def spellings_of_one_address(_scene: Scene) -> str:
    """Brute force on one e-mail in ever other spellings: capitals, blanks, invisible signs."""
    spellings = (ADA, ADA.upper(), "Ada@Example.com", f" {ADA} ", f"{ADA}\t", "aDa@example.COM",
                 f"\u200b{ADA}", "ada\u00ad@example.com", "\uff41da@example.com")  # fmt: skip
    return counted([tries(1, email=email)[0] for email in spellings * 3])


@attack
def locking_somebody_out(_scene: Scene) -> str:
    """Somebody keeps failing with her address to lock her out of her own browser."""
    hers = Browser("acme").sign_in(ADA)
    hers.post("/logout/")
    counted([tries(1, ip=f"198.51.100.{n}")[0] for n in range(30)])
    answer = hers.post("/login/", {"email": ADA, "password": PASSWORD})
    assert answer.status_code == 302
    return f"{said(answer)} for her: tries in her browser are counted apart"


@attack
def the_right_one_while_waiting(_scene: Scene) -> str:
    """Whether the right password is let through while others wait, which would tell that it is."""
    counted([tries(1, ip=f"198.51.100.{n}")[0] for n in range(30)])
    return said(Browser("acme").post("/login/", {"email": ADA, "password": PASSWORD}))


@attack
def the_password_of_a_stolen_session(scene: Scene) -> str:
    """Who has a stolen session guesses the password in four forms of hers in turn."""
    phone_of(scene.world.ada)
    stolen = signed_in(scene.world.ada)
    new = {"new_password": "battery 7 staple", "new_password_again": "battery 7 staple"}
    typed = {"current_password": WRONG, "new_email": "m@example.com", **new}
    forms = ("/profile/password/", "/profile/email/", "/profile/prove/",
             "/profile/second-factor/off/")  # fmt: skip
    return counted([stolen.post(forms[n % 4], typed).status_code for n in range(20)])


@attack
def codes_of_an_app(scene: Scene) -> str:
    """Who has the password guesses codes of six digits."""
    guess, browser = wrong(phone_of(scene.world.ada)), past_password(scene.world.ada)
    return counted(
        [browser.post("/login/code/", {"code": guess}).status_code for _try in range(12)]
    )


@attack
def codes_of_both_kinds(scene: Scene) -> str:
    """The same with codes of the app, recovery codes and a new first step in turn."""
    guess, seen = wrong(phone_of(scene.world.ada)), []
    other = read_recovery_code("0000-0000-0000-0000")
    for n in range(6):
        browser = past_password(scene.world.ada)
        seen.append(browser.post("/login/code/", {"code": guess}).status_code)
        seen.append(browser.post("/login/recovery-code/", {"code": f"{other[:-1]}{n}"}).status_code)
    return counted(seen)


@attack
def codes_where_a_session_is_proved(scene: Scene) -> str:
    """Who has a stolen session guesses codes where a fresh proof is asked for."""
    guess = wrong(phone_of(scene.world.ada))
    stolen = signed_in(scene.world.ada)
    return counted(
        [stolen.post("/profile/prove/?by=code", {"code": guess}).status_code for _try in range(12)]
    )


@attack
def links_for_a_new_password(_scene: Scene) -> str:
    """Somebody has her mailbox flooded with links for a new password."""
    seen = []
    for n in range(6):
        answer = Browser("acme").post(
            "/password-reset/", {"email": ADA}, REMOTE_ADDR=f"198.51.100.{n}"
        )
        seen.append(answer.status_code)
    assert seen == [302] * 3 + [429] * 3, seen
    return "3 e-mails, then 429"


@attack
def a_link_that_is_guessed(_scene: Scene) -> str:
    """Tokens of links are made up, or signed with a key that is guessed."""
    forged = signing.dumps(["", "", "0" * 32, ""], key="guessed", salt="accounts.links.reset")
    tokens = ("x", "x:y:z", forged, "a" * 3000, "W10:1tabcd:aaaa", "é", "%00")
    answers = [
        Browser(label).get(f"/{page}/{token}/")
        for token in tokens
        for label in ("acme", "app")
        for page in ("password-reset", "invitation")
    ]
    return all_said(answers)


@race
def passwords_at_once(_scene: Scene) -> str:
    """Race: 12 passwords for one e-mail are tried at once."""
    seen = run_at_once(12, lambda _n: str(tries(1)[0]))
    return counted(sorted(map(int, seen)))


@race
def codes_at_once(scene: Scene) -> str:
    """Race: 12 codes are tried at once."""
    guess = wrong(phone_of(scene.world.ada))
    browsers = [past_password(scene.world.ada) for _ in range(12)]
    seen = run_at_once(
        12, lambda n: str(browsers[n].post("/login/code/", {"code": guess}).status_code)
    )
    return counted(sorted(map(int, seen)))
