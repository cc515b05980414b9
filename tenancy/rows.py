"""The base of every row that belongs to a vendor, and the constraint that keeps rows together."""

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

M_co = TypeVar("M_co", bound=models.Model, covariant=True)

if TYPE_CHECKING:  # django-scopes makes its manager class at run time

    class ScopedBase(models.Manager[M_co]): ...

else:
    ScopedBase = type(ScopedManager(vendor="vendor"))


F = TypeVar("F", bound=models.Field[Any, Any])


def secret(field: F) -> F:
    """The field, marked: its value is never written into the audit trail, only that it changed.

    The mark belongs to the field itself, so that it goes along when the field is renamed.
    """
    field.is_secret = True  # type: ignore[attr-defined]
    return field


def is_secret(field: models.Field[Any, Any]) -> bool:
    """Whether the field was marked by `secret`."""
    return getattr(field, "is_secret", False)


def personal(field: F) -> F:
    """The field, marked: its value tells of a person and stands in the audit trail so that it can
    be erased (audit/particulars.py). People's own rows and keys to them need no mark."""
    field.is_personal = True  # type: ignore[attr-defined]
    return field


def labelled(field: F, labels: Mapping[Any, Any]) -> F:
    """The field, whose values people read by these labels and any other as it is: what `choices`
    are to a field that takes no others."""
    field.labels = labels  # type: ignore[attr-defined]
    return field


def told_by(field: F, in_words: Callable[[Any], Any]) -> F:
    """The field, whose values people read as this says them; what it says nothing of, as it is."""
    field.in_words = in_words  # type: ignore[attr-defined]
    return field


def label_of(field: models.Field[Any, Any], value: str | int) -> str:
    """What people read instead of a value of the field: as the field says it by itself
    (`in_words`), by its choices or what `labelled` says; empty for the value as it is."""
    in_words = getattr(field, "in_words", None)
    if in_words:
        return str(in_words(value))
    labels = getattr(field, "labels", None) or dict(field.flatchoices)
    return str(labels.get(value) or "")


def moment_of(day: str, field: F) -> F:
    """The field, marked: its moment is the end of the day that stands in the field `day`, which
    people read instead."""
    field.day = day  # type: ignore[attr-defined]
    return field


def day_of(field: models.Field[Any, Any]) -> str:
    """The field that has the day of a moment; empty for a moment by itself."""
    return getattr(field, "day", "")


class VendorManager(ScopedBase[M_co]):
    """The rows of the current scope's vendor; outside a scope every query fails loudly."""


class SameVendor(models.BaseConstraint):
    """The row that a foreign key points to belongs to this row's vendor.

    Kept by the database as a composite foreign key (vendor, field) → (vendor, id), so that no
    code path can write a licence whose product and user belong to different vendors. The table
    pointed to carries the unique pair (`TenantRow.Meta` and `accounts.User` have it). A row whose
    foreign key or vendor is NULL passes.

    With `to_field` the field is no foreign key to Django: it has the other row's value of that
    field, such as its name. Then forms can't compare vendors: whoever sets it has to look.
    With `goes_along` the database deletes this row with the one that it points to.
    """

    # What both rows have in common, a foreign key of each, and what is said where it differs.
    common = "vendor"
    refusal: Any = _("This choice belongs to another vendor.")

    def __init__(
        self,
        *,
        field: str,
        to_table: str,
        name: str,
        to_field: str = "id",
        goes_along: bool = False,
    ) -> None:
        super().__init__(
            name=name,
            violation_error_message=self.refusal,
        )
        self.field = field
        self.to_table = to_table
        self.to_field = to_field
        self.goes_along = goes_along

    def _clause(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> str:
        quote = editor.quote_name
        field: Any = model._meta.get_field(self.field)
        common = quote(f"{self.common}_id")
        own = f"{common}, {quote(field.column)}"
        target = f"{quote(self.to_table)} ({common}, {quote(self.to_field)})"
        along = "ON DELETE CASCADE " if self.goes_along else ""
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({own}) REFERENCES {target} "
            f"{along}DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Stands inside CREATE TABLE on SQLite; it so survives the rebuilding of the table."""
        if schema_editor.connection.vendor == "sqlite":
            return self._clause(model, schema_editor)
        return self.create_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        """Comes at the end of the migration, as Django's own foreign keys do: the pair pointed to
        may be made unique by a later step of it."""
        if schema_editor.connection.vendor == "sqlite":
            schema_editor._remake_table(model)
            return ""
        table = schema_editor.quote_name(model._meta.db_table)
        clause = self._clause(model, schema_editor)
        schema_editor.deferred_sql.append(f"ALTER TABLE {table} ADD {clause}")
        return ""

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        if schema_editor.connection.vendor == "sqlite":
            schema_editor._remake_table(model)
            return ""
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(
        self, model: Any, instance: Any, exclude: Any = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        if self.to_field != "id":
            return
        target = getattr(instance, self.field, None)
        common = f"{self.common}_id"
        if target is not None and getattr(target, common) != getattr(instance, common):
            raise ValidationError(self.get_violation_error_message(), code=f"other_{self.common}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def _parts(self) -> tuple[Any, ...]:
        return self.name, self.field, self.to_table, self.to_field, self.goes_along

    def deconstruct(self) -> Any:
        path, _args, _kwargs = super().deconstruct()
        parts: dict[str, Any] = {
            "field": self.field,
            "to_table": self.to_table,
            "name": self.name,
        }
        if self.to_field != "id":
            parts["to_field"] = self.to_field
        if self.goes_along:
            parts["goes_along"] = True
        return path, (), parts


class TenantRow(models.Model):
    """A row that belongs to one vendor and is invisible outside that vendor's scope.

    Related objects and saves go through the scoped manager too (`base_manager_name`), so that
    every statement on a tenant table names the vendor.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    vendor = models.ForeignKey(
        "tenancy.Vendor",
        models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("vendor"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = VendorManager()

    # Whether its name (`str`) tells of a person; like `personal`, for a row's name.
    named_after_person = False

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def concerns(self) -> dict[str, Any]:
        """Whose entries in the audit trail are about this row: `license_id` and `customer_id`
        where there are any, and whether that customer sees them (`visible`)."""
        return {}
