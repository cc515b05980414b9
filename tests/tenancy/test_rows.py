"""What the database itself refuses, and what a missing scope does."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from accounts.models import BuiltIn, User, among_operators
from accounts.sessions import people_of
from licenses.models import License
from tenancy.door import ScopeError, inside
from tenancy.models import Vendor
from tenancy.rows import SameVendor, TenantRow
from tests.roles import everywhere
from tests.world import World, user

TENANT_ROWS = [model for model in apps.get_models() if issubclass(model, TenantRow)]


def test_an_e_mail_is_unique_per_vendor_in_any_case(world: World) -> None:
    with inside(world.acme), pytest.raises(IntegrityError), transaction.atomic():
        user(world.acme, "ADA@example.com")
    with inside(world.globex):
        assert User.objects.filter(email="ada@example.com").count() == 1


def test_the_database_takes_lower_case_only(world: World) -> None:
    with inside(world.acme), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=world.ada.pk).update(email="Ada@Example.com")
    shouting = Vendor(company_id="ACME", name="Shouting")
    with inside(shouting), pytest.raises(IntegrityError), transaction.atomic():
        shouting.save(force_insert=True)


@pytest.mark.parametrize(("role", "of_vendor"), [(BuiltIn.OPERATOR, True), (BuiltIn.ADMIN, False)])
def test_only_operators_have_no_vendor(world: World, role: BuiltIn, of_vendor: bool) -> None:
    vendor = world.acme if of_vendor else None
    with people_of(vendor), pytest.raises(IntegrityError), transaction.atomic():
        user(vendor, "someone@example.com", role=role)


@pytest.mark.parametrize("model", TENANT_ROWS, ids=lambda model: model.__name__)
def test_a_query_outside_a_scope_fails_loudly(db: None, model: type[TenantRow]) -> None:
    with pytest.raises(ScopeError):
        model.objects.count()


def test_people_outside_a_scope_fail_loudly_and_saving_reaches_operators_only(world: World) -> None:
    with pytest.raises(ScopeError):
        User.objects.count()
    with among_operators():
        assert [person.email for person in User.people.all()] == ["root@example.com"]


@pytest.mark.parametrize("model", TENANT_ROWS, ids=lambda model: model.__name__)
def test_every_tenant_row_has_a_vendor_and_a_uuid(model: type[TenantRow]) -> None:
    assert model._meta.get_field("vendor").null is False
    assert model._meta.pk.get_internal_type() == "UUIDField"
    assert model._meta.base_manager_name == "objects"


@pytest.mark.parametrize("model", TENANT_ROWS, ids=lambda model: model.__name__)
def test_every_foreign_key_between_tenants_rows_is_held_to_one_vendor(
    model: type[TenantRow],
) -> None:
    held = {each.field for each in model._meta.constraints if isinstance(each, SameVendor)}
    between = {
        field.name
        for field in model._meta.concrete_fields
        if field.is_relation and issubclass(field.related_model, TenantRow | User)
    }
    assert held == between


@pytest.mark.parametrize("field", ["product_id", "user_id"])
def test_the_database_refuses_a_licence_across_vendors(world: World, field: str) -> None:
    foreign = {"product_id": world.quill.pk, "user_id": world.bob.pk}[field]
    with (
        everywhere(),
        pytest.raises(IntegrityError),
        transaction.atomic(),
    ):
        License.objects.filter(pk=world.ada_license.pk).update(**{field: foreign})
        connection.check_constraints()


def test_a_vendor_is_not_deleted_with_its_rows(world: World) -> None:
    with inside(world.acme), pytest.raises(Exception, match="protected"):
        world.acme.delete()
