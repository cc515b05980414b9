"""`manage.py seed_demo`: the demo data of demo/seed.py."""

from typing import Any

from django.core.management.base import BaseCommand

from demo import seed


class Command(BaseCommand):
    help = "Creates the demo vendors with people and licences, and prints the sign-ins. Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        seed.seed()
        for line in seed.sign_ins():
            self.stdout.write(line)
