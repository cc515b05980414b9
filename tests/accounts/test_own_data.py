"""What the portal keeps of a customer: seen by herself, and taken along as CSV, JSON and one ZIP."""

import csv
import io
import json
import tracemalloc
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Identity, IdentityProvider, User
from accounts.own_data.files import csv_of
from accounts.own_data.own import ACTIVITY
from accounts.own_data.tables import TABLES
from accounts.single_sign_on.verbs import create_provider
from accounts.tokens import verbs as tokens
from accounts.verbs import sessions
from accounts.verbs.own_data import ARCHIVE
from accounts.view_as import verbs as view_as
from audit import trail
from audit.acting import Actor, Source, acting, acting_as
from audit.models import AuditEntry
from audit.words import LISTS
from licenses.models import LicenseUser
from licenses.verbs.activations import activate
from licenses.verbs.details import share
from licenses.verbs.licenses import create_license, suspend
from mail.outbox import queue
from offline.verbs.answering import answer
from releases.files.ranges import ByteRange
from releases.verbs.downloads import record
from tenancy.door import inside
from tenancy.hosts import Site
from tests.accounts.authenticators import add_row, passkey_of
from tests.mail.test_keeping import try_out
from tests.offline.requests_maker import MachineKeys
from tests.world import Browser, World, download_path, file_of, machine, set_vendor, signed_in

NAMES = [
    "profile",
    "sessions",
    "passkeys",
    "access-tokens",
    "single-sign-on",
    "activity",
    "licences",
    "machines",
    "offline-files",
    "downloads",
    "e-mails",
]
IP, STAFFS_IP = "192.0.2.77", "192.0.2.9"


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def table(browser: Browser, name: str) -> list[dict[str, Any]]:
    """The table as JSON; as CSV it has the same cells."""
    answer = browser.get(f"/profile/data/{name}.json")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.json"'
    rows: list[dict[str, Any]] = json.loads(body(answer))
    text = body(browser.get(f"/profile/data/{name}.csv")).decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(text)))
    assert cells[0] == list(TABLES[name].columns)
    assert len(cells) - 1 == len(rows) + (name == "activity")  # the first was recorded meanwhile
    return rows


def connected(person: User, subject: str) -> None:
    """By an identity provider that is there, or is new."""
    assert person.vendor is not None
    provider = IdentityProvider.objects.first() or create_provider(
        IdentityProvider(vendor=person.vendor, name="Example ID", issuer="https://id.example")
    )
    Identity.objects.create(
        vendor=person.vendor,
        provider=provider,
        user=person,
        issuer=provider.issuer,
        subject=subject,
    )


@pytest.fixture
def adas(world: World) -> Browser:
    """Ada of Acme, who has signed in, handed in a file, downloaded one and been looked at; so has
    Grace, and of her nothing is to be found."""
    for person, name in ((world.ada, "ada"), (world.grace, "grace")):
        passkey_of(person)
        with inside(world.acme):
            tokens.write(person, name="Nightly", scopes=["user:read"])
        own, license = signed_in(person), getattr(world, f"{name}_license")
        Browser("acme").post(
            "/login/",
            {"email": person.email, "password": "correct horse battery"},
            REMOTE_ADDR=IP,
            HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Firefox/131.0",
        )
        text = MachineKeys().activation(world.orbit.pk, license.key, f"{name}s-clean-room")
        own.post("/offline/confirm/", {"request_text": text})
        body(own.get(download_path(world.orbit_release), REMOTE_ADDR=IP))
        Browser("acme").post("/password-reset/", {"email": person.email})
        with inside(world.acme):
            connected(person, f"{name}-1")
            view_as.begin(world.acme, view_as.offer(person, staff=world.acme_support))
    admin = Actor(source=Source.BACKOFFICE, ip=STAFFS_IP, who=lambda: world.acme_admin)
    with inside(world.acme), acting(admin):
        suspend(world.ada_license)
    return signed_in(world.ada)


