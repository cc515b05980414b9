"""A file of customers: what its rows mean."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from accounts.verbs.invitations import invite
from imports.kinds import FileKind, ToList
from imports.rows import PREVIEW, Rows, Wanted
from imports.steps import Step, parts_of
from imports.verbs.people import NAMES
from tenancy.models import Vendor


class CustomerRows(Rows):
    """A file of customers: a known address is updated, another one becomes a customer."""

    read_only = ("role", "active", "portal_access", "last_seen", "created")
    example = (
        ("email", "first_name", "last_name", "company"),
        ("ada@example.com", "Ada", "Lovelace", "Analytical Engines"),
        ("grace@example.com", "Grace", "Hopper", ""),
    )

    explained = {
        "email": gettext_lazy("A known address updates that customer, another one adds one."),
        "first_name": gettext_lazy("An empty cell leaves the name as it is."),
        "last_name": gettext_lazy("An empty cell leaves the name as it is."),
        "company": gettext_lazy("An empty cell leaves the company as it is."),
    }
    shown = {
        "email": gettext_lazy("E-mail"),
        "first_name": gettext_lazy("First name"),
        "last_name": gettext_lazy("Last name"),
        "company": gettext_lazy("Company"),
        "customer": gettext_lazy("Customer"),
    }

    def __init__(self, vendor: Vendor, *, keep: bool) -> None:
        super().__init__(vendor, keep=keep)
        self.updates: dict[UUID, dict[str, str]] = {}

    def person(self, row: dict[str, str]) -> User:
        person = super().person(row)
        self.once(person.email, _("Row %(row)d has this e-mail already."))
        return person

    def save_instance(
        self, instance: Wanted, is_create: bool, row: dict[str, str], **kwargs: Any
    ) -> None:
        """Remembers what the row says; nothing is saved."""
        person = instance.user
        if person is None:
            return
        given = {name: row[name] for name in NAMES if row.get(name)}
        is_new = person.email in self.people.new
        if given and self.keep and not is_new:
            self.updates[person.pk] = given
        if len(self.preview) < PREVIEW:
            names = {name: given.get(name) or getattr(person, name) for name in NAMES}
            outcome = _("new customer") if is_new else _("known customer")
            self.preview.append({"email": person.email, **names, "customer": outcome})

    def steps(self) -> Iterator[Step]:
        yield from super().steps()
        for known in parts_of(list(self.people.known.items())):
            yield "known-people", [[str(pk), number] for pk, number in known]
        for changed in parts_of(list(self.updates.items())):
            yield "changes", [[str(pk), names] for pk, names in changed]


def _button(n: int) -> str:
    return ngettext("Import %(n)s customer", "Import %(n)s customers", n) % {"n": f"{n:,}"}


def _invite(customer: User) -> None:
    invite(customer)


CUSTOMERS = FileKind(
    name="customers",
    label=gettext_lazy("Customers"),
    rows=CustomerRows,
    button=_button,
    to_list=ToList(
        text=gettext_lazy("To the customers"),
        route="admin:accounts_user_changelist",
        right="accounts.view_user",
        query={"kind": "customers"},
    ),
    after_create=_invite,
    offer=gettext_lazy("Invite the new customers by e-mail to set a password"),
)
