"""E-mails and passwords in other spellings than they are stored in, at every door."""

import re
from html import unescape
from importlib import import_module
from io import StringIO
from typing import Any
from unicodedata import normalize

import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import BuiltIn, Session, User, UserWord, among_operators
from accounts.verbs.passwords import set_password
from accounts.verbs.people import change_person, create_person
from audit.models import AuditEntry
from licenses.models import License
from licenses.verbs.defaults import Choice
from licenses.verbs.issuing import issue
from mail.models import OutgoingEmail
from mail.outbox import queue
from tenancy.door import inside
from tenancy.finding import wrong
from tests.accounts.test_passwords import NEW, ask_for_link, link_in
from tests.imports.test_customers import confirmed, customers, problems, started
from tests.roles import everywhere
from tests.world import PASSWORD, Browser, World, signed_in, user, vendor_now

IN_ASCII = "zoe@xn--mller-kva.example"
ZOE = "zoe@müller.example"
SPELLINGS = [
    ZOE,
    "Zoe@MÜLLER.example",
    "zoe@mu\u0308ller.example",
    IN_ASCII,
    "ZOE@XN--MLLER-KVA.EXAMPLE.",
    "Zoe Müller <zoe@müller.example>",
    "Müller, Zoe <zoe@xn--mller-kva.example>;",
    "\u202azoe@müller.example\u202c",
    "mailto:zoe@müller.example",
    "ｚｏｅ＠müller．example",
]
TAKEN = "There is an account with this e-mail already."


@pytest.fixture
def zoe(world: World) -> User:
    with inside(world.acme):
        return user(world.acme, IN_ASCII)


# --- E-mails at every door ----------------------------------------------------------------------


def test_it_is_stored_in_one_spelling_and_shown_so(world: World, zoe: User) -> None:
    assert zoe.email == str(zoe) == ZOE
    assert ZOE in signed_in(zoe).get("/profile/").content.decode()
    assert ZOE in signed_in(world.acme_admin).get("/accounts/user/").content.decode()


@pytest.mark.parametrize("typed", SPELLINGS)
def test_signing_in(world: World, zoe: User, typed: str) -> None:
    Browser("acme").sign_in(typed)


def test_all_spellings_share_a_limit(world: World, zoe: User) -> None:
    answers = [
        Browser("acme").post("/login/", {"email": typed, "password": "wrong"}).status_code
        for typed in SPELLINGS
    ]
    assert answers == [200] * 6 + [429] * 4


@pytest.mark.parametrize("typed", SPELLINGS)
def test_asking_for_a_new_password(world: World, zoe: User, typed: str) -> None:
    assert ask_for_link(typed).status_code == 302
    [message] = mail.outbox
    assert message.to == [IN_ASCII]  # as mail servers take it
    assert f"of {ZOE}" in message.body or ZOE in message.body
    _host, path = link_in(message)
    assert Browser("acme").post(path, NEW).status_code == 302
    Browser("acme").sign_in(ZOE, NEW["new_password"])


@pytest.mark.parametrize("typed", ["ADA@Example.com,", "Ada <ada@example.com>"])
def test_staff_and_operators_sign_in_so_too(world: World, typed: str) -> None:
    for person, company_id in ((world.acme_admin, "acme"), (world.operator, "")):
        form = {"company_id": company_id, "password": PASSWORD}
        email = typed.replace("ada@example.com", person.email)
        email = email.replace("ADA@Example.com", person.email.upper())
        assert Browser("app").post("/login/", {"email": email, **form}).status_code == 302


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_new_person_in_the_back_office(world: World, typed: str) -> None:
    form = {"email": typed, "role": "user", "is_active": "on", "metadata": "[]"}
    admin = signed_in(world.acme_admin)
    assert admin.post("/accounts/user/add/", form).status_code == 302
    with inside(world.acme):
        assert User.objects.filter(email=ZOE).count() == 1
    assert [message.to for message in mail.outbox] == [[IN_ASCII]]
    again = admin.post("/accounts/user/add/", {**form, "email": IN_ASCII})
    assert again.status_code == 200
    assert again.context["adminform"].form.errors == {"email": [TAKEN]}


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_licence_for_a_known_customer(world: World, zoe: User, typed: str) -> None:
    form = {"email": typed, "product": str(world.orbit.pk), "policy": "none"}
    assert signed_in(world.acme_admin).post("/licenses/license/add/", form).status_code == 302
    given = ["--policy", "none", "--no-email"]
    call_command("issue_license", "acme", "Orbit", typed, *given, stdout=StringIO())
    with inside(world.acme):
        assert License.objects.filter(user=zoe).count() == 2


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_licence_for_a_new_customer(world: World, typed: str) -> None:
    with inside(world.acme):
        first = issue(product=world.orbit, email=typed, policy=Choice.NONE)
        again = issue(product=world.orbit, email=IN_ASCII, policy=Choice.NONE)
    assert first.user
    assert again.user
    assert first.user.pk == again.user.pk
    assert first.user.email == ZOE
    assert {address for message in mail.outbox for address in message.to} == {IN_ASCII}