def test_every_table_has_her_rows_and_nobody_elses(world: World, adas: Browser) -> None:
    assert set(TABLES) == set(NAMES)
    found = {name: table(adas, name) for name in NAMES}
    assert all(found.values()), found
    told = json.dumps(found)
    for other in ("grace", "GRACE1", "admin@acme", "support@acme.example (", STAFFS_IP, "bob"):
        assert other not in told, other
    [profile] = found["profile"]
    assert (profile["email"], profile["last_name"]) == ("ada@example.com", "Lovelace")
    assert {row["key"] for row in found["licences"]} == {"ADA111-ACME-ORBIT-0001"}
    assert {row["host_name"] for row in found["machines"]} == {"ada-laptop", "adas-clean-room"}
    assert [row["machine"] for row in found["offline-files"]] == ["adas-clean-room"]
    assert [(row["file"], row["from"]) for row in found["downloads"]] == [("orbit-1.2.0.bin", IP)]
    assert [row["subject"] for row in found["single-sign-on"]] == ["ada-1"]
    what = {row["what"]: row for row in found["activity"]}
    assert {"Signed in", "Machine activated", "Suspended", "Support looked at your portal"} <= {
        *what
    }
    assert (what["Signed in"]["from"], what["Signed in"]["browser"]) == (IP, "Firefox on Linux")
    assert (what["Suspended"]["from"], what["Suspended"]["by"]) == ("", "Acme Instruments")


def test_pages_show_the_same(world: World, adas: Browser) -> None:
    assert "Show your data" in adas.get("/profile/").content.decode()
    page = adas.get("/profile/data/").content.decode()
    for name in NAMES:
        assert f"/profile/data/{name}/" in page
        shown = adas.get(f"/profile/data/{name}/").content.decode()
        assert "grace" not in shown
        assert "Nothing yet" not in shown
    assert adas.get("/profile/data/nonsense/").status_code == 404
    assert adas.get("/profile/data/nonsense.csv").status_code == 404


def test_the_page_says_how_to_be_erased(world: World) -> None:
    page = signed_in(world.ada).get("/profile/data/").content.decode()
    assert (
        'To have your account erased, with what is kept of you, write to <a href="mailto:' in page
    )
    set_vendor(world.acme, support_email="")
    page = signed_in(world.ada).get("/profile/data/").content.decode()
    assert "with what is kept of you, ask Acme Instruments." in page


def test_the_archive_has_every_table_twice_and_says_what_they_are(
    world: World, adas: Browser
) -> None:
    answer = adas.get("/profile/data/archive.zip")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="acme-my-data.zip"'
    with ZipFile(io.BytesIO(body(answer))) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    forms = {f"{name}.{form}" for name in NAMES for form in ("csv", "json")}
    assert set(files) == {"README.txt", *forms}
    assert "ada@example.com" in files["README.txt"]
    for name in NAMES:
        assert f"{name}.csv, {name}.json" in files["README.txt"]
        rows = json.loads(files[f"{name}.json"])
        assert len(list(csv.reader(io.StringIO(files[f"{name}.csv"])))) == len(rows) + 1
        for column in TABLES[name].columns:
            assert f"  {column}: " in files["README.txt"]
    assert "grace" not in str(files)


def test_no_link_in_it_opens_anything(world: World, adas: Browser) -> None:
    reset = next(row for row in table(adas, "e-mails") if row["what"] == "Link for a new password")
    assert "[link taken out]" in reset["text"]
    for word in str(table(adas, "e-mails")).split():
        if "://" in word:
            try_out(word)


def test_it_does_not_tell_whether_somebody_has_an_address(world: World) -> None:
    """An e-mail to an address that was typed reads otherwise when that is another's."""
    queue("email-change", user=world.ada, recipient="grace@example.com")
    queue("email-change", user=world.ada, recipient="nobody@example.com")
    rows = table(signed_in(world.ada), "e-mails")
    assert {(row["subject"], row["text"], bool(row["sent"])) for row in rows} == {("", "", True)}


def test_formulas_are_defused_in_csv_and_as_they_are_in_json(world: World) -> None:
    browser = signed_in(world.ada)
    browser.post("/profile/", {"first_name": "=1+1", "last_name": "@x", "company": "+y"})
    [row] = table(browser, "profile")
    assert (row["first_name"], row["company"]) == ("=1+1", "+y")
    text = body(browser.get("/profile/data/profile.csv")).decode()
    assert '"\'=1+1","\'@x","\'+y"' in text


