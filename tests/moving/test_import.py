"""What moves in from a v3 host: our own, of which another vendor is the source."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Role, User
from accounts.verbs.erasing import erase_person
from audit.chain import verify
from audit.models import AuditEntry
from licenses.models import (
    Activation,
    License,
    LicensePolicy,
    LicenseUser,
    Product,
    TrialActivation,
)
from licenses.verbs.activations import Machine
from licenses.verbs.licenses import suspend
from licenses.verbs.trials import try_product
from mail.models import OutgoingEmail, OwnText
from mail.texts import TEXTS
from mail.verbs.texts import write
from moving.errors import BadSource, MovesAlready
from moving.models import Move, Remark, Taken
from moving.nouns import NOUNS
from moving.verbs import moves, writing
from moving.words import name_of
from releases.files.shelf import local_path
from releases.models import ReleaseFile
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.transactions import in_steps
from tests.moving.conftest import TRIED
from tests.moving.source import TOKEN, FakeSource, other, said_to, serving
from tests.secrets import Kept
from tests.world import CONTENT, NOW, World, signed_in
from webhooks.events import EVENTS
from webhooks.models import Delivery, Webhook
from webhooks.verbs.webhooks import create_webhook

pytestmark = pytest.mark.takes_turns  # each moves a vendor in


@pytest.fixture
def moved(world: World, source: FakeSource) -> Iterator[World]:
    """The world after one move from acme, inside globex's scope."""
    with inside(world.globex):
        move(world, source)
        yield world


def move(world: World, source: FakeSource) -> Move:
    row = moves.begin(world.globex, address=source.address, token=TOKEN, by_jobs=False)
    run(row)
    return row


def run(row: Move) -> None:
    while (moves.advance(row, TOKEN, until=monotonic() + 60)) is not None:
        pass


def counted(row: Move) -> dict[str, int]:
    """What became of all rows together."""
    told: dict[str, int] = {}
    for counts in row.counts.values():
        for name, number in counts.items():
            told[name] = told.get(name, 0) + number
    return told


def test_everything_comes_with_its_ids_and_keys(moved: World, source: FakeSource) -> None:
    row = Move.objects.get()
    assert row.state == Move.State.DONE
    told = source.row("licenses", key="ADA111-ACME-ORBIT-0001")
    license = License.objects.get(pk=told["id"])
    assert license.key == told["key"]
    assert str(license.product_id) == told["productId"]
    assert license.allowed_activations == told["allowedActivations"]
    assert license.notes == told["notes"]
    # Ada is at globex already, by the same e-mail: the licence is hers.
    assert license.user == moved.ada_of_globex
    said = {(each["key"], each["value"], each["visible"]) for each in told["metadata"]}
    assert set(license.metadata.values_list("key", "value", "visible")) == said
    assert said
    meters = {each["name"]: each["totalUses"] for each in told["meterAttributes"]}
    assert dict(license.meter_attributes.values_list("name", "total_uses")) == meters
    grace = User.objects.get(pk=source.row("users", email="grace@example.com")["id"])
    assert not grace.has_usable_password()
    machine = Activation.objects.get(pk=other(moved.ada_machine.pk))
    assert machine.fingerprint == moved.ada_machine.fingerprint
    assert license.total_activations == license.activations.count() == told["totalActivations"]
    assert License.objects.get(pk=other(moved.ada_license.pk)).first_activated_at
    file = ReleaseFile.objects.get(release=other(moved.orbit_release.pk))
    path = local_path(file.key)
    assert path is not None
    assert path.read_bytes() == CONTENT
    assert verify(moved.globex).faults == []


def test_features_and_webhooks_come_too(moved: World) -> None:
    license = License.objects.get(pk=other(moved.ada_license.pk))
    version = license.product_version
    assert version is not None
    assert (version.name, version.display_name) == ("pro", "Professional")
    [feature] = version.features.all()
    assert (feature.flag.name, feature.enabled, feature.data) == ("export", True, "7")
    hook = Webhook.objects.get(name="Shop")
    assert (hook.secret, hook.events) == ("a-secret-of-theirs", ["license.created"])
    assert not hook.active
    assert "off here" in Remark.objects.get(noun="webhooks").sentence