def test_the_first_administrator_of_a_vendor(world: World) -> None:
    form = {"company_id": "initech", "name": "Initech", "status": "active"}
    form |= {"admin_email": "Zoe Müller <Zoe@xn--mller-kva.example>"}
    answer = signed_in(world.operator).post("/tenancy/vendor/add/", form)
    assert answer.status_code == 302, answer.content.decode()
    assert [message.to for message in mail.outbox] == [[IN_ASCII]]


@pytest.mark.by_database
def test_an_import(world: World) -> None:
    lines = "\n".join(f'"{typed}"' for typed in SPELLINGS[:2])
    assert problems(world, f"email\n{lines}\n") == [[3, "email", "Row 2 has this e-mail already."]]
    confirmed(world, started(world, f'email,first_name\n"{SPELLINGS[6]}",Zoe\n'))
    assert customers(world)[ZOE] == ("Zoe", "", "")
    confirmed(world, started(world, f"email,first_name\n{SPELLINGS[4]},Zoë\n"))
    assert customers(world)[ZOE] == ("Zoë", "", "")


def test_an_import_says_what_is_no_address(world: World) -> None:
    text = "email\nada lovelace@example.com\na@b.example;c@d.example\n"
    said = "This is not an e-mail address."
    assert problems(world, text) == [[2, "email", said], [3, "email", said]]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_new_address_of_ones_own(world: World, typed: str) -> None:
    ada = signed_in(world.ada)
    form = {"new_email": typed, "current_password": PASSWORD}
    assert ada.post("/profile/email/", form).status_code == 302
    [message] = mail.outbox
    assert message.to == [IN_ASCII]
    _host, path = link_in(message)
    assert ZOE in ada.get(path).content.decode()
    assert ada.post(path).status_code == 302
    with inside(world.acme):
        assert User.objects.get(pk=world.ada.pk).email == ZOE
    Browser("acme").sign_in(typed)


def test_ones_own_address_in_another_spelling_is_no_new_one(world: World, zoe: User) -> None:
    form = {"new_email": IN_ASCII, "current_password": PASSWORD}
    answer = signed_in(zoe).post("/profile/email/", form)
    assert "That is your e-mail already." in answer.content.decode()


def test_another_ones_address_in_another_spelling_is_taken(world: World, zoe: User) -> None:
    form = {"new_email": IN_ASCII.upper(), "current_password": PASSWORD}
    signed_in(world.ada).post("/profile/email/", form)
    [message] = mail.outbox
    assert message.to == [IN_ASCII]
    assert "confirm" not in message.subject.lower()


def test_the_support_address(world: World) -> None:
    form = {"portal_title": "", "support_email": "Hilfe <Hilfe@MÜLLER.example>"}
    assert signed_in(world.acme_admin).post("/branding/branding/", form).status_code == 302
    assert vendor_now(world.acme).support_email == "hilfe@müller.example"
    assert "mailto:hilfe@müller.example" in signed_in(world.ada).get("/licenses/").content.decode()
    ask_for_link("ada@example.com")
    assert mail.outbox[0].reply_to == ["hilfe@xn--mller-kva.example"]


def test_an_operator_from_the_command_line(db: None) -> None:
    call_command("createsuperuser", "--noinput", email="Root <Root@MÜLLER.example>")
    with among_operators():
        assert User.operators.get().email == "root@müller.example"
    with pytest.raises((CommandError, IntegrityError)), transaction.atomic():
        call_command("createsuperuser", "--noinput", email="root@xn--mller-kva.example")


