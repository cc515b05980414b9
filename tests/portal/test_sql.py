"""The watch over SQL itself: what it lets through and what it refuses."""

import pytest
from django.db import connection, transaction

from accounts.models import User
from accounts.verbs.settings import change_settings
from tenancy.door import inside
from tests.sql import Watch, lacks_verb
from tests.world import World

RENAME = 'UPDATE "accounts_user" SET "first_name" = %s WHERE "vendor_id" = %s'


@pytest.mark.parametrize(
    ("sql", "files", "lacks"),
    [
        (RENAME, ["accounts/views.py"], True),
        (RENAME, ["accounts/verbs/profile.py", "accounts/views.py"], False),
        (RENAME, ["accounts/view_as/verbs.py"], False),
        (RENAME, ["accounts/adverbs.py"], True),
        (RENAME, [], True),
        ('UPDATE "tenancy_vendor" SET "name" = %s', ["accounts/admin/people.py"], True),
        ('INSERT INTO "licenses_license" ("id")', ["licenses/pages/views.py"], True),
        ('DELETE FROM "accounts_viewas" WHERE "id" = %s', ["accounts/views.py"], True),
        ('INSERT INTO "audit_auditentry" ("id")', ["audit/trail.py"], False),
        ('INSERT INTO "django_session" ("key")', ["accounts/views.py"], False),
        ('SELECT "id" FROM "accounts_user"', ["accounts/views.py"], False),
    ],
)
def test_what_lacks_a_verb(sql: str, files: list[str], lacks: bool) -> None:
    assert lacks_verb(sql, files) is lacks


def test_a_change_needs_a_verb_on_the_stack(acme: World) -> None:
    with connection.execute_wrapper(Watch()):
        with pytest.raises(AssertionError, match="No verb does this"), transaction.atomic():
            User.objects.filter(pk=acme.ada.pk).update(first_name="Augusta")
        change_settings(vendor=acme.acme, show_support_views=False)
    with inside(acme.acme):
        assert User.objects.get(pk=acme.ada.pk).first_name == "Ada"