# What is said otherwise here: whose it is, at which address, by which key, whether it is on.
DIFFERS = {"updatedAt", "tenantId", "url", "publicKey", "active"}
# Of the vendor are ids of texts, which are asked for by their occasion, and of the installation
# roles that are built in.
OWN = (Role, OwnText)
# Whoever was there already stays as he is, and of roles those that are built in.
HERE_ALREADY = {"ada@example.com", "admin@acme.example", "support@acme.example"}


def test_our_own_host_says_the_same_of_both(moved: World, source: FakeSource) -> None:
    """Member by member, noun by noun, as a program asks."""
    here = said_to(moved.globex_admin)
    for noun in (noun for noun in NOUNS if noun.model not in OWN):
        rows = {row["id"]: alike(row) for row in json.loads(here[noun.path])}
        told = [row for row in source.lists[noun.path] if row.get("email") not in HERE_ALREADY]
        assert told
        assert [rows[row["id"]] for row in told] == [alike(row) for row in told]


def alike(said: Any) -> Any:
    """What has to be the same on both sides."""
    if isinstance(said, list):
        return [alike(each) for each in said]
    if not isinstance(said, dict):
        return said
    if said.get("email") in HERE_ALREADY:
        return said["email"]
    return {name: alike(value) for name, value in said.items() if name not in DIFFERS}


def test_a_trial_that_is_over_is_not_begun_again(moved: World) -> None:
    """Neither on the moved product, nor by an offline file; another machine may try it."""
    told = TrialActivation.objects.get(fingerprint=TRIED)
    assert (told.hostname, told.country, told.offline) == ("trying", "DE", True)
    assert told.expires_at == NOW - timedelta(days=3)
    product = Product.objects.get(pk=other(moved.orbit.pk))
    again = try_product(product.pk, Machine(fingerprint=TRIED, os="linux"))
    assert (again.pk, again.is_over) == (told.pk, True)
    another = try_product(product.pk, Machine(fingerprint="u" * 64, os="linux"))
    assert not another.is_over


def test_a_trial_that_was_begun_here_stays(world: World, source: FakeSource) -> None:
    with inside(world.globex):
        move(world, source)
        TrialActivation.objects.all().delete()
        Taken.objects.filter(noun="trial-activations").delete()
        product = Product.objects.get(pk=other(world.orbit.pk))
        own = try_product(product.pk, Machine(fingerprint=TRIED, os="linux"))
        row = move(world, source)
        assert row.counts["trial-activations"] == {"read": 1, "same": 1}
        assert TrialActivation.objects.get() == own
        # Another product's is another one.
        told = source.row("trial-activations", fingerprint=TRIED)
        source.lists["trial-activations"] = [told | {"id": str(uuid4()), "productId": str(uuid4())}]
        row = move(world, source)
        assert refused(row, "trial-activations") == [
            "It belongs to one of the products that was not taken."
        ]


def test_trials_without_fingerprints_are_refused(world: World, source: FakeSource) -> None:
    """As Cryptlex tells them; one line says so of all."""
    told = source.row("trial-activations", fingerprint=TRIED)
    del told["fingerprint"]
    rows = [{**told, "id": str(uuid4())} for _ in range(60)]
    source.lists["trial-activations"] = rows
    with inside(world.globex):
        row = move(world, source)
        assert row.counts["trial-activations"] == {"read": 60, "refused": 60}
        line = Remark.objects.get(move=row, noun="trial-activations")
        assert "fingerprint" in line.sentence
        assert line.number == 60
        first, *further = [each["id"] for each in rows[:5]]
        assert (line.source_id, line.further_ids) == (first, ", ".join(further))
        assert name_of(line) == f"60 of them: {', '.join([first, *further])} …"
        assert not TrialActivation.objects.exists()


# --- Texts of e-mails ---------------------------------------------------------------------------


def template(event: str, body: str, **more: Any) -> dict[str, Any]:
    """As Cryptlex has them."""
    usual = {"name": "Ours", "subject": "For {{user.name}}", "enabled": True, "custom": False}
    return {"id": str(uuid4()), "event": event, "body": body, **usual, **more}


def texts_of(world: World, bare: FakeSource, *rows: dict[str, Any]) -> Move:
    bare.lists["email-templates"] = [*rows]
    return move(world, bare)


