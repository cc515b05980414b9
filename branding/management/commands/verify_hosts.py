"""`manage.py verify_hosts`: whether the table by which hosts are found is right."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from branding.domains.hosts import hosts_that_differ


class Command(BaseCommand):
    help = "Compares the table of hosts with vendors and their domains; fails when they differ."

    def handle(self, *args: Any, **options: Any) -> None:
        differing = hosts_that_differ()
        for name in differing:
            self.stdout.write(name)
        if differing:
            raise CommandError(f"{len(differing)} hosts differ from vendors and their domains.")
        self.stdout.write("The table of hosts is right.")