@pytest.mark.parametrize(
    "typed", ["ada lovelace@example.com", "a@b.example; c@d.example", "müller@example.com", "ada"]
)
def test_what_is_no_address_is_refused_with_a_sentence(world: World, typed: str) -> None:
    for path in ("/login/", "/password-reset/"):
        answer = Browser("acme").post(path, {"email": typed, "password": PASSWORD})
        assert answer.status_code == 200
        assert "Enter a valid email address." in answer.content.decode()
    with inside(world.acme), pytest.raises(ValidationError, match="valid email"):
        issue(product=world.orbit, email=typed, policy=Choice.NONE)
    with pytest.raises(CommandError, match="valid email"):
        call_command("issue_license", "acme", "Orbit", typed, "--policy", "none")


def test_fields_for_addresses_let_names_be_pasted(world: World) -> None:
    """`type="email"` would have the browser refuse what we understand."""
    admin = signed_in(world.acme_admin)
    pages = [
        *(Browser("acme").get(path) for path in ("/login/", "/password-reset/")),
        *(Browser("app").get(path) for path in ("/login/", "/password-reset/")),
        *(admin.get(f"/{path}/add/") for path in ("accounts/user", "licenses/license")),
    ]
    for page in pages:
        [field] = re.findall(r'<input[^>]*name="email"[^>]*>', page.content.decode())
        assert 'type="text"' in field
        assert 'inputmode="email"' in field
        assert 'autocapitalize="none"' in field


# As people have them, and as addresses of pages and forms could mistake them.
ODD = [
    "ada+portal@example.org",
    "aa+~accounts/portal.example@example.org",
    "o'brien@example.org",
    "x&y=z@example.org",
    "a#b%c@example.org",
    "a?b@example.org",
    "{x}|y`@example.org",
    "-@example.org",
    "info@dömäin.example",
    "bob@☃.example",
]


@pytest.mark.parametrize("email", ODD)
def test_odd_addresses_go_through_every_link(world: World, email: str) -> None:
    form = {"email": email, "role": "user", "is_active": "on", "metadata": "[]"}
    form |= {"allow_customer_portal_access": "on"}
    admin = signed_in(world.acme_admin)
    assert admin.post("/accounts/user/add/", form).status_code == 302
    [message] = mail.outbox
    assert email in message.body
    host, path = link_in(message)
    assert host == "acme.portal.localhost:8000"
    guest = Browser("acme")
    for look in (guest.head, guest.get):  # as mail scanners do
        assert look(path).status_code == 200
    assert guest.post(path, NEW).status_code == 302
    guest.sign_in(email, NEW["new_password"])
    assert email in unescape(guest.get("/profile/").content.decode())
    story = admin.get("/find/", {"q": email})
    page = unescape(admin.get(story["Location"]).content.decode())
    links = [
        link for link in re.findall(r'href="([^"]+)"', page) if "?q=" in link or "email=" in link
    ]
    assert links
    for link in links:
        assert email in unescape(admin.get(link).content.decode()), link


# --- Searching ----------------------------------------------------------------------------------

ASKED = [
    *SPELLINGS,
    "zoe müller",
    "Müller, Zoe",
    "MULLER zoe",
    "mu\u0308ller",
    "Dr. Zoe Maria Anna Magdalena Müller von Alp <zoe@müller.example>",
    "<zoe@xn--mller-kva.example>",
    "zoe@mül",
    "zoe@xn--mller",
]


@pytest.mark.by_database
@pytest.mark.parametrize("text", ASKED)
def test_staff_find_the_person(world: World, zoe: User, text: str) -> None:
    with inside(world.acme):
        zoe.last_name = "Müller"
        change_person(person=zoe, fields=["last_name"])
        key, none = "ZOE111-ACME-ORBIT-0001", Choice.NONE
        issue(product=world.orbit, email=ZOE, key=key, policy=none, send=False)
        queue("invitation", user=zoe)
    support = signed_in(world.acme_support)
    story = f"/accounts/user/{zoe.pk}/story/"
    found = support.get("/find/", {"q": text})
    assert found["Location"] == story
    people = support.get("/accounts/user/", {"q": text}).content.decode()
    assert story in people
    assert str(world.ada.pk) not in people
    licenses = support.get("/licenses/license/", {"q": text}).content.decode()
    assert "ZOE111-ACME-ORBIT-0001" in licenses
    assert world.ada_license.key not in licenses


