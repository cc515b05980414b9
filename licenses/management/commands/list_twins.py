"""Lists what is there in more than one spelling: licence keys, and e-mails of people."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db.models import QuerySet

from accounts.models import User, among_operators
from licenses.models import License
from tenancy.addresses import normalise_email
from tenancy.door import inside, reading
from tenancy.spelling import form_of
from tenancy.table import every_vendor


class Command(BaseCommand):
    """Needs nothing of the tables but keys and e-mails, so that it can be asked before `migrate`.
    Nothing is ever merged: who of two people is meant, a vendor knows."""

    help = (
        "Lists licence keys that differ in case, dashes or blanks alone, and e-mails of one vendor "
        "that are one address in two spellings; fails if there are any."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        keys = emails = 0
        for vendor in every_vendor():
            with inside(vendor):
                keys += self._tell(vendor.company_id, License.objects.all(), "key", form_of)
                emails += self._tell(
                    vendor.company_id, User.objects.all(), "email", normalise_email
                )
        with among_operators():
            emails += self._tell("operators", User.operators.all(), "email", normalise_email)
        if keys or emails:
            raise CommandError(
                f"{keys} keys and {emails} e-mails are there in more than one spelling."
            )
        self.stdout.write("Every key and every e-mail is there once.")

    def _tell(self, whose: str, rows: QuerySet[Any], name: str, form: Callable[[str], str]) -> int:
        found = twins(rows, name, form)
        for spellings in found:
            self.stdout.write(f"{whose}: {', '.join(spellings)}")
        return len(found)


def twins(rows: QuerySet[Any], name: str, form: Callable[[str], str]) -> list[list[str]]:
    """What is one among these rows in this column, together, in the order of the rows."""
    same: dict[str, list[str]] = defaultdict(list)
    with reading():
        for text in rows.order_by("pk").values_list(name, flat=True).iterator():
            same[form(text)].append(text)
    return [sorted(spellings) for spellings in same.values() if len(spellings) > 1]
