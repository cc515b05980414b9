"""`manage.py seed_demo`: the demo data of portal/demo.py."""

from typing import Any

from django.core.management.base import BaseCommand

from portal import demo


class Command(BaseCommand):
    help = "Creates the demo vendors with people and licences, and prints the sign-ins. Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        demo.seed()
        for line in demo.sign_ins():
            self.stdout.write(line)
