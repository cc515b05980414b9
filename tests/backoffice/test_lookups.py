"""What a list of the back office can be asked: the filters that it offers, and nothing else."""

from typing import Any

import pytest

from accounts.models import User
from audit.models import AuditEntry
from tenancy.door import inside
from tests.backoffice.test_base import license_form, user_form
from tests.world import World, signed_in

pytestmark = pytest.mark.by_database


@pytest.mark.parametrize(
    "query",
    [
        "accounts/user/?password__startswith=a",
        "accounts/user/?password__regex=^a",
        "accounts/user/?email__regex=(",
        "accounts/user/?email__startswith=a",
        "accounts/user/?metadata__contains=1",
        "accounts/user/?last_login__year=99999999999",
        "accounts/user/?id__startswith=a",
        "accounts/user/?vendor__company_id=globex",
        "accounts/user/export.csv?password__startswith=a",
        "mail/outgoingemail/?details__contains=x",
        "accounts/personalaccesstoken/?digest__startswith=a",
        "mail/outgoingemail/?once__startswith=x",
        "audit/auditentry/?created_at__year=99999999999",
        "licenses/activation/?machine_jwk__startswith=x",
        "licenses/license/?user__password__startswith=a",
        "licenses/license/?notes__contains=a",
        "licenses/product/?signing_keys__public_pem__startswith=a",
        "releases/download/?ip__startswith=1",
    ],
)
def test_conditions_that_no_page_offers_are_refused(world: World, query: str) -> None:
    for person in (world.acme_support, world.acme_admin):
        response = signed_in(person).get(f"/{query}")
        lacks_right = person == world.acme_support and ("export" in query or "token" in query)
        expected = {400, 403} if lacks_right else {400}
        assert response.status_code in expected, query


@pytest.mark.parametrize(
    "query",
    [
        "accounts/user/?role__exact=user",
        "accounts/user/?is_active__exact=1",
        "licenses/license/?suspended__exact=0&type__exact=node-locked",
        "licenses/license/?status=active&expiring=30",
        "licenses/activation/?os__exact=linux",
        "licenses/activation/?app_version__exact=4.2",
        "licenses/activation/?offline__exact=0",
        "releases/download/?counted__exact=1",
        "mail/outgoingemail/?state__exact=sent",
        "accounts/personalaccesstoken/?revoked__exact=0",
        "audit/auditentry/?source__exact=system&action=created",
    ],
)
def test_what_the_pages_offer_works(world: World, query: str) -> None:
    assert signed_in(world.acme_admin).get(f"/{query}").status_code == 200


def test_the_filters_of_products_work(world: World) -> None:
    admin = signed_in(world.acme_admin)
    for path in (
        f"/licenses/license/?product__id__exact={world.orbit.pk}",
        f"/releases/release/?product__id__exact={world.orbit.pk}",
        f"/releases/download/?file__release__product__id__exact={world.orbit.pk}",
    ):
        assert admin.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/licenses/license/", {"action": "suspend", "_selected_action": "zz"}),
        ("/accounts/user/", {"action": "send_invitation", "_selected_action": "zz"}),
        ("/licenses/license/ADA/change/", {"user": "zz"}),
        (
            "/licenses/license/ADA/change/",
            {"license_users-TOTAL_FORMS": "1", "license_users-0-user": "zz"},
        ),
    ],
)
def test_an_id_that_is_none_is_a_bad_request(world: World, path: str, form: dict[str, str]) -> None:
    admin = signed_in(world.acme_admin)
    whole = license_form(world, **form) if "change" in path else form
    path = path.replace("ADA", str(world.ada_license.pk))
    assert admin.post(path, whole).status_code == 400


def test_a_query_as_long_as_a_book_is_refused(world: World) -> None:
    support = signed_in(world.acme_support)
    for path in ("/accounts/user/", "/licenses/license/", "/find/"):
        assert support.get(path, {"q": "a " * 2000}).status_code == 400


@pytest.mark.parametrize(
    ("key", "value"),
    [("[" * 3000, ""), ("a", "9" * 5000), ("a\x00", "x"), ("a", "\x00"), ("", "x")],
)
def test_metadata_that_can_t_be_kept_is_said(world: World, key: str, value: str) -> None:
    admin = signed_in(world.acme_admin)
    typed = {"metadata-0-key": key, "metadata-0-value": value}
    response = admin.post("/accounts/user/add/", user_form(**typed))
    assert response.status_code == 200
    assert "Row 1: " in response.content.decode()
    with inside(world.acme):
        assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize("metadata", ["null", "[" * 3000, "9" * 5000, '[{"key": "a"}]', "{"])
def test_json_is_no_metadata(world: World, metadata: str) -> None:
    """What scripts of before may send is not looked at."""
    admin = signed_in(world.acme_admin)
    assert admin.post("/accounts/user/add/", user_form(metadata=metadata)).status_code == 302
    with inside(world.acme):
        assert User.objects.get(email="new@example.com").metadata == []


# --- What a customer must not read in a licence's history ----------------------------------------


def one_entry(license: Any, row: Any, **fields: str) -> dict[str, str]:
    with inside(license.vendor_id):
        rows = {"metadata-TOTAL_FORMS": "1", "metadata-INITIAL_FORMS": "1" if row else "0"}
        rows |= {"metadata-0-id": str(row.pk) if row else "", "metadata-0-license": str(license.pk)}
    return rows | {f"metadata-0-{name}": value for name, value in fields.items()}


def test_what_was_hidden_stays_hidden_when_it_is_shown(world: World) -> None:
    admin, license = signed_in(world.acme_admin), world.ada_license
    path = f"/licenses/license/{license.pk}/change/"
    first = one_entry(license, None, key="risk", value="HIDDEN SO FAR")
    assert admin.post(path, license_form(world, **first)).status_code == 302
    with inside(world.acme):
        row = license.metadata.get()
    second = one_entry(license, row, key="risk", value="fine", visible="on")
    assert admin.post(path, license_form(world, **second)).status_code == 302
    page = signed_in(world.ada).get(f"/licenses/{license.pk}/").content.decode()
    assert "fine" in page
    assert "HIDDEN SO FAR" not in page


def test_a_new_owner_does_not_read_of_the_old_one(world: World) -> None:
    admin, license = signed_in(world.acme_admin), world.ada_license
    form = license_form(world, user=str(world.grace.pk))
    assert admin.post(f"/licenses/license/{license.pk}/change/", form).status_code == 302
    page = signed_in(world.grace).get(f"/licenses/{license.pk}/").content.decode()
    history = page.partition('id="history"')[2]
    assert "ada@example.com" not in page
    assert "ada-laptop" not in history  # the machine itself is still there, above


def test_names_can_t_pose_as_somebody_else_in_the_trail(world: World) -> None:
    grace = signed_in(world.grace)
    form = {"first_name": "Alan, admin@acme.example (", "last_name": "X", "company": ""}
    assert grace.post("/profile/", form).status_code == 302
    with inside(world.acme):
        entry = AuditEntry.objects.filter(action="changed")[0]
    assert entry.actor == "grace@example.com (Alan, admin@acme.example ( X)"
