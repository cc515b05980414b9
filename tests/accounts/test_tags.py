"""The vendor's tags in the back office."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Tag
from accounts.verbs.tags import tag_person
from audit.models import AuditEntry
from licenses.verbs.details import tag_license
from tenancy.door import inside
from tests.world import World, signed_in

LIST = "/accounts/tag/"


def test_a_tag_is_made_named_anew_and_deleted_with_where_it_is(world: World) -> None:
    admin = signed_in(world.acme_admin)
    assert (
        admin.post(f"{LIST}add/", {"name": "Friends", "description": "Of old"}).status_code == 302
    )
    again = admin.post(f"{LIST}add/", {"name": "Friends"}).content.decode()
    assert "There is a tag of this name already." in again
    with inside(world.acme):
        tag = Tag.objects.get()
        tag_person(world.ada, names=["Friends"])
        tag_license(world.ada_license, names=["Friends"])
    change = f"{LIST}{tag.pk}/change/"
    assert admin.post(change, {"name": "Good friends"}).status_code == 302
    assert "Good friends" in admin.get(LIST).content.decode()
    with inside(world.acme):
        assert [each.name for each in world.ada.tags.all()] == ["Good friends"]
    assert admin.post(f"{LIST}{tag.pk}/delete/", {"post": "yes"}).status_code == 302
    with inside(world.acme):
        assert not world.ada.tags.exists()
        assert not world.ada_license.tags.exists()
        told = AuditEntry.objects.filter(subject_id=tag.pk).order_by("sequence")
        assert [each.action for each in told] == ["created", "changed", "deleted"]


def test_support_reads_tags_and_another_vendor_sees_none(world: World) -> None:
    with inside(world.acme):
        tag = Tag.objects.create(vendor=world.acme, name="Friends")
    support, other = signed_in(world.acme_support), signed_in(world.globex_admin)
    assert "Friends" in support.get(LIST).content.decode()
    assert support.post(f"{LIST}{tag.pk}/delete/", {"post": "yes"}).status_code == 403
    assert support.get(f"{LIST}add/").status_code == 403
    assert "Friends" not in other.get(LIST).content.decode()
    other.post(f"{LIST}{tag.pk}/delete/", {"post": "yes"})
    with inside(world.acme):
        assert Tag.objects.filter(pk=tag.pk).exists()


def test_the_list_asks_the_same_for_one_and_three(world: World) -> None:
    browser, counts = signed_in(world.acme_admin), []
    browser.get(LIST)
    for name in ("A", "B", "C"):
        with inside(world.acme):
            Tag.objects.create(vendor=world.acme, name=f"Tag {name}")
        with CaptureQueriesContext(connection) as asked:
            assert f"Tag {name}" in browser.get(LIST).content.decode()
        counts.append(len(asked))
    assert counts == [4, 4, 4]
