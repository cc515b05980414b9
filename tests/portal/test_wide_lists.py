"""Among 100,000 licences, customers, machines and tags of one vendor lists that are narrowed by a tag,
their last pages, what is exported, charted, taken along and searched, and customers' pages read what
they are about, on both databases.

PostgreSQL counts the rows that each statement looked at; SQLite the steps of its machine, some ten for
each row that is passed by and fifty for one that is shown, and is told before how large tables are,
as a worker does every hour.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from accounts.models import Tag, User, UserTag
from accounts.tagged import MOST_RARE
from accounts.verbs.tags import tag_person
from backoffice.lists import MOST_OFFERED
from licenses.models import Activation, License, LicenseTag, LicenseUser
from licenses.verbs.details import tag_license
from mail.models import OutgoingEmail
from portal.office.find import LOOKED_AT
from releases.models import Download
from tenancy.door import inside
from tenancy.sqlite import statistics
from tests.conftest import ON_POSTGRESQL
from tests.many import copy, filling, id_by, minutes_ago, of
from tests.portal.test_plans import MOST_READ, NARROWED, NUMBER, READ_PER_ROW, SHOWN, Plans, visits
from tests.words import fill_words
from tests.world import World, signed_in

# A filter looks whether there are more rows than it offers.
FEW = READ_PER_ROW * SHOWN + MOST_OFFERED
# Of a list that is narrowed by a tag its rows are counted, each by an index of the tag and one of
# the list.
COUNTED = 2 * NARROWED
# Each row of the vendor once, or twice where it is joined.
ALL = 2 * NUMBER
CHARTED = 4 * (NUMBER + SHOWN)
STEPS = 50  # of SQLite's machine, that a row may take
EVERY = 50  # so many steps it counts at a time


class Steps:
    """An execute wrapper that notes after how many steps SQLite had the rows of each statement."""

    def __init__(self) -> None:
        self.read: list[tuple[int, str]] = []
        self.sql, self.steps = "", 0

    def count(self) -> int:
        self.steps += EVERY
        return 0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.note(sql)
        return execute(sql, params, many, context)

    def note(self, sql: str = "") -> None:
        self.read.append((self.steps // STEPS, self.sql))
        self.sql, self.steps = sql, 0


@contextmanager
def looking() -> Iterator[list[tuple[int, str]]]:
    """What is read meanwhile: rows, and the statement."""
    if ON_POSTGRESQL:
        plans = Plans()
        with connection.execute_wrapper(plans):
            yield plans.read
        return
    steps = Steps()
    connection.connection.set_progress_handler(steps.count, EVERY)
    with connection.execute_wrapper(steps):
        yield steps.read
    steps.note()
    connection.connection.set_progress_handler(None, 0)


def crowd(world: World) -> dict[str, UUID]:
    """Gives Acme very many rows, each customer a licence with a machine; its tags, of which one is
    on all of them, one on each 150th and one on four. (Of a tag on each hundredth PostgreSQL
    finds it as dear to look up its rows as to read the table once, and does now this, now that.)"""
    names = ["all", "some", "few"]
    with inside(world.acme):
        tag_license(world.ada_license, names=names)
        tag_person(world.ada, names=names)
        tags = dict(Tag.objects.filter(name__in=names).values_list("name", "pk"))
        on_license = LicenseTag.objects.filter(license=world.ada_license)[0]
        on_person = UserTag.objects.filter(user=world.ada)[0]
        [shared], [download] = LicenseUser.objects.all(), Download.objects.all()
        email = OutgoingEmail.objects.create(
            vendor=world.acme, kind="license", recipient=world.ada.email, user=world.ada
        )
    ages = {"created_at": minutes_ago("n")}
    license, person = id_by("'licence ' || n"), id_by("'person ' || n")
    both = {"license_id": license, "user_id": person}
    kinds = (User, License, Activation, LicenseTag, UserTag, LicenseUser, Download,
             OutgoingEmail)  # fmt: skip
    with filling(*kinds):
        copy(world.grace, NUMBER, id=person, email="'customer' || n || '@example.com'", **ages)
        key, ends = "'KEY-' || n || '-Z' || (n * 7)", minutes_ago("-n")
        copy(world.grace_license, NUMBER, id=license, key=key, expires_at=ends,
             user_id=person, **ages)  # fmt: skip
        copy(world.ada_machine, NUMBER, license_id=license, fingerprint="'print-' || n", **ages)
        for row, name, id in (
            (on_license, "license_id", license),
            (on_person, "user_id", person),
        ):
            copy(row, NUMBER, tag_id=of(tags["all"]), **{name: id})
            each = id.replace("|| n", "|| (n * 150)")
            copy(row, NUMBER // 150, tag_id=of(tags["some"]), **{name: each})
            each = id.replace("|| n", "|| (n * 30000)")
            copy(row, 3, tag_id=of(tags["few"]), **{name: each})
        copy(shared, NUMBER, **both)
        copy(download, NUMBER, **both)
        copy(email, NUMBER, user_id=person, recipient="'customer' || n || '@example.com'", **ages)
    if ON_POSTGRESQL:
        fill_words(world.acme)
    else:
        words_of_people(world)
        assert statistics.gather() == len(kinds) + 1
    return tags


def words_of_people(world: World) -> None:
    """As `fill_words`, of those who were added."""
    person = id_by("'person ' || n")
    with connection.cursor() as cursor:
        for word in ("'customer' || n || 'examplecom'", "'examplecom'"):
            cursor.execute(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers "
                f"WHERE n < {NUMBER}) INSERT INTO accounts_userword (vendor_id, word, user_id) "
                f"SELECT {of(world.acme.pk)}, {word}, {person} FROM numbers"
            )


LISTS = ("/licenses/license/", "/accounts/user/")


def cases(world: World, tags: dict[str, UUID]) -> Iterator[tuple[str, Any, int]]:
    """What is asked, by whom, and how many rows a statement may look at for it."""
    admin, ada = signed_in(world.acme_admin), signed_in(world.ada)
    of_tag = {"all": COUNTED, "some": COUNTED, "few": FEW}
    for path in LISTS:
        for name, tag in tags.items():
            for more in ("", "&p=last", "&o=1", "&o=-1&p=last", "&o=3"):
                yield f"{path}?tag={tag}{more}", admin, of_tag[name]
            yield f"{path}?tag={tag}&q=customer30000", admin, FEW + MOST_RARE
        yield path, admin, NARROWED
        yield f"{path}?p=last", admin, NARROWED
        yield f"{path}?q=customer77777", admin, FEW
        yield f"{path}?q=example.com", admin, MOST_READ
        yield f"{path}export.csv?tag={tags['few']}", admin, of_tag["few"]
        yield f"{path}export.csv?tag={tags['some']}", admin, ALL
    of_ada = f"/mail/outgoingemail/?user__id__exact={world.ada.pk}"
    for more in ("", "&p=last", "&o=3", "&state__exact=queued"):
        yield f"{of_ada}{more}", admin, FEW
    yield "/", admin, CHARTED
    # A machine of that very name is looked for in the order of the list, by SQLite; and in the
    # subjects of the newest e-mails.
    yield "/find/?q=customer777", admin, LOOKED_AT if ON_POSTGRESQL else COUNTED
    for table in ("licences", "machines", "downloads"):
        yield f"/profile/data/{table}.csv", ada, FEW


@pytest.mark.takes_turns
def test_nothing_reads_far_more_than_it_is_about(filled: World) -> None:
    """One test, since making the rows takes the time."""
    tags = crowd(filled)
    acts = {path: (partial(browser.get, path), most) for path, browser, most in cases(filled, tags)}
    if not ON_POSTGRESQL:  # there tests/portal/test_plans.py looks at them
        acts |= {name: (act, FEW) for name, act in visits(filled).items()}
    too_many = {}
    for name, (act, most) in acts.items():
        with looking() as read:
            response = act()
            response.getvalue()
        rows, sql = max(read)
        if rows > most:
            too_many[name] = f"{rows} rows: {sql[:2000]}"
    assert not too_many, "\n".join(f"{name}: {told}" for name, told in too_many.items())


@pytest.mark.skipif(ON_POSTGRESQL, reason="SQLite's planner")
def test_what_sqlite_is_told_of_small_tables_is_nothing(filled: World) -> None:
    """Else it would read them from one end to the other, also once they are large."""
    assert statistics.gather() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1")
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM licenses_licenseuser WHERE vendor_id = '' AND id = ''"
        )
        [[*_numbers, told]] = cursor.fetchall()
    assert told.startswith("SEARCH")
