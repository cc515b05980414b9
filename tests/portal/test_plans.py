"""Among 100,000 licences of one vendor a customer's page reads what is the customer's.

The planner is asked about every statement of every page, as the portal's own role.
"""

import json
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from accounts.models import PersonalAccessToken, Role, User
from accounts.verbs.erasing import erase_person
from audit.models import AuditEntry, AuditParticulars
from backoffice.models import BulkChange, BulkStep, SavedView
from backoffice.pages import MOST_COUNTED
from licenses.models import (
    Activation,
    GoneMachine,
    License,
    LicenseMetadata,
    LicensePolicy,
    LicenseUser,
    MaintenancePolicy,
    Product,
    TrialActivation,
)
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license, suspend
from licenses.verbs.products import create_product
from mail.models import OutgoingEmail
from mail.recent import first_day
from offline.models import OfflineExchange
from portal.office import needs
from releases.models import Download
from tenancy.door import inside
from tenancy.finding import MOST_LOOKED_AT, MOST_NAMED
from tests.api.program import program_of
from tests.conftest import ON_POSTGRESQL
from tests.many import copy, filling, from_tables, rows_read, scans, seem_vacuumed
from tests.offline.test_pages import request_of
from tests.sql import statements_of
from tests.words import fill_words
from tests.world import PASSWORD, Browser, World, download_path, machine, signed_in, user

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="PostgreSQL's planner")
NUMBER = 100_000
PERSON = "md5('customer ' || n)::uuid"
# A page shows 25 rows; so many rows a statement may look at for each of them.
READ_PER_ROW = 4
SHOWN = 25