def notes_of(row: Move) -> list[str]:
    lines = Remark.objects.filter(move=row, noun="email-templates", refused=False)
    return [*lines.values_list("sentence", flat=True)]


def test_own_texts_come_and_standard_ones_stay_standard(moved: World, source: FakeSource) -> None:
    assert len(source.lists["email-templates"]) == len(TEXTS)
    own = OwnText.objects.get()
    assert (own.kind, own.subject, own.text) == ("invitation", "Come in, {name}", "Here: {link}")
    counts = Move.objects.get().counts["email-templates"]
    assert counts == {"read": len(TEXTS), "new": 1, "same": len(TEXTS) - 1}


def test_a_text_in_html_comes_as_plain_text(world: World, bare: FakeSource) -> None:
    body = (
        "<html><head><style>p {color: red}</style></head><body><h1>Thank&nbsp;you!</h1>"
        "<p>Your key for {{ product.name }} is<br><b>{{license.key}}</b></p><ul><li>Install it"
        '</li><li>Read <a href="https://docs.example/a?b=1&amp;c=2">how</a></li></ul></body></html>'
    )
    with inside(world.globex):
        row = texts_of(world, bare, template("license.created", body, cc="boss@example.com"))
        own = OwnText.objects.get()
        assert own.text == (
            "Thank you!\n\nYour key for {product} is\n{key}\n\n- Install it\n"
            "- Read how https://docs.example/a?b=1&c=2\n\n{link}"
        )
        assert (own.kind, own.subject) == ("license", "For {name}")
        html, added, sends, copies = notes_of(row)
        assert "without its look" in html
        assert "{link}" in added
        assert "the settings say" in sends
        assert "one address" in copies
        # Whether it is sent stays as it is here.
        assert not Vendor.objects.get(pk=world.globex.pk).send_new_licenses


@pytest.mark.parametrize(
    ("event", "body", "why"),
    [
        ("license.renewed", "Renewed.", "No e-mail is sent here at “license.renewed”."),
        ("", "Nothing.", "No e-mail is sent here at “”."),
        ("user.created", "{% if user.name %}x{% endif %}", "no conditions and loops here"),
        ("user.created", "Hello {{user.metadata.title}} {link}", "{{user.metadata.title}}"),
        ("user.created", "Hello {nobody} {link}", "There is no placeholder {nobody} here."),
        ("user.created", "x" * 10_001, "at most 10000 characters"),
        ("user.created", "<p>" + "x" * 200_000, "longer than any e-mail"),
        ("user.created", "<a href='{{user.setPasswordUrl}}'>Go</a>", "{{user.setPasswordUrl}}"),
    ],
)
def test_what_has_no_counterpart_is_refused(
    world: World, bare: FakeSource, event: str, body: str, why: str
) -> None:
    with inside(world.globex):
        row = texts_of(world, bare, template(event, body))
        [said] = refused(row, "email-templates")
        assert why in said
        assert not OwnText.objects.exists()


def test_a_text_that_is_written_here_stays(world: World, bare: FakeSource) -> None:
    """Also the first of several that a source has of an occasion; a second run changes nothing."""
    with inside(world.globex):
        write(TEXTS["invitation"], subject="Ours", body="Ours: {link}")
        rows = [
            template("user.created", "Theirs"),
            template("license.expiring-soon", "30 days: {key} {off}", enabled=False),
            template("license.expiring-soon", "7 days: {key} {off}"),
        ]
        for _run in range(2):
            row = texts_of(world, bare, *rows)
            own = {each.kind: each.text for each in OwnText.objects.all()}
            assert own == {
                "invitation": "Ours: {link}",
                "expiry-reminder": "30 days: {key} {off}\n\n{link}",
            }
            assert (
                refused(row, "email-templates")
                == ["There is an own text of this e-mail here, which stays."] * 2
            )
        assert row.counts["email-templates"] == {"read": 3, "same": 1, "refused": 2}


