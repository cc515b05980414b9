"""`manage.py invite_operator`: an operator, new or still without a password."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.management.inviting import invitation_of
from accounts.verbs.operators import name_operator


class Command(BaseCommand):
    help = (
        "Adds an operator and prints the link by which the password is set; prints another one "
        "for an operator who has not set a password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            operator = name_operator(email=options["email"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(invitation_of(operator))