@pytest.mark.by_database
@pytest.mark.parametrize("text", [*SPELLINGS, "zoe@mül", "ZOE@MÜL", "zoe@mu\u0308l", "zoe"])
def test_staff_find_the_e_mails(world: World, zoe: User, text: str) -> None:
    with inside(world.acme):
        queue("invitation", user=zoe)
        queue("invitation", user=world.ada)
    page = signed_in(world.acme_support).get("/mail/outgoingemail/", {"q": text}).content.decode()
    assert ZOE.replace("@", "@<wbr>") in page
    assert "ada@" not in page


# --- Twins of before ----------------------------------------------------------------------------


@pytest.fixture
def twins(world: World) -> tuple[User, User]:
    """Two people of acme with one address, as a database could have from before."""
    with inside(world.acme):
        first, second = user(world.acme, ZOE), user(world.acme, "other@example.com")
        User.objects.filter(pk=second.pk).update(email=IN_ASCII, password=make_password("another"))
        UserWord.objects.keep([second.pk])
    return first, second


def test_twins_sign_in_as_they_did(world: World, twins: tuple[User, User]) -> None:
    ways = (("Zoe@MÜLLER.example", PASSWORD), (ZOE, PASSWORD), (IN_ASCII.upper(), "another"))
    for email, password in ways:
        Browser("acme").sign_in(email, password)
    refused = Browser("acme").post("/login/", {"email": IN_ASCII, "password": PASSWORD})
    assert refused.status_code == 200
    for typed, whose in ((IN_ASCII, twins[1]), (ZOE, twins[0])):
        ask_for_link(typed)
        with inside(world.acme):
            assert OutgoingEmail.objects.filter(user=whose, kind="password-reset").count() == 1


@pytest.mark.by_database
def test_they_are_listed_and_can_be_changed(world: World, twins: tuple[User, User]) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="0 keys and 1 e-mails"):
        call_command("list_twins", stdout=out)
    assert out.getvalue() == f"acme: {ZOE}, {IN_ASCII}\n"
    _first, second = twins
    with inside(world.acme):
        second.refresh_from_db()
        second.first_name, second.is_active = "Zoë", False
        change_person(person=second, fields=["first_name", "is_active"])
        entry = AuditEntry.objects.filter(subject_id=second.pk).latest("sequence")
        assert set(entry.changes) == {"first_name", "is_active"}
        second.email = "zoe2@müller.example"
        change_person(person=second, fields=["email"])
    call_command("list_twins", stdout=StringIO())


def test_nobody_new_gets_a_third_spelling(world: World, twins: tuple[User, User]) -> None:
    with inside(world.acme), pytest.raises(ValidationError, match=TAKEN):
        create_person(person=User(vendor=world.acme, email="zoe@mu\u0308ller.example"))


# --- The migration ------------------------------------------------------------------------------

store = import_module("accounts.migrations.0009_one_spelling").store_in_one_spelling


def rename(person: User, email: str, **fields: Any) -> None:
    User.objects.filter(pk=person.pk).update(email=email, **fields)


def emails(world: World) -> dict[Any, str]:
    with everywhere():
        return dict(User.people.values_list("pk", "email"))


@pytest.mark.by_database
def test_the_migration_stores_addresses_in_one_spelling(world: World) -> None:
    with inside(world.acme):
        rename(world.ada, IN_ASCII)
        rename(world.grace, "grace@ｅxample.com")
    with inside(world.globex):
        rename(world.bob, "zoe@mu\u0308ller.example")
    before = emails(world)
    with everywhere():
        store(apps, None)
        once = emails(world)
        store(apps, None)
    changed = {world.ada.pk: ZOE, world.grace.pk: "grace@example.com", world.bob.pk: ZOE}
    assert emails(world) == once == before | changed
    for vendor in (world.acme, world.globex):
        with inside(vendor):
            assert list(wrong()) == []
    Browser("acme").sign_in(IN_ASCII)
    Browser("globex").sign_in(ZOE)


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        (ZOE, IN_ASCII, (ZOE, IN_ASCII)),
        (IN_ASCII, ZOE, (IN_ASCII, ZOE)),
        (IN_ASCII, "zoe@mu\u0308ller.example", (ZOE, "zoe@mu\u0308ller.example")),
    ],
)
def test_it_merges_nobody_and_stops_at_nobody(
    world: World, first: str, second: str, after: tuple[str, str]
) -> None:
    with inside(world.acme):
        rename(world.ada, first)
        rename(world.grace, second, created_at=world.grace.created_at.replace(year=2099))
        number = User.objects.count()
    with everywhere():
        store(apps, None)
    with inside(world.acme):
        people = User.objects.in_bulk([world.ada.pk, world.grace.pk])
        assert (people[world.ada.pk].email, people[world.grace.pk].email) == after
        assert User.objects.count() == number
        assert list(wrong()) == []