def test_a_text_that_changed_there_changes_here(moved: World, source: FakeSource) -> None:
    told = source.row("email-templates", event="user.created")
    told["body"] = "There: {link}"
    assert move(moved, source).counts["email-templates"]["changed"] == 1
    assert OwnText.objects.get().text == "There: {link}"
    write(TEXTS["invitation"], subject="Ours", body="Ours: {link}")
    told["body"] = "Yonder: {link}"
    [said] = refused(move(moved, source), "email-templates")
    assert "changed here since" in said
    assert OwnText.objects.get().text == "Ours: {link}"


def test_a_list_is_read_under_its_name_of_today(world: World, source: FakeSource) -> None:
    for before, now in (
        ("license-policies", "license-templates"),
        ("email-templates", "automated-emails"),
    ):
        source.lists[now] = source.lists.pop(before)
    with inside(world.globex):
        move(world, source)
        assert LicensePolicy.objects.filter(name="Yearly").exists()
        assert OwnText.objects.get().kind == "invitation"


def test_a_webhook_that_is_switched_on_here_stays_on(moved: World, source: FakeSource) -> None:
    Webhook.objects.update(active=True)
    source.lists["webhooks"][0]["events"] = ["user.created", "a.thing.of.theirs"]
    assert counted(move(moved, source))["changed"] == 1
    hook = Webhook.objects.get(name="Shop")
    assert (hook.active, hook.events) == (True, ["user.created"])


def test_nobody_is_told_of_what_moves(world: World, source: FakeSource) -> None:
    """No e-mail, and no event: it happened elsewhere, and was told there."""
    with inside(world.globex):
        create_webhook(
            Webhook(vendor=world.globex, name="Own", url="https://b.example/x", events=[*EVENTS])
        )
        before = OutgoingEmail.objects.count()
        move(world, source)
        assert not Delivery.objects.exists()
        assert OutgoingEmail.objects.count() == before


def test_a_second_run_changes_nothing(moved: World, source: FakeSource) -> None:
    first = Move.objects.get()
    head = verify(moved.globex).length
    second = move(moved, source)
    told = counted(second)
    assert told.get("new", 0) == told.get("changed", 0) == 0
    assert told["read"] == counted(first)["read"]
    assert told["same"] == counted(first)["new"] + counted(first)["same"]
    # That it began and ended, and nothing else.
    assert verify(moved.globex).length == head + 2


def test_what_changed_there_changes_here(moved: World, source: FakeSource) -> None:
    told = source.row("licenses", key="ADA111-ACME-ORBIT-0001")
    told |= {"notes": "Written anew.", "revoked": True, "metadata": []}
    row = move(moved, source)
    assert counted(row)["changed"] == 1
    license = License.objects.get(pk=told["id"])
    assert (license.notes, license.revoked) == ("Written anew.", True)
    assert not license.metadata.exists()


def test_what_somebody_has_changed_here_stays(moved: World, source: FakeSource) -> None:
    told = source.row("licenses", key="ADA111-ACME-ORBIT-0001")
    suspend(License.objects.get(pk=told["id"]))
    told["notes"] = "Written anew."
    row = move(moved, source)
    assert counted(row).get("changed", 0) == 0
    license = License.objects.get(pk=told["id"])
    assert license.suspended
    assert license.notes == "Ada of Acme only"
    said = Remark.objects.get(move=row, source_id=told["id"])
    assert "changed here since" in said.sentence


def test_what_was_deleted_here_is_not_brought_again(moved: World, source: FakeSource) -> None:
    told = source.lists["activations"][0]
    machine = Activation.objects.get(pk=told["id"])
    Activation.objects.filter(pk=machine.pk).delete()
    told["hostname"] = "another"
    row = move(moved, source)
    assert not Activation.objects.filter(pk=told["id"]).exists()
    assert "deleted here" in Remark.objects.get(move=row, source_id=told["id"]).sentence


def test_an_id_of_another_vendors_is_refused_and_not_told(world: World, source: FakeSource) -> None:
    """Everything under the very ids that acme has, here in the same installation."""
    told = source.row("licenses", key="GRACE1-ACME-ORBIT-0002")
    told["id"] = str(world.grace_license.pk)
    with inside(world.globex):
        row = move(world, source)
        said = Remark.objects.get(move=row, source_id=told["id"])
        assert "taken" in said.sentence
        assert "acme" not in said.sentence.lower()
        assert not License.objects.filter(pk=told["id"]).exists()
        # The others of the same transaction are there.
        assert License.objects.filter(key="ADA111-ACME-ORBIT-0001").exists()
    with inside(world.acme):
        before = License.objects.get(pk=world.grace_license.pk)
        assert before.key == "GRACE1-ACME-ORBIT-0002"


