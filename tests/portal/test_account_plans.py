"""Among 100,000 sessions, passkeys, codes, tokens and refusals of one vendor, whoever signs in, is sent
a link or looks at the own account reads what is that person's, on both databases.

PostgreSQL has the rows, and counts what each statement looked at. SQLite's plan is read, as it is
where nobody has told it yet how large its tables are, and where a worker has.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, models
from django.utils import timezone

from accounts.links import Purpose, make_token
from accounts.models import (
    Challenge,
    Identity,
    Passkey,
    PersonalAccessToken,
    RecoveryCode,
    Refusal,
    Registration,
    SecondFactor,
    Session,
    User,
    UserTag,
    ViewAs,
)
from accounts.passkeys import challenges
from accounts.verbs import refusals, sessions
from accounts.verbs.erasing import erase_person
from accounts.verbs.people import change_person
from accounts.verbs.tags import tag_person
from accounts.view_as import verbs as view_as
from accounts.ways_in.verbs import registering
from tenancy.door import inside
from tests.accounts.authenticators import passkey_of, shown
from tests.accounts.identity_provider import FakeProvider, serving
from tests.accounts.phones import past_password, phone_of
from tests.accounts.test_links import link_to_sign_in, passwords, registration
from tests.accounts.test_single_sign_on import connected, provider_of, through
from tests.api.program import Program, program_of
from tests.api.test_accounts import ADA, LOGIN, pair_of, renewed
from tests.conftest import ON_POSTGRESQL
from tests.many import TOLD, copy, filling, seem_large
from tests.portal.test_plans import NUMBER, READ_PER_ROW, SHOWN, Plans, Writes
from tests.world import Browser, World, signed_in

GRACE = ADA | {"email": "grace@example.com"}
FEWER = NUMBER // 10  # of what few people have, or what is gone after a day or a month
SOMEBODY = "gen_random_uuid()"
KINDS: tuple[type[models.Model], ...] = (
    User, Session, SecondFactor, RecoveryCode, Passkey, PersonalAccessToken, Refusal, Registration,
    Identity, ViewAs, UserTag, Challenge,
)  # fmt: skip
TABLES = {kind._meta.db_table for kind in KINDS}


@pytest.fixture
def at(settings: Any) -> Iterator[FakeProvider]:
    settings.PRIVATE_PROVIDERS = {"127.0.0.1"}
    cache.clear()
    with serving() as provider:
        yield provider


def crowd(world: World) -> None:
    """Gives Acme a great many rows of each kind, of which Ada's and Grace's are a few."""
    with inside(world.acme):
        [session, *_], [token, *_] = Session.objects.all(), PersonalAccessToken.objects.all()
        [refusal, *_], [pending] = Refusal.objects.all(), Registration.objects.all()
        [factor], [paper, *_] = SecondFactor.of_scope.all(), RecoveryCode.of_scope.all()
        [passkey, *_], [tag] = Passkey.of_scope.all(), UserTag.objects.all()
        [identity], [view] = Identity.objects.all(), ViewAs.objects.all()
    challenge = Challenge(key="none", ends_at=timezone.now())
    challenge.save()
    number = {"id": "1000000 + n"}
    theirs, digest = {"user_id": SOMEBODY}, {"digest": "'digest-' || n"}
    with filling(*KINDS):
        email = {"email": "'customer' || n || '@example.com'", "last_name": "'Last' || n"}
        copy(world.grace, NUMBER, **email)
        copy(session, NUMBER, **number, **theirs, **digest, family=SOMEBODY)
        copy(factor, NUMBER, **number, **theirs)
        copy(paper, NUMBER, **number, **theirs, **digest)
        copy(passkey, NUMBER, **theirs, credential_id="'credential-' || n")
        copy(token, NUMBER, **theirs, **digest)
        # Of people whom nobody knows the last 50 are kept.
        copy(refusal, NUMBER, **theirs)
        copy(pending, NUMBER, email="'new' || n || '@example.com'")
        copy(identity, FEWER, **theirs, subject="'subject-' || n")
        copy(view, FEWER, customer_id=SOMEBODY, staff_id=SOMEBODY, link_digest="'digest-' || n")
        copy(tag, FEWER, **theirs)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts_challenge (key, ends_at) SELECT 'key-' || n, "
                f"now() + n * interval '1 second' FROM generate_series(1, {FEWER}) n"
            )


# A name of a table in a plan of SQLite's, and what of it is looked for.
STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING .*?)?(?: \((.*?)\))?(?: LEFT-JOIN)?$")
TABLE_FIRST = re.compile(r'.* FROM "(\w+)"')
ALIAS = re.compile(r'"([a-z]+_\w+)" ("?\w+"?)')


# What is looked for where that says nothing but the vendor, or who is not over yet: nearly all rows,
# except of views, of which few are open.
ALL = {None, "vendor_id=?"}
CURRENT = {"vendor_id=? AND ends_at>?"}
FEW_CURRENT = {ViewAs._meta.db_table}


class Scans:
    """An execute wrapper that notes which statements SQLite would carry out by reading one of these
    tables, or what one vendor has in it, from one end to the other."""

    def __init__(self, tables: Collection[str] = TABLES, too_wide: Collection[str] = ()) -> None:
        self.slow: list[str] = []
        self.tables, self.too_wide = tables, too_wide

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if not many and sql.startswith(("SELECT", "(SELECT", "UPDATE", "DELETE")):
            execute(f"EXPLAIN QUERY PLAN {sql}", params, many, context)
            for *_numbers, told in context["cursor"].cursor.fetchall():
                if self.reads_all(told, sql):
                    self.slow.append(f"{told}: {sql}")
        return execute(sql, params, many, context)

    def reads_all(self, told: str, sql: str) -> bool:
        step = STEP.match(told)
        if step is None:
            return False
        how, name, by = step.groups()
        named = {alias.strip('"'): table for table, alias in ALIAS.findall(sql)}
        if named.get(name, name) not in self.tables:
            return False
        if by in self.too_wide:
            return True
        return how == "SCAN" or by in ALL or (by in CURRENT and name not in FEW_CURRENT)


@contextmanager
def watched(
    tables: Collection[str] = TABLES, too_wide: Collection[str] = ()
) -> Iterator[list[str]]:
    """What was asked meanwhile that would read everybody's rows; on SQLite also what is looked for
    by no more than is `too_wide`."""
    slow: list[str] = []
    if not ON_POSTGRESQL:
        scans = Scans(tables, too_wide)
        with connection.execute_wrapper(scans):
            yield slow
        slow += scans.slow
        return
    plans, writes = Plans(), Writes(tables)
    with connection.execute_wrapper(plans), connection.execute_wrapper(writes):
        yield slow
    for read, sql in plans.read:
        if read > READ_PER_ROW * SHOWN and TABLE_FIRST.findall(sql)[-1] in tables:
            slow.append(f"{read} rows: {sql}")
    slow += writes.slow


def prepare(world: World, at: FakeProvider) -> dict[str, Callable[[], Any]]:
    """Gives people of Acme a row of each kind; what they then do to get in, to stay in and to look
    after their accounts."""
    acme, ada, grace = world.acme, world.ada, world.grace
    provider = provider_of(acme, at)
    phone, key = phone_of(ada), passkey_of(ada)
    link, new = link_to_sign_in(world), registration(world)
    reset = f"/password-reset/{make_token(Purpose.RESET, grace)}/"
    connected(provider, ada, "ada-1")
    program, staffs, pair = program_of(grace), program_of(world.acme_admin), pair_of(GRACE)
    signed_in(grace)
    with inside(acme):
        offered = view_as.offer(grace, staff=world.acme_support)
        refusals.note(Refusal.Kind.SIGN_IN, "WRONG_PASSWORD", user=ada)
        tag_person(ada, names=["tag"])
        other = Session.objects.filter(user=grace).latest("begun_at")
        token = PersonalAccessToken.objects.get(user=grace)
    hers, staff = signed_in(grace), signed_in(world.acme_admin)
    seat, story = past_password(ada), f"/accounts/user/{ada.pk}"

    def refused(email: str) -> Any:
        return Browser("acme").post("/login/", {"email": email, "password": "wrong"})

    return {
        "a code of the app": lambda: seat.post("/login/code/", {"code": phone.code(1)}),
        "a recovery code": lambda: past_password(ada).post(
            "/login/recovery-code/", {"code": phone.recovery[0]}
        ),
        "a passkey": lambda: shown(ada, key)[0],
        "a wrong password": lambda: refused(ada.email),
        "nobody's e-mail": lambda: refused("nobody@example.com"),
        "a provider": lambda: through(provider),
        "a page of a session": lambda: hers.get("/profile/"),
        "the devices": lambda: hers.get("/profile/sessions/"),
        "one's data": lambda: hers.get("/profile/data/"),
        "one's sign-ins": lambda: hers.get("/profile/activity/"),
        "the passkeys": lambda: hers.get("/profile/passkeys/"),
        "the second factor": lambda: hers.get("/profile/second-factor/"),
        "the tokens": lambda: hers.get("/profile/tokens/"),
        "a token": lambda: hers.get(f"/profile/tokens/{token.pk}/"),
        "a program's token": lambda: program.get("/v3/me"),
        "a program's tokens": lambda: staffs.get("/v3/personal-access-tokens"),
        "a program's sign-in goes on": lambda: renewed(pair),
        "a program's sign-in": lambda: Program().create(LOGIN, GRACE),
        "a device is signed out": lambda: hers.post(f"/profile/sessions/{other.pk}/end/"),
        "the others are signed out": lambda: hers.post("/profile/sessions/others/end/"),
        "support looks": lambda: Browser("acme").post(f"/view-as/{offered}/"),
        "a link to a new password": lambda: Browser("acme").post(reset, passwords(1)),
        "a link to sign in": lambda: Browser("acme").post(link),
        "a link is asked for": lambda: Browser("acme").post("/login/link/", {"email": ada.email}),
        "a registration": lambda: Browser("acme").post(new, passwords(2)),
        "a story": lambda: staff.get(f"{story}/story/"),
        "a phone is lost": lambda: staff.post(f"{story}/second-factor/", {"reason": "Lost."}),
        "keys are lost": lambda: staff.post(f"{story}/passkeys/", {"reason": "Lost."}),
        "somebody is switched off": lambda: switched_off(world, grace),
        "somebody is erased": lambda: erased(world, ada),
        "what has run out is deleted": chores,
    }


def switched_off(world: World, person: User) -> None:
    with inside(world.acme):
        person.is_active = False
        change_person(person=person, fields=["is_active"])


def erased(world: World, person: User) -> None:
    with inside(world.acme):
        erase_person(person=User.objects.get(pk=person.pk))


def chores() -> None:
    for clean_up in (sessions, refusals, registering, view_as):
        clean_up.clean_up_all()
    challenges.clean_up()


@pytest.mark.takes_turns
@TOLD
def test_nobody_reads_everybodys_rows(world: World, at: FakeProvider, is_told: bool) -> None:
    done = prepare(world, at)
    if ON_POSTGRESQL:
        crowd(world)
    elif is_told:
        seem_large()
    too_many = {}
    for name, act in done.items():
        with watched() as slow:
            answer = act()
        assert answer is None or answer.status_code < 400, (name, answer)
        if slow:
            too_many[name] = [re.sub(r"SELECT .* FROM", "SELECT … FROM", each) for each in slow]
    assert not too_many, "\n".join(f"{name}: {told}" for name, told in too_many.items())


@pytest.mark.skipif(ON_POSTGRESQL, reason="SQLite's planner")
def test_a_plan_that_reads_all_is_found(world: World) -> None:
    with inside(world.acme), watched() as slow:
        list(Session.objects.filter(browser="x"))
        list(Session.objects.filter(user=world.ada))
        Session.objects.filter(place="x").delete()
    assert len(slow) == 2, slow
