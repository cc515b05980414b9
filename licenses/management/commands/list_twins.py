"""Lists licence keys that are one key in different spellings."""

from collections import defaultdict
from typing import Any

from django.core.management import BaseCommand, CommandError

from licenses.models import License
from tenancy.door import inside, reading
from tenancy.spelling import form_of
from tenancy.table import every_vendor


class Command(BaseCommand):
    """Needs nothing of the tables but the keys, so that it can be asked before `migrate`."""

    help = "Lists licence keys that differ in case, dashes or blanks alone; fails if there are any."

    def handle(self, *args: Any, **options: Any) -> None:
        number = 0
        for vendor in every_vendor():
            with inside(vendor):
                for keys in twins():
                    self.stdout.write(f"{vendor.company_id}: {', '.join(keys)}")
                    number += 1
        if number:
            raise CommandError(f"{number} keys are there in more than one spelling.")
        self.stdout.write("Every key is there once.")


def twins() -> list[list[str]]:
    """The keys of the scope's vendor that are one, together."""
    same: dict[str, list[str]] = defaultdict(list)
    with reading():
        for key in License.objects.order_by("pk").values_list("key", flat=True).iterator():
            same[form_of(key)].append(key)
    return [sorted(keys) for keys in same.values() if len(keys) > 1]