def test_ids_that_are_taken_are_one_line(
    world: World, source: FakeSource, monkeypatch: Any, capsys: Any
) -> None:
    """However many there are, and however they come; of the others each has a line of its own."""
    with inside(world.acme):
        policies = [LicensePolicy(vendor=world.acme, name=f"Own {at}") for at in range(40)]
        ids = [str(each.pk) for each in LicensePolicy.objects.bulk_create(policies)]
    rows = [{"id": id, "name": f"Theirs {at}"} for at, id in enumerate(ids)]
    bad = [{"id": str(uuid4()), "name": "", "key": f"bad {at}"} for at in range(35)]
    source.lists["license-policies"] = [*rows, *bad]
    source.size = 7
    monkeypatch.setattr(writing, "MOST_LINES", 30)
    # Here all lines are of one moment, and any of them would be the first ones.
    monkeypatch.setattr("moving.admin.SHOWN", 1000)
    with inside(world.globex):
        row = move(world, source)
        assert row.counts["policies"] == {"read": 75, "refused": 75}
        [taken] = Remark.objects.filter(move=row, noun="policies", number__gt=0)
        assert "is taken" in taken.sentence
        assert (taken.number, taken.source_id) == (40, ids[0])
        assert taken.further_ids == ", ".join(ids[1:5])
        # What is said of many is one line of those that a report has.
        others = Remark.objects.filter(move=row, noun="policies", number=0)
        assert others.filter(sentence__contains="further lines").count() == 1
        assert others.exclude(sentence__contains="further lines").count() == 29
    told = f"40 of them: {', '.join(ids[:5])} …"
    admin = signed_in(world.globex_admin)
    page = admin.get(f"/moving/move/{row.pk}/change/").text
    assert page.count("is taken") == 1
    assert told in page
    report = admin.get(f"/moving/move/{row.pk}/report.csv").getvalue().decode()
    assert f'"Licence policies","40","{ids[0]}","{", ".join(ids[1:5])}",""' in report
    token = ["--token", TOKEN]
    call_command("import_cryptlex", "--company", "globex", "--url", source.address, *token)
    assert f"policies {told}: Its id, or that of something" in capsys.readouterr().out


def test_one_id_that_is_taken_has_its_name(world: World, source: FakeSource) -> None:
    told = source.row("licenses", key="GRACE1-ACME-ORBIT-0002")
    told["id"] = str(world.grace_license.pk)
    with inside(world.globex):
        move(world, source)
        line = Remark.objects.get(source_id=told["id"])
        assert (line.number, name_of(line)) == (1, told["id"])


def test_staff_do_not_move_in(moved: World, source: FakeSource) -> None:
    told = source.row("users", email="admin@acme.example")
    assert not User.objects.filter(email="admin@acme.example").exists()
    assert "staff" in Remark.objects.get(source_id=told["id"]).sentence


def test_a_product_gets_a_key_and_keeps_the_public_half_of_the_other(moved: World) -> None:
    product = Product.objects.get(pk=other(moved.orbit.pk))
    with inside(moved.acme):
        public = moved.orbit.signing_keys.get(retired_at=None).public_pem
    keys = {key.public_pem: key for key in product.signing_keys.all()}
    assert len(keys) == 2
    assert keys[public].retired_at
    assert not keys[public].encrypted_private_pem
    line = Remark.objects.get(noun="products", source_id=str(product.pk))
    assert not line.refused
    assert "private key" in line.sentence


def test_a_damaged_file_is_refused(world: World, source: FakeSource) -> None:
    for path in source.files:
        source.files[path] = CONTENT[:-1] + b"?"
    with inside(world.globex):
        row = move(world, source)
        assert not ReleaseFile.objects.filter(release=other(world.orbit_release.pk)).exists()
        sentences = Remark.objects.filter(move=row, noun="releases").values_list(
            "sentence", flat=True
        )
        assert sentences
        assert all("checksum" in each for each in sentences)


