"""Tags of people and licences in the back office's forms, pages and lists."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Role, Tag
from accounts.models.tags import MOST_TAGS
from accounts.tagged import TagsField, in_line, names_of
from accounts.verbs.tags import tag_person
from audit.models import AuditEntry
from audit.trail import NOT_OF_TAGS
from licenses.models import License
from licenses.verbs.details import tag_license
from tenancy.door import inside
from tests.api.program import program_of
from tests.posted import form_of
from tests.world import Browser, World, signed_in, user

HUNDRED = "x" * 100


class Case:
    """Ada, or her licence: where it is listed, shown and changed, and how it is tagged."""

    def __init__(self, world: World, kind: str) -> None:
        self.world, self.is_person = world, kind == "person"
        self.row: Any = world.ada if self.is_person else world.ada_license
        self.list = "/accounts/user/" if self.is_person else "/licenses/license/"
        self.page = f"{self.list}{self.row.pk}/{'story' if self.is_person else 'change'}/"
        self.form = f"{self.list}{self.row.pk}/change/{'' if self.is_person else '?change=yes'}"
        self.told = self.row.email if self.is_person else self.row.key
        self.others = world.grace.email if self.is_person else world.grace_license.key
        self.put: Callable[..., None] = tag_person if self.is_person else tag_license

    def tag(self, *names: str) -> None:
        with inside(self.world.acme):
            self.put(self.row, names=names)

    def names(self) -> list[str]:
        with inside(self.world.acme):
            return sorted(each.name for each in self.row.tags.all())

    def send(self, browser: Browser, typed: str) -> Any:
        return browser.post(self.form, self.shown(browser) | {"tag_names": typed})

    def shown(self, browser: Browser, having: str = "tag_names") -> dict[str, Any]:
        """The form as it is shown."""
        target = "" if self.is_person else self.form.partition("?")[0]
        return form_of(browser.get(self.form).content.decode(), target, having)


def offered(page: str) -> dict[str, str]:
    """The tags by which the list can be narrowed: their ids, and their names."""
    return dict(re.findall(r'name="tag" value="([^"]+)"[^>]*>([^<]+)</button>', page))


@pytest.fixture(params=["person", "license"])
def case(request: pytest.FixtureRequest, world: World) -> Case:
    return Case(world, request.param)


def test_they_are_typed_told_and_recorded(case: Case) -> None:
    case.tag("Friends", "Old, but good")
    admin = signed_in(case.world.acme_admin)
    assert "Friends, Old, but good" in admin.get(case.page).content.decode()
    assert case.shown(admin)["tag_names"] == ['Friends, "Old, but good"']
    assert case.send(admin, ' "Old, but good" ,  New, New ,').status_code == 302
    assert case.names() == ["New", "Old, but good"]
    with inside(case.world.acme):
        entry = AuditEntry.objects.filter(subject_id=case.row.pk).order_by("sequence").last()
        assert entry
        assert (entry.action, entry.actor) == ("changed", "admin@acme.example (Admin)")
        assert entry.changes == {"tags": [["Friends", "Old, but good"], ["New", "Old, but good"]]}
        assert not entry.visible
    history = admin.get(f"{case.list}{case.row.pk}/history/").content.decode()
    assert "New, Old, but good" in history
    noun = "users" if case.is_person else "licenses"
    told = program_of(case.world.acme_admin).get(f"/v3/{noun}/{case.row.pk}").json()
    assert told["tags"] == ["New", "Old, but good"]


def test_who_saves_the_form_as_it_is_changes_nothing(case: Case) -> None:
    case.tag("B", 'The "A" team', "a,b")
    admin = signed_in(case.world.acme_admin)
    with inside(case.world.acme):
        before = AuditEntry.objects.count()
    form = case.shown(admin)
    assert admin.post(case.form, form).status_code == 302
    del form["tag_names"]
    assert admin.post(case.form, form).status_code == 302
    assert case.names() == ["B", 'The "A" team', "a,b"]
    with inside(case.world.acme):
        assert AuditEntry.objects.count() == before
    assert case.send(admin, "").status_code == 302
    assert case.names() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (HUNDRED + "x", "at most 100 characters"),
        ("a\u202eb", "“a\u202eb”: "),
        ('"open', "Separate names by commas"),
        (", ".join(str(n) for n in range(MOST_TAGS + 1)), "At most 50 tags can be on one row."),
    ],
)
def test_what_is_refused_is_said_beside_the_field(case: Case, typed: str, said: str) -> None:
    case.tag("Friends")
    page = case.send(signed_in(case.world.acme_admin), typed)
    assert page.status_code == 200
    text = page.content.decode()
    assert said in text
    assert "errorlist" in text
    assert case.names() == ["Friends"]


def test_fifty_of_the_longest_names_are_typed(case: Case) -> None:
    names = [f'{n:02}{HUNDRED[:97]}"' for n in range(MOST_TAGS)]
    assert case.send(signed_in(case.world.acme_admin), in_line(names)).status_code == 302
    assert case.names() == names


@pytest.mark.by_database
def test_who_may_not_read_tags_neither_reads_nor_takes_them_off(case: Case) -> None:
    case.tag("Friends")
    noun = "accounts.{}_user" if case.is_person else "licenses.{}_license"
    claims = [noun.format(how) for how in ("view", "change")]
    claims += ["audit.view_auditentry", "audit.export_auditentry"]
    with inside(case.world.acme):
        Role.objects.create(vendor=case.world.acme, name="Clerk", claims=claims)
        clerks = user(case.world.acme, "clerk@acme.example", role="Clerk")
        clerk = signed_in(clerks)
    history, trail = f"{case.list}{case.row.pk}/history/", "/audit/auditentry/"
    for path in (history, trail, f"{trail}export.csv"):
        assert "Friends" in signed_in(case.world.acme_admin).get(path).getvalue().decode()
    for path in (case.page, case.form, case.list, history, trail, f"{trail}export.csv"):
        page = clerk.get(path)
        assert page.status_code == 200
        text = page.getvalue().decode()
        assert "Friends" not in text
        assert "tag_names" not in text
        assert "field-tags" not in text
        assert offered(text) == {}
    with inside(case.world.acme):
        friends = Tag.objects.get().pk
    assert clerk.get(f"{case.list}?tag={friends}").status_code == 302, "It would tell who has it."
    form = case.shown(clerk, having="company" if case.is_person else "order_number")
    assert clerk.post(case.form, form | {"tag_names": "Foes"}).status_code == 302
    assert case.names() == ["Friends"]
    with inside(case.world.acme):
        [told, _made] = AuditEntry.objects.exclude(
            pk__in=AuditEntry.objects.filter(NOT_OF_TAGS).values("pk")
        )
    for person, status in ((case.world.acme_admin, 200), (clerks, 404)):
        program = program_of(person)
        assert program.get(f"/v3/event-logs/{told.pk}").status_code == status
        told_of = program.get("/v3/event-logs").content.decode()
        assert ("Friends" in told_of) == (status == 200)
        assert "activated" in told_of, "What has no changes is told to everybody."
    if not case.is_person:
        return
    story = f"/accounts/user/{case.world.ada.pk}/story/"
    texts = [
        signed_in(each).get(story).content.decode() for each in (case.world.acme_admin, clerks)
    ]
    happened = [text[text.index('id="trail"') :] for text in texts]
    assert ["Tags" in text for text in happened] == [True, False]
    assert all("Activated" in text or "activated" in text for text in happened)


def test_support_reads_them_and_writes_none(case: Case) -> None:
    case.tag("Friends")
    support = signed_in(case.world.acme_support)
    for path in (case.page, case.form):
        assert "Friends" in support.get(path).content.decode()
    assert support.post(case.form, {"tag_names": "Foes"}).status_code == 403
    assert case.names() == ["Friends"]


def test_lists_have_them_as_a_filter(case: Case) -> None:
    case.tag("Friends")
    with inside(case.world.acme):
        friends = Tag.objects.get().pk
    admin, other = signed_in(case.world.acme_admin), signed_in(case.world.globex_admin)
    everybody = admin.get(case.list).content.decode()
    assert case.others in everybody
    assert offered(everybody) == {str(friends): "Friends"}
    found = admin.get(f"{case.list}?tag={friends}").content.decode()
    assert case.told in found
    assert case.others not in found
    assert "Friends" not in other.get(case.list).content.decode()
    theirs = other.get(f"{case.list}?tag={friends}")
    assert "Friends" not in theirs.content.decode()
    assert case.told not in theirs.content.decode()
    assert admin.get(f"{case.list}?tag=Friends").status_code == 302, "That is no id."


def test_a_chosen_tag_is_offered_however_many_come_before(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.tagged.MOST_OFFERED", 2)
    case.tag("A", "B", "C", "D")
    with inside(case.world.acme):
        last = Tag.objects.get(name="D").pk
    page = signed_in(case.world.acme_admin).get(f"{case.list}?tag={last}").content.decode()
    assert list(offered(page).values()) == ["A", "B", "D"]


def test_another_vendors_tags_are_other_tags(world: World) -> None:
    """Of the same name, each vendor has its own."""
    ours, theirs = Case(world, "person"), signed_in(world.globex_admin)
    assert ours.send(signed_in(world.acme_admin), "Friends").status_code == 302
    path = f"/accounts/user/{world.bob.pk}/change/"
    form = form_of(theirs.get(path).content.decode(), having="tag_names")
    assert theirs.post(path, form | {"tag_names": "Friends"}).status_code == 302
    for vendor in (world.acme, world.globex):
        with inside(vendor):
            assert Tag.objects.filter(name="Friends").count() == 1


def test_a_new_customer_begins_with_them(world: World) -> None:
    admin = signed_in(world.acme_admin)
    path = "/accounts/user/add/?kind=customers"
    form = form_of(admin.get(path).content.decode(), having="tag_names")
    typed = {"email": "new@example.com", "tag_names": "Friends, Berlin"}
    assert admin.post(path, form | typed).status_code == 302
    with inside(world.acme):
        assert sorted(Tag.objects.values_list("name", flat=True)) == ["Berlin", "Friends"]
        [person] = type(world.ada).objects.filter(email="new@example.com")
        assert person.tags.count() == 2


def test_a_new_licence_begins_with_them_and_so_does_a_duplicate(world: World) -> None:
    admin, path = signed_in(world.acme_admin), "/licenses/license/add/"
    form = form_of(admin.get(path).content.decode(), having="tag_names")
    of_product = {"product": str(world.orbit.pk), "key": "KEY-WITH-TAGS-0001"}
    typed = {**of_product, "email": "ada@example.com", "tag_names": 'Friends, "a,b"'}
    assert admin.post(path, form | typed).status_code == 302
    with inside(world.acme):
        license = License.objects.get(key="KEY-WITH-TAGS-0001")
        assert names_of(license) == ["Friends", "a,b"]
    page = admin.get(f"{path}?copy={license.pk}").content.decode()
    assert form_of(page, having="tag_names")["tag_names"] == ['Friends, "a,b"']
    again = admin.post(path, form | typed | {"key": "KEY-WITH-TAGS-0002", "tag_names": '"open'})
    assert "Separate names by commas" in again.content.decode()
    claims = ["accounts.view_user", "licenses.view_license", "licenses.add_license"]
    with inside(world.acme):
        assert not License.objects.filter(key="KEY-WITH-TAGS-0002").exists()
        Role.objects.create(vendor=world.acme, name="Clerk", claims=claims)
        clerk = signed_in(user(world.acme, "clerk@acme.example", role="Clerk"))
    assert "tag_names" not in clerk.get(f"{path}?copy={license.pk}").content.decode()
    assert clerk.post(path, form | typed | {"key": "KEY-WITH-TAGS-0003"}).status_code == 302
    with inside(world.acme):
        assert names_of(License.objects.get(key="KEY-WITH-TAGS-0003")) == []


@pytest.mark.parametrize("names", [["a"], ["a b", "c,d"], ['"', '","', "e"], []])
def test_names_are_read_as_they_were_told(names: list[str]) -> None:
    assert TagsField().clean(in_line(names)) == names


@pytest.mark.parametrize("typed", ['"a" b', '"a', "a\nb", "\x00"])
def test_what_is_no_list_of_names_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        TagsField().clean(typed)
