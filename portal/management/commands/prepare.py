"""`manage.py prepare`: tables, static files, the first operator and, if wanted, demo data, by one
process."""

import os
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.inviting import invitation_of
from accounts.verbs.operators import first_operator
from web import statics


class Command(BaseCommand):
    help = (
        "Does what has to be done before the portal is served: migrate and static files; on "
        "a new installation prints the operator's invitation."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="also fill in the demo data")

    def handle(self, *args: Any, **options: Any) -> None:
        """Quietly; prints the sign-ins of the demo data, or the invitation. Safe to repeat."""
        call_command("migrate", verbosity=0)
        if not are_static_files_built_in():
            statics.collect()
        if options["demo"]:
            call_command("seed_demo", stdout=self.stdout)
        try:
            operator = first_operator()
        except ValidationError as error:
            raise CommandError(f"OPERATOR_EMAIL: {' '.join(error.messages)}") from error
        if operator:
            self.stdout.write(invitation_of(operator))


def are_static_files_built_in() -> bool:
    """Whether they are there and can't be written, as in the image."""
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    return manifest.exists() and not os.access(manifest, os.W_OK)