def test_odd_rows_are_refused_one_by_one(world: World, source: FakeSource) -> None:
    good = source.row("licenses", key="ADA111-ACME-ORBIT-0001")
    source.lists["licenses"] += [
        None,
        [],
        {},
        {"id": 7},
        {**good, "id": other("x"), "key": ""},
        {**good, "id": other("y"), "key": "ANOTHER-KEY-0001", "allowedActivations": "many"},
        {**good, "id": other("z"), "key": "ANOTHER-KEY-0002", "expiresAt": "once"},
        # The same key in another spelling.
        {**good, "id": other("w"), "key": good["key"].lower(), "metadata": None},
        {
            **dict.fromkeys(good),
            **{name: good[name] for name in ("productId", "type")},
            "id": other("v"),
            "key": "ANOTHER-KEY-0003",
            "unknown": {"member": [1]},
        },
    ]
    with inside(world.globex):
        row = move(world, source)
        assert row.counts["licenses"]["refused"] == 8
        assert License.objects.filter(key="ANOTHER-KEY-0003").exists()


def test_without_fingerprints_machines_are_refused(world: World, source: FakeSource) -> None:
    for each in source.lists["activations"]:
        del each["fingerprint"]
    with inside(world.globex):
        row = move(world, source)
        assert row.counts["activations"].get("new", 0) == 0
        assert row.counts["activations"]["refused"] == len(source.lists["activations"])
        license = License.objects.get(key="ADA111-ACME-ORBIT-0001")
        assert license.total_activations == 0


def test_what_the_source_has_not_is_said(world: World, source: FakeSource) -> None:
    del source.lists["maintenance-policies"]
    with inside(world.globex):
        row = move(world, source)
        assert row.state == Move.State.DONE
        line = Remark.objects.get(move=row, noun="maintenance-policies")
        assert line.sentence == "The source has none of these."


# --- Hostile and broken sources -----------------------------------------------------------------

ODD = (
    7, -1, 10**30, 1.5, "", "x", "\x00", "\ud800", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
    True, [], {}, [[]], [None], [{}], ["\x00"], {"id": "\x00"}, "x" * 70_000,
)  # fmt: skip


def test_whatever_a_source_says_it_comes_to_its_end(world: World, source: FakeSource) -> None:
    """Each member of each row is something else once; the others of the row are as they were."""
    turn, made = count(), 0
    for path, rows in source.lists.items():
        for row in [*rows[-1:]]:
            for name in row:
                odd = ODD[next(turn) % len(ODD)]
                rows.append({**row, "id": str(uuid4()), name: odd})
                made += 1
        source.lists[path] = rows[:100]
    assert made > 100
    with inside(world.globex):
        row = move(world, source)
        assert row.state == Move.State.DONE
        told = counted(row)
        assert told["read"] == told["new"] + told["same"] + told["refused"]
        assert verify(world.globex).faults == []


def tags(number: int) -> list[dict[str, Any]]:
    return [{"id": str(uuid4()), "name": f"tag {at}"} for at in range(number)]


def refused(row: Move, noun: str) -> list[str]:
    lines = Remark.objects.filter(move=row, noun=noun, refused=True)
    return [*lines.values_list("sentence", flat=True)]


def test_a_list_that_does_not_end_is_left(world: World, bare: FakeSource, monkeypatch: Any) -> None:
    bare.endless = True
    bare.lists["tags"] = tags(3)
    with inside(world.globex):
        row = move(world, bare)
        assert refused(row, "tags") == ["The source gives the same page again and again."]
        assert row.counts["tags"] == {"read": 3, "new": 3}
    bare.endless, bare.size = False, 1
    monkeypatch.setattr("moving.source.MOST_PAGES", 2)
    with inside(world.globex):
        row = move(world, bare)
        assert refused(row, "tags") == ["The source tells of more than two million of these."]
        assert row.counts["tags"] == {"read": 2, "same": 2}


