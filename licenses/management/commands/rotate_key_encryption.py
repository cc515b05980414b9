"""`manage.py rotate_key_encryption`: private keys and secrets of second factors again, under the
first of KEY_ENCRYPTION_KEYS."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from licenses.verbs.signing_keys import rotate_key_encryption


class Command(BaseCommand):
    help = (
        "Encrypts every product's private key and every second factor's secret under the first of "
        "KEY_ENCRYPTION_KEYS."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys, factors = rotate_key_encryption()
        except InvalidToken as error:
            raise CommandError(
                "A private key, or a second factor's secret, fits none of KEY_ENCRYPTION_KEYS. "
                "Nothing was changed."
            ) from error
        self.stdout.write(
            f"{keys} private keys and {factors} second factors are now encrypted under the first "
            "key."
        )