@pytest.fixture
def crowded(filled: World) -> World:
    """The world, in which Acme has a great many customers with licences, machines and a past, and
    Ada has 25 licences more, of which the planner knows as little as of everybody else's."""
    world = filled
    with inside(world.acme):
        [exchange] = OfflineExchange.objects.all()
        [download] = Download.objects.all()
        [token] = PersonalAccessToken.objects.all()
        [shared] = LicenseUser.objects.all()
        value = LicenseMetadata.objects.all()[0]
        [change], [step] = BulkChange.objects.all(), BulkStep.objects.all()
        [view], [policy] = SavedView.objects.all(), LicensePolicy.objects.all()
        [trial] = TrialActivation.objects.all()
        [gone] = GoneMachine.objects.all()
        email = OutgoingEmail.objects.latest("created_at")
        entry = AuditEntry.objects.filter(license_id=world.grace_license.pk).latest("sequence")
        particulars = AuditParticulars.objects.latest("created_at")
    somebody = "gen_random_uuid()"
    # Also the tables that stay small: in their indexes is what earlier tests took back, which a plan
    # would count.
    with filling(*apps.get_models()):
        copy(
            world.grace,
            NUMBER // 10,
            id=PERSON,
            email="'customer' || n || '@example.com'",
            last_name="'Last' || n",
        )
        ages = {"created_at": "now() - n * interval '1 minute'"}
        copy(world.ada_license, 25, key="'ADA-KEY-' || n", **ages)
        copy(
            world.grace_license,
            NUMBER,
            key="'KEY-' || n || '-Z' || (n * 7)",
            user_id=PERSON.replace("n", f"(mod(n, {NUMBER // 10}) + 1)"),
            expires_at="now() + n * interval '1 hour'",
            policy_id=f"'{policy.pk}'",
            **ages,
        )
        copy(
            world.ada_machine,
            NUMBER,
            license_id=f"'{world.grace_license.pk}'",
            fingerprint="'print-' || n",
            hostname="'host-' || n",
            last_synced_at="now() - n * interval '1 minute'",
            **ages,
        )
        copy(trial, NUMBER, fingerprint="'try-' || n", hostname="'host-' || n", **ages)
        copy(gone, NUMBER, hostname="'gone-' || n", gone_at=ages["created_at"], **ages)
        past = {"license_id": somebody, "customer_id": somebody, "sequence": "1000 + n"}
        copy(entry, NUMBER, **past, digest="'digest-' || n", **ages)
        copy(particulars, NUMBER // 10)
        ids = {"license_id": somebody, "user_id": somebody}
        copy(exchange, NUMBER, **ids)
        copy(download, NUMBER, **ids)
        copy(shared, NUMBER, **ids)
        copy(value, NUMBER, license_id=somebody, key="'subscription'", value="'sub-' || n")
        copy(
            token,
            NUMBER,
            digest="'digest-' || n",
            **ages,
            user_id=PERSON.replace("n", f"(mod(n, {NUMBER // 10}) + 1)"),
        )
        copy(email, NUMBER, recipient="'customer' || n || '@example.com'", **ages)
        copy(change, NUMBER // 10, label="'Change ' || n", **ages)
        copy(step, NUMBER // 10, number="n", done_at="now()")
        copy(view, NUMBER // 10, owner_id=PERSON, shared="false")
        fill_words(world.acme)
    return world


def explained(
    message: str, params: Any, measure: Callable[[Any], int] = rows_read
) -> list[tuple[int, str]]:
    """Every statement of a message, which prepared queries send together, with how many rows it
    looked at. What says the vendor to the wall is said, and not explained."""
    parts = statements_of(message)
    asked = [
        part if part.startswith("SELECT set_config") else f"EXPLAIN (ANALYZE, FORMAT JSON) {part}"
        for part in parts
    ]
    read = []
    with connection.connection.cursor() as cursor:
        cursor.execute("; ".join(asked), params)
        for number, part in enumerate(parts):
            if number:
                cursor.nextset()
            if asked[number] is part:
                continue
            [[told]] = cursor.fetchall()
            plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
            read.append((measure(plan), part))
    return read


class Plans:
    """An execute wrapper that has each statement explained and carried out, and notes how many rows
    it looked at."""

    def __init__(self, measure: Callable[[Any], int] = rows_read) -> None:
        self.read: list[tuple[int, str]] = []
        self.measure = measure

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if sql.startswith(("SELECT", "(SELECT")):
            self.read += explained(sql, params, self.measure)
        return execute(sql, params, many, context)

    def most(self) -> tuple[int, str]:
        return max(self.read)


def looked_at(act: Callable[[], Any]) -> tuple[int, str]:
    plans = Plans()
    with connection.execute_wrapper(plans):
        response = act()
        response.getvalue()  # also of a file, which is closed at its end
    assert response.status_code in {200, 302}, response.request
    return plans.most()


def visits(world: World) -> dict[str, Callable[[], Any]]:
    """Every page of a customer, and what is posted there."""
    ada = signed_in(world.ada)
    license, release = world.ada_license, world.orbit_release
    lists = ["/licenses/", "/licenses/?page=2", f"/licenses/?product={world.orbit.pk}"]
    lists += [f"/licenses/?{asked}" for asked in ("q=ADA-KEY-7", "status=active", "expiry=never")]
    lists += [f"/licenses/?sort={sort}" for sort in ("product", "-status", "seats", "expires")]
    paths = [
        *lists,
        "/",
        f"/licenses/{license.pk}/",
        f"/licenses/{license.pk}/activations/{world.ada_machine.pk}/deactivate/",
        "/offline/",
        "/licenses/machines/",
        "/licenses/machines/?q=laptop",
        "/licenses/export.csv",
        "/licenses/?q=ada-laptop",
        "/releases/",
        f"/releases/{release.pk}/",
        download_path(release),
        f"/releases/feed/{world.orbit.pk}.json",
        "/profile/",
        "/profile/activity/",
    ]
    visited: dict[str, Callable[[], Any]] = {path: (lambda p=path: ada.get(p)) for path in paths}
    feed = f"/releases/feed/{world.orbit.pk}.atom?key={license.key}"
    visited["a feed by key"] = lambda: Browser().get(feed)
    form = {"email": "ada@example.com", "password": PASSWORD}
    visited["sign-in"] = lambda: Browser().post("/login/", form)
    file = {"request_text": request_of(world)}
    visited["an offline file, looked at"] = lambda: ada.post("/offline/", file)
    visited["an offline file, answered"] = lambda: ada.post("/offline/confirm/", file)
    return visited


def test_each_statement_of_a_message_is_looked_at(world: World) -> None:
    """Also those behind the first one."""
    ada, plans = signed_in(world.ada), Plans()
    with connection.execute_wrapper(plans):
        ada.get("/licenses/")
    tables = [sql.partition(' FROM "')[2].partition('"')[0] for _read, sql in plans.read]
    assert tables == [
        "tenancy_vendor",
        "accounts_session",
        "licenses_licenseuser",
        "licenses_license",
        "licenses_license",
    ]


READ_OUT = (
    "KEY-77777-Z544439",
    "key77777z544439",
    "key 77777 z544439",
    "KEY-77777",  # its beginning
    "z544439",  # a group
    "544439",  # its end
    "4443",  # nothing
    "customer777@example.com",
    "customer777",
    "last777",
    "Last777, customer777",
    "print-77777",
    "host-77777",
    "gone-77777",
    "77777",
)
# Of a word that very many rows have, some matches are named and some rows asked, of each by several
# indexes.
MOST_READ = 5 * (MOST_NAMED + MOST_LOOKED_AT)
LISTS = {
    "/licenses/license/": ("z544439", "key"),
    "/accounts/user/": ("customer777", "example.com"),
    "/licenses/activation/": ("host-77777", "host"),
    "/audit/auditentry/": ("customer777", "GRACE1"),
    "/mail/outgoingemail/": ("customer777@example.com", "customer"),
    "/releases/download/": ("customer777", "orbit"),
    "/accounts/personalaccesstoken/": ("customer7777", "customer"),
    "/find/": ("host-77777", "host"),
}


def searches() -> dict[tuple[str, str], int]:
    """What staff search, where, and how many rows a statement may look at for it."""
    few = READ_PER_ROW * SHOWN
    searches = {("/find/", text): few for text in READ_OUT}
    for path, (rare, common) in LISTS.items():
        searches[path, rare] = few
        for text in (common, f"{common} {rare}", f"{common} {common[:3]}"):
            searches[path, text] = MOST_READ
    return searches


def licences_pages(world: World) -> Iterator[tuple[str, int]]:
    """The back office's page of one with a machine and of one with 100,000; also who suspended it.
    What entries say of people is a small table here, which the planner reads whole."""
    with inside(world.acme):
        suspend(world.ada_license)
    for license in (world.ada_license, world.grace_license):
        yield f"/licenses/license/{license.pk}/change/", 3 * READ_PER_ROW * SHOWN


NEAR = (
    "KEY-7777O-Z544439",
    "Lsat777",
    "hots-77777",
    "goen-77777",
    "gonne",  # of all
    "customer77a7@example.com",
    "a1b2c3-d4e5f6-071829-3a4b5c-6d7e8f",
    "z54443O",  # a group, and nothing like it
    "KYE-7777O",
    "KYE-1",  # of many
    "GARC",  # of all
    "IL1IL1",  # a group with very many readings
    "nothing at all is like this",
)


@pytest.mark.takes_turns
def test_what_may_be_meant_is_found_by_an_index(crowded: World) -> None:
    admin = signed_in(crowded.acme_admin)
    too_many = {}
    for text in NEAR:
        read, sql = looked_at(lambda q=text: admin.get("/find/", {"q": q}))  # type: ignore[misc]
        if read > MOST_READ:
            too_many[text] = f"{read} rows: {sql[:500]}"
    assert not too_many, "\n".join(f"{name}: {told}" for name, told in too_many.items())


# Of a list that is narrowed so many rows are counted at most, by an index.
NARROWED = MOST_COUNTED + 2 * READ_PER_ROW * SHOWN
DAYS = (
    ("/licenses/license/", "expires_at", 0),
    ("/licenses/license/", "created_at", -1),
    ("/licenses/activation/", "last_synced_at", -1),
    ("/licenses/activation/", "created_at", -1),
    ("/mail/outgoingemail/", "created_at", -1),
    ("/audit/auditentry/", "created_at", -1),
)


def narrowed() -> Iterator[str]:
    """Lists of a day, of a month, of all but a day, of none."""
    today = timezone.now().date()
    for path, name, way in DAYS:
        near = today + (way or 1) * timedelta(days=30)
        ranges = (
            (near, near),
            sorted((near, near + (way or 1) * timedelta(days=30))),
            (near, "") if way == 0 else ("", near),
            (date(2090, 1, 1), ""),
        )
        for first, last in ranges:
            yield f"{path}?{name}__from={first}&{name}__to={last}"


def work_pages(world: World) -> Iterator[tuple[str, int]]:
    """Pages of one thing and lists of few, and how many rows a statement may look at for them."""
    with inside(world.acme):
        [policy], [maintenance] = LicensePolicy.objects.all(), MaintenancePolicy.objects.all()
        step, view = BulkStep.objects.all()[0], SavedView.objects.get(shared=True)
    few = READ_PER_ROW * SHOWN
    for person in (world.ada, world.grace, world.acme_admin):
        yield f"/accounts/user/{person.pk}/story/", NARROWED
    for path in ("product", "licensepolicy", "maintenancepolicy"):
        yield f"/licenses/{path}/", few
    yield f"/licenses/product/{world.orbit.pk}/change/", NARROWED
    yield f"/licenses/licensepolicy/{policy.pk}/change/", NARROWED
    yield f"/licenses/maintenancepolicy/{maintenance.pk}/change/", NARROWED
    yield f"/licenses/license/?policy__id__exact={policy.pk}", NARROWED
    yield f"/licenses/license/?product__id__exact={world.orbit.pk}", NARROWED
    yield f"/licenses/activation/?license__user__id__exact={world.ada.pk}", few
    yield f"/licenses/activation/?license__user__id__exact={world.grace.pk}", NARROWED
    yield "/mail/owntext/", few
    yield "/mail/owntext/write/invitation/", few
    yield "/accounts/portalsettings/", few
    yield "/backoffice/bulkchange/", NARROWED
    yield f"/backoffice/bulkchange/{step.change_id}/change/", few
    yield f"/views/{view.pk}/", few


def overview(admin: Browser) -> tuple[str, int, str]:
    """The first page, with first steps: what it counts of rows, indexes alone answer. Here one
    vendor has nearly all rows, so that reading the whole table would do as well."""
    seem_vacuumed(*apps.get_models())
    plans = Plans(from_tables)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with connection.execute_wrapper(plans):
            admin.get("/")
        cursor.execute("RESET enable_seqscan")
    assert any("settled_steps" in sql for _read, sql in plans.read)
    return "/", *plans.most()


def beginning_of_result(world: World, admin: Browser) -> tuple[str, int, str]:
    """The first parts of what became of very many rows."""
    with inside(world.acme):
        step = BulkStep.objects.all()[0]
    path, plans = f"/backoffice/bulkchange/{step.change_id}/result.csv", Plans()
    with connection.execute_wrapper(plans):
        response: Any = admin.get(path)
        assert len(list(islice(response.streaming_content, 3))) == 3
    return path, *plans.most()


# Nothing else says of whom these tell: whoever erases somebody reads each of them through once.
READ_THROUGH = ("audit_auditparticulars", "backoffice_savedview", "mail_outgoingemail")
FILLED = (License, Activation, AuditEntry, OfflineExchange, Download, LicenseUser, OutgoingEmail)
FULL = frozenset(kind._meta.db_table for kind in FILLED)


class Writes:
    """An execute wrapper that notes which statements would change rows of a full table without
    an index of it."""

    def __init__(self, tables: Collection[str] = FULL) -> None:
        self.slow: list[str] = []
        self.tables = set(tables)

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if sql.startswith(("UPDATE", "DELETE")):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                [[[told]]] = cursor.fetchall()
            whole = {
                step["Relation Name"]
                for step in scans(told["Plan"])
                if step["Node Type"] == "Seq Scan"
            }
            self.slow += [sql] * bool(whole & self.tables)
        return execute(sql, params, many, context)


def erasing(world: World) -> list[str]:
    """Erases a customer with licences, machines and e-mails among very many; what reads or changes
    more than is the customer's, and looks through a table more than once."""
    plans, writes = Plans(), Writes()
    with inside(world.acme):
        person = User.objects.get(email="customer777@example.com")
        with connection.execute_wrapper(plans), connection.execute_wrapper(writes):
            erase_person(person=person)
        assert not License.objects.filter(user=person.pk).exists()
    through = [sql for read, sql in plans.read if read > 2 * READ_PER_ROW * SHOWN]
    for table in READ_THROUGH:
        once = [sql for sql in through if sql.partition(' FROM "')[2].startswith(f'{table}"')]
        through = [sql for sql in through if sql not in once[:1]]
    return through + writes.slow


def operators_pages(world: World) -> Iterator[tuple[str, int]]:
    """What operators ask for about a vendor."""
    yield "/tenancy/vendor/", READ_PER_ROW * SHOWN
    yield f"/tenancy/vendor/{world.acme.pk}/change/", NARROWED
    yield f"/tenancy/vendor/{world.acme.pk}/suspend/", NARROWED


def office_visits(world: World) -> Iterator[tuple[str, int]]:
    """What staff ask for, and how many rows a statement may look at for it."""
    for (path, text), most in searches().items():
        yield f"{path}?{urlencode({'q': text})}", most
    few = READ_PER_ROW * SHOWN
    yield from licences_pages(world)
    yield f"/licenses/license/?user__id__exact={world.ada.pk}", few
    yield from ((path, NARROWED) for path in narrowed())
    yield (
        f"/mail/outgoingemail/?state__exact=failed&created_at__from={first_day(timezone.now())}",
        few,
    )
    yield from work_pages(world)


def reads_no_tags(world: World) -> Browser:
    """Somebody of Acme's who may read the audit trail, but for tags."""
    with inside(world.acme):
        claims = ["audit.view_auditentry"]
        Role.objects.create(vendor=world.acme, name="Auditor", claims=claims)
        return signed_in(user(world.acme, "auditor@acme.example", role="Auditor"))


# Of a list of the Web API its rows are counted, and of what it shows each is read once more with
# whatever hangs on it.
COUNTED = 2 * NUMBER
PROGRAMS = {
    "/v3/licenses": COUNTED,
    "/v3/licenses?sort=-createdAt&limit=100": COUNTED,
    "/v3/licenses?key=key 77777 z544439": READ_PER_ROW * SHOWN,
    "/v3/licenses?licenseKey=KEY-77777-Z544439": READ_PER_ROW * SHOWN,
    "/v3/licenses?user.email=customer777@example.com": READ_PER_ROW * SHOWN,
    "/v3/licenses?userId={grace}": READ_PER_ROW * SHOWN,
    "/v3/licenses?metadataKey=nothing&metadataValue=x": READ_PER_ROW * SHOWN,
    "/v3/licenses?metadata.key[eq]=subscription&metadata.value[eq]=sub-777": READ_PER_ROW * SHOWN,
    "/v3/automated-emails": COUNTED,
    "/v3/automated-email-event-logs?sort=-createdAt": COUNTED,
    "/v3/automated-email-event-logs?to=customer777@example.com": READ_PER_ROW * SHOWN,
    "/v3/licenses?tag=nothing": READ_PER_ROW * SHOWN,
    "/v3/licenses?query=z544439": READ_PER_ROW * SHOWN,
    "/v3/licenses/{license}": READ_PER_ROW * SHOWN,
    "/v3/users": COUNTED,
    "/v3/users?email=customer777@example.com": READ_PER_ROW * SHOWN,
    "/v3/users?productId={orbit}": COUNTED,
    "/v3/users?productId={rare}": READ_PER_ROW * SHOWN,
    "/v3/users?tag=nothing": READ_PER_ROW * SHOWN,
    "/v3/users?activation.appVersion=nothing": READ_PER_ROW * SHOWN,
    "/v3/users?metadataKey=nothing&metadataValue=x": COUNTED,
    "/v3/activations": COUNTED,
    "/v3/activations?fingerprint=print-777": READ_PER_ROW * SHOWN,
    "/v3/activations?licenseId={license}": READ_PER_ROW * SHOWN,
    "/v3/activations?userId={ada}": READ_PER_ROW * SHOWN,
    "/v3/activations?productId={orbit}": COUNTED + NUMBER,
    "/v3/activations?productId={rare}": READ_PER_ROW * SHOWN,
    "/v3/activations?query=host-77777": READ_PER_ROW * SHOWN,
    "/v3/activations?metadataKey=nothing&metadataValue=x": COUNTED,
    "/v3/activation-logs": COUNTED,
    "/v3/activation-logs?licenseId={license}": READ_PER_ROW * SHOWN,
    "/v3/activation-logs?productId={orbit}": COUNTED + NUMBER,
    "/v3/activation-logs?productId={rare}": READ_PER_ROW * SHOWN,
    "/v3/activation-logs?query=KEY-77777-Z544439": READ_PER_ROW * SHOWN,
    "/v3/trial-activations": COUNTED,
    "/v3/trial-activations?fingerprint=try-777": READ_PER_ROW * SHOWN,
    "/v3/trial-activations?productId={orbit}": COUNTED,
    "/v3/trial-activations?productId={rare}": READ_PER_ROW * SHOWN,
    "/v3/event-logs": COUNTED,
    "/v3/event-logs?sort=-createdAt&limit=100": COUNTED,
    "/v3/event-logs?action=nothing": READ_PER_ROW * SHOWN,
    "/v3/event-logs?resourceId={license}": READ_PER_ROW * SHOWN,
    "/v3/event-logs?licenseId={license}": READ_PER_ROW * SHOWN,
    "/v3/event-logs?userId={ada}": READ_PER_ROW * SHOWN,
    "/v3/releases": READ_PER_ROW * SHOWN,
    "/v3/releases?productId={orbit}": READ_PER_ROW * SHOWN,
    "/v3/personal-access-tokens": READ_PER_ROW * SHOWN,
    "/v3/roles": READ_PER_ROW * SHOWN,
    "/v3/tags": READ_PER_ROW * SHOWN,
    # They count rows of a kind, which is what they are for: each once.
    "/v3/analytics/licenses": COUNTED,
    "/v3/analytics/stats": COUNTED,
    "/v3/analytics/activations": COUNTED,
    "/v3/analytics/activations?productId={orbit}": COUNTED + NUMBER,
    "/v3/analytics/activations?productId={rare}": READ_PER_ROW * SHOWN,
    "/v3/analytics/activations/app-version": COUNTED,
    "/v3/analytics/activations/os": COUNTED,
    "/v3/analytics/activations/os?licenseId={license}": READ_PER_ROW * SHOWN,
    "/v3/analytics/activations/os?productId={rare}": READ_PER_ROW * SHOWN,
    "/v3/analytics/activations/os-version": COUNTED,
    "/v3/analytics/activations/vm-name": COUNTED,
    "/v3/analytics/trial-activations": COUNTED,
}


@pytest.mark.takes_turns
def test_what_is_asked_of_a_great_many_rows_is_found_by_an_index(crowded: World) -> None:
    """No statement of a customer reads what is somebody else's; what is read out to support is found
    at once, searching and narrowing a list is bounded, and a page reads what it shows. One test,
    since making the rows takes the time."""
    admin = signed_in(crowded.acme_admin)
    too_many = {}
    for name, visit in visits(crowded).items():
        read, sql = looked_at(visit)
        if read > READ_PER_ROW * SHOWN:
            too_many[name] = f"{read} rows: {sql[:3000]}"
    for path, most in office_visits(crowded):
        read, sql = looked_at(lambda p=path: admin.get(p))  # type: ignore[misc]
        if read > most:
            too_many[path] = f"{read} rows: {sql[:3000]}"
    trail, clerk = "/audit/auditentry/", reads_no_tags(crowded)
    read, sql = looked_at(lambda: clerk.get(trail))
    if read > 3 * NARROWED:  # counted as a narrowed list is, with what is said of people
        too_many[f"{trail} without tags"] = f"{read} rows: {sql[:3000]}"
    operator = signed_in(crowded.operator)
    for path, most in operators_pages(crowded):
        read, sql = looked_at(lambda p=path: operator.get(p))  # type: ignore[misc]
        if read > most:
            too_many[path] = f"{read} rows: {sql[:3000]}"
    program = program_of(crowded.acme_admin)
    with inside(crowded.acme):
        rare = create_product(Product(vendor=crowded.acme, name="Rare"))
        license = create_license(product=rare, user=crowded.ada, allowed_activations=1)
        activate(license, machine("rare"))
    ids = {
        "grace": crowded.grace.pk,
        "ada": crowded.ada.pk,
        "license": crowded.ada_license.pk,
        "orbit": crowded.orbit.pk,
        "rare": rare.pk,
    }
    for path, most in PROGRAMS.items():
        read, sql = looked_at(partial(program.get, path.format(**ids)))
        if read > most:
            too_many[path] = f"{read} rows: {sql[:3000]}"
    for path, read, sql in (overview(admin), beginning_of_result(crowded, admin)):
        if read > READ_PER_ROW * SHOWN:
            too_many[path] = f"{read} rows: {sql[:3000]}"
    assert not too_many, "\n".join(f"{name}: {told}" for name, told in too_many.items())
    assert erasing(crowded) == []
    # What needs somebody.
    plans = Plans()
    with inside(crowded.acme), connection.execute_wrapper(plans):
        needs.count(timezone.now())
    for table in ("licenses_seatrequest", "mail_outgoingemail", "branding_customdomain"):
        [read] = [rows for rows, sql in plans.read if f'"{table}"' in sql]
        assert read <= READ_PER_ROW, table