def test_a_page_of_too_much_is_left(world: World, bare: FakeSource, monkeypatch: Any) -> None:
    bare.endless = True
    bare.lists["tags"] = tags(101)
    bare.lists["roles"] = [{"id": str(uuid4()), "name": "x" * 30_000}]
    monkeypatch.setattr("moving.source.LARGEST_PAGE", 20_000)
    with inside(world.globex):
        row = move(world, bare)
        assert refused(row, "tags") == ["The source gives more rows at once than it was asked for."]
        assert refused(row, "roles") == ["A page of the source is larger than 8 MB."]
        assert counted(row) == {}


def test_a_report_is_no_longer_than_anybody_reads(
    world: World, bare: FakeSource, monkeypatch: Any
) -> None:
    bare.lists["tags"] = [None] * 60
    monkeypatch.setattr(writing, "MOST_LINES", 30)
    with inside(world.globex):
        row = move(world, bare)
        assert row.counts["tags"] == {"read": 60, "refused": 60}
        assert len(refused(row, "tags")) == 31
        assert sum("further lines" in each for each in refused(row, "tags")) == 1


def test_a_machine_stays_with_its_licence(moved: World, source: FakeSource) -> None:
    """Or its seat would be counted where it is not."""
    told = source.row("activations", id=other(moved.ada_machine.pk))
    told["licenseId"] = source.row("licenses", key="GRACE1-ACME-ORBIT-0002")["id"]
    row = move(moved, source)
    assert "another product or licence" in refused(row, "activations")[0]
    assert Activation.objects.get(pk=told["id"]).license.key == "ADA111-ACME-ORBIT-0001"


def test_elsewhere_nobody_is_told_the_token(world: World, source: FakeSource) -> None:
    """Whether a file's address leads there at once or by a redirect; inside nobody is asked."""
    [release] = [row for row in source.lists["releases"] if row["name"] == "Orbit"]
    [file] = release["files"]
    inside_of = {**release, "id": str(uuid4()), "version": "9.0.0"}
    inside_of["files"] = [{**file, "id": str(uuid4()), "url": "https://localhost/x"}]
    source.lists["releases"].append(inside_of)
    source.moved, source.files = {file["url"]: ""}, {}
    with serving(FakeSource()) as store, inside(world.globex):
        store.files["/x"] = CONTENT
        source.moved[file["url"]] = f"{store.address}/x"
        row = move(world, source)
        assert ReleaseFile.objects.filter(pk=file["id"]).exists()
        assert store.asked == [("/x", "")]
        assert len(refused(row, "releases")) == 1
        assert "localhost is not at a public address" in refused(row, "releases")[0]


def test_a_file_that_never_comes_does_not_keep_the_others(world: World, source: FakeSource) -> None:
    source.broken = True
    source.lists["webhooks"] = source.lists["webhooks"][:1]
    with inside(world.globex):
        row = move(world, source)
        assert row.state == Move.State.DONE
        assert "answers with 500" in refused(row, "releases")[0]
        assert Webhook.objects.exists()


def test_who_was_erased_is_not_brought_again(moved: World, source: FakeSource) -> None:
    told = source.row("users", email="grace@example.com")
    grace = User.objects.get(pk=told["id"])
    License.objects.filter(user=grace).update(user=None)
    LicenseUser.objects.filter(user=grace).delete()
    erase_person(person=grace)
    [taken] = Taken.objects.filter(noun="users", source_id=told["id"])
    assert (taken.source_digest, taken.here_digest) == ("", "")
    row = move(moved, source)
    assert not User.objects.filter(email="grace@example.com").exists()
    assert "It was deleted here, and is not brought again." in refused(row, "users")


class Killed(BaseException):
    """What ends a process in the middle."""


def test_it_goes_on_where_it_was(world: World, source: FakeSource, monkeypatch: Any) -> None:
    """Killed just before and just after what is written: nothing is missing, nothing there twice."""
    source.size = 3
    calls = 0

    def deadly(things: Any, act: Any) -> None:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise Killed
        in_steps(things, act)
        if calls % 3 == 1:
            raise Killed

    monkeypatch.setattr(moves, "in_steps", deadly)
    with inside(world.globex):
        row = moves.begin(world.globex, address=source.address, token=TOKEN, by_jobs=False)
        while again := moves.under_way(address=source.address):
            with suppress(Killed):
                run(again)
        row.refresh_from_db()
        assert calls > len(NOUNS)
        for noun in NOUNS:
            told = len(source.lists[noun.path])
            assert row.counts.get(noun.name, {}).get("read", 0) == told
        assert row.counts["licenses"]["new"] == Taken.objects.filter(noun="licenses").count()