# --- Passwords ----------------------------------------------------------------------------------

COMPOSED = "schöne Grüße aus Özd"
DECOMPOSED = normalize("NFD", COMPOSED)


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("chosen", [COMPOSED, DECOMPOSED])
def test_a_password_has_one_spelling(world: World, chosen: str, typed: str) -> None:
    form = {"current_password": PASSWORD, "new_password": chosen, "new_password_again": typed}
    assert signed_in(world.ada).post("/profile/password/", form).status_code == 302
    Browser("acme").sign_in("ada@example.com", typed)
    form = {"current_password": typed, "new_password": PASSWORD, "new_password_again": PASSWORD}
    assert signed_in(now(world.ada)).post("/profile/password/", form).status_code == 302


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
def test_one_that_came_by_a_link_has_it_too(world: World, typed: str) -> None:
    ask_for_link("ada@example.com")
    _host, path = link_in(mail.outbox[0])
    form = {"new_password": DECOMPOSED, "new_password_again": COMPOSED}
    assert Browser("acme").post(path, form).status_code == 302
    Browser("acme").sign_in("ada@example.com", typed)


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
def test_an_old_one_counts_and_is_stored_anew(world: World, typed: str) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(password=make_password(DECOMPOSED))
        number = AuditEntry.objects.count()
    other = signed_in(now(world.ada))
    Browser("acme").sign_in("ada@example.com", typed)
    ada = now(world.ada)
    assert ada.check_password(COMPOSED)
    assert ada.password_to_store is None
    assert ada.password == now(world.ada).password
    assert other.get("/licenses/").status_code == 200  # is still signed in
    with inside(world.acme):
        assert Session.of_scope.filter(user=ada).count() == 2
        assert AuditEntry.objects.count() == number + 1  # that she signed in
    assert mail.outbox == []
    stored = ada.password
    Browser("acme").sign_in("ada@example.com", typed)
    assert now(ada).password == stored


def test_an_old_one_of_staff_and_operators(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.acme_admin.pk).update(password=make_password(DECOMPOSED))
    with among_operators():
        User.people.filter(pk=world.operator.pk).update(password=make_password(DECOMPOSED))
    for email, company_id in (("admin@acme.example", "acme"), ("root@example.com", "")):
        for _ in range(2):
            Browser("app").sign_in(email, COMPOSED, company_id=company_id)
    with among_operators():
        assert User.operators.get().check_password(COMPOSED)


def test_an_old_one_is_no_session_of_who_is_out(world: World) -> None:
    """A session of another password stays over."""
    stale = signed_in(world.ada)
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(password=make_password(DECOMPOSED))
    Browser("acme").sign_in("ada@example.com", COMPOSED)
    assert stale.get("/licenses/").status_code == 302


@pytest.mark.parametrize("wrong_one", ["schone Grusse aus Ozd", COMPOSED.upper(), COMPOSED + " "])
def test_nothing_but_composition_is_forgiven(world: World, wrong_one: str) -> None:
    set_password(world.ada, COMPOSED)
    answer = Browser("acme").post("/login/", {"email": "ada@example.com", "password": wrong_one})
    assert answer.status_code == 200


def test_an_operator_types_it_at_the_command_line(db: None) -> None:
    with among_operators():
        User.people.create_user(
            email="root@example.com", password=DECOMPOSED, role=BuiltIn.OPERATOR
        )
        assert User.operators.get().check_password(COMPOSED)
        assert User.operators.get().password_to_store is None
    Browser("app").sign_in("root@example.com", COMPOSED, company_id="")


def now(person: User) -> User:
    with inside(person.vendor_id):
        return User.objects.select_related("vendor").get(pk=person.pk)