def test_what_is_shared_with_her_says_nothing_of_its_owner(world: World) -> None:
    with inside(world.acme):
        share(LicenseUser(vendor=world.acme, license=world.grace_license, user=world.ada))
    browser = signed_in(world.ada)
    assert len(table(browser, "licences")) == 2
    assert {row["host_name"] for row in table(browser, "machines")} == {"ada-laptop"}


def test_it_is_recorded_and_seen(world: World) -> None:
    browser = signed_in(world.ada)
    browser.get("/profile/data/downloads.csv")
    browser.get("/profile/data/archive.zip")
    with inside(world.acme):
        entries = AuditEntry.objects.filter(action="own-data-taken").order_by("sequence")
        assert [entry.details for entry in entries] == [{"list": "downloads"}, {"list": "archive"}]
    page = browser.get("/profile/activity/").content.decode()
    for told in ("downloads", "everything"):
        assert f'Own data downloaded<span class="what">: {told}</span>' in page


def test_what_was_taken_is_told_in_words() -> None:
    for name in (*TABLES, ARCHIVE):
        assert str(LISTS[name]).replace(" ", "-") in (name, "everything"), name


def test_it_is_limited(world: World) -> None:
    browser = signed_in(world.ada)
    codes = [browser.get("/profile/data/archive.zip").status_code for _try in range(6)]
    assert codes == [200] * 5 + [429]
    codes = [browser.get("/profile/data/profile.json").status_code for _try in range(41)]
    assert codes == [200] * 40 + [429]
    assert signed_in(world.grace).get("/profile/data/archive.zip").status_code == 200


def test_the_other_vendors_namesake_has_her_own(world: World) -> None:
    [row] = table(signed_in(world.ada_of_globex), "licences")
    assert row["key"] == "ADA222-GLOBEX-QUILL-01"


@pytest.mark.takes_turns
def test_much_needs_no_more_memory_than_little(world: World) -> None:
    def taken() -> int:
        tracemalloc.start()
        with inside(world.acme):
            for _part in csv_of(ACTIVITY, world.ada, world.acme):
                pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    def changes(number: int) -> None:
        trail.record_all(
            trail.Draft(
                action="changed",
                row=world.ada,
                changes={"company": ["", f"{n}" * 100]},
                visible=True,
            )
            for n in range(number)
        )

    with inside(world.acme), acting_as(world.ada):
        changes(200)
        few = taken()
        changes(800)
        assert taken() < few * 1.5


@pytest.mark.parametrize("name", NAMES)
def test_a_table_takes_as_many_queries_for_many_rows_as_for_one(
    world: World, adas: Browser, name: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            adas.get(f"/profile/data/{name}/")
        return len(found)

    queries()  # whoever is seen again is noted
    few = queries()
    with inside(world.acme):
        more(world, name)
    assert queries() == few


def more(world: World, name: str) -> None:
    """Two more rows of the table."""
    ada = User.objects.get(pk=world.ada.pk)
    for n in range(2):
        if name == "sessions":
            sessions.begin(ada, site=Site.CUSTOMER, browser=f"browser {n}")
        if name == "passkeys":
            add_row(ada)
        if name == "access-tokens":
            tokens.write(ada, name=f"Program {n}", scopes=["user:read"])
        if name == "single-sign-on":
            connected(ada, f"more-{n}")
        if name == "activity":
            trail.record("signed-out", ada, visible=True)
        if name == "licences":
            create_license(product=world.orbit, user=ada)
        if name == "machines":
            activate(create_license(product=world.spectra, user=ada), machine(f"more-{n}"))
        if name == "offline-files":
            license = create_license(product=world.orbit, user=ada)
            answer(ada, MachineKeys().activation(world.orbit.pk, license.key, "again"))
        if name == "downloads":
            record(
                file_of(world.orbit_release),
                user=ada,
                license=world.ada_license,
                ip=IP,
                granted=ByteRange(n, n + 1),
            )
        if name == "e-mails":
            queue("password-reset", user=ada)