def test_of_two_at_once_one_gives_up(world: World, source: FakeSource) -> None:
    with inside(world.globex):
        row = moves.begin(world.globex, address=source.address, token=TOKEN, by_jobs=False)
        stale = moves.under_way(address=source.address)
        assert stale is not None
        run(row)
        with pytest.raises(moves.Superseded):
            run(stale)


def test_a_source_that_asks_to_wait_is_waited_for(world: World, source: FakeSource) -> None:
    with inside(world.globex):
        row = moves.begin(world.globex, address=source.address, token=TOKEN, by_jobs=False)
        source.instead = [(429, {"Retry-After": "7"})]
        assert moves.advance(row, TOKEN, until=monotonic() + 60) == 7
        source.instead = [(503, {}), (500, {})]
        assert moves.advance(row, TOKEN, until=monotonic() + 60) == 2
        assert moves.advance(row, TOKEN, until=monotonic() + 60) == 4
        source.headers = {"X-Rate-Limit-Remaining": "1", "X-Rate-Limit-Reset": "31"}
        assert moves.advance(row, TOKEN, until=monotonic() + 60) == 31
        source.headers = {}
        run(row)
        assert row.state == Move.State.DONE


def test_a_token_that_is_not_taken_ends_it(world: World, source: FakeSource) -> None:
    with inside(world.globex):
        row = moves.begin(world.globex, address=source.address, token=TOKEN, by_jobs=False)
        source.instead = [(401, {})]
        assert moves.advance(row, TOKEN, until=monotonic() + 60) is None
        assert row.state == Move.State.STOPPED


def test_a_job_keeps_the_token_encrypted_and_no_longer_than_needed(
    world: World, source: FakeSource, monkeypatch: Any, logged: Kept
) -> None:
    with inside(world.globex):
        monkeypatch.setattr(moves, "_enqueue", lambda row, seconds=0: None)
        row = moves.begin(world.globex, address=source.address, token=TOKEN, by_jobs=True)
        row.refresh_from_db()
        assert row.encrypted_token
        assert TOKEN not in row.encrypted_token
        with pytest.raises(MovesAlready):
            moves.begin(world.globex, address=source.address, token=TOKEN, by_jobs=True)
    moves.carry_on.call(vendor_id=str(world.globex.pk), move_id=str(row.pk))
    with inside(world.globex):
        row.refresh_from_db()
        assert (row.state, row.encrypted_token) == (Move.State.DONE, "")
        assert counted(row)["new"]
        said = [*logged.lines, *map(str, AuditEntry.objects.values())]
        assert said
        assert not any(TOKEN in each for each in said)


def test_only_public_addresses_are_asked(world: World, settings: Any) -> None:
    with inside(world.globex), pytest.raises(BadSource):
        moves.begin(world.globex, address="http://127.0.0.1:1", token=TOKEN, by_jobs=False)
    with inside(world.globex):
        row = moves.begin(world.globex, address="https://127.0.0.1", token=TOKEN, by_jobs=False)
        run(row)
        lines = Remark.objects.filter(move=row).values_list("sentence", flat=True)
        assert len(lines) == len(NOUNS)
        assert all("not at a public address" in each for each in lines)


def test_the_command_takes_the_token_from_a_file(
    world: World, source: FakeSource, tmp_path: Any, capsys: Any
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    asked = ["--company", "globex", "--url", f"{source.address}/v3/"]
    call_command("import_cryptlex", *asked, "--token-file", str(file))
    assert {header for path, header in source.asked if path.startswith("/v3")} == {
        f"Bearer {TOKEN}"
    }
    assert "licenses: 2 read, 2 new" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"personal access token"):
        call_command("import_cryptlex", *asked)


def test_the_page_tells_a_bad_source_beside_its_field(world: World) -> None:
    typed = {"address": "http://source.example", "token": "x"}
    page = signed_in(world.globex_admin).post("/moving/move/add/", typed).text
    assert re.search(r'name="address"[^>]*aria-invalid="true"', page)
