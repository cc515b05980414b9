"""`manage.py send_test_email`: whether the mail server takes e-mails from here."""

from argparse import ArgumentParser
from smtplib import SMTPException
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from mail.composing import AUTOMATIC
from tenancy.addresses import pasted


class Command(BaseCommand):
    help = "Sends an e-mail by the settings of the portal, at once, and says what became of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        address = pasted(options["address"])
        message = EmailMessage(
            subject="A test of the portal's e-mails",
            body="The portal can send e-mails: this is one of them.\n",
            to=[address],
            headers=AUTOMATIC,
        )
        try:
            validate_email(address)
            message.send()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (SMTPException, OSError) as error:
            raise CommandError(f"The mail server did not take it: {error}") from error
        self.stdout.write(f"Sent from {message.from_email} to {address}.")
