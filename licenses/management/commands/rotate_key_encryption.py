"""`manage.py rotate_key_encryption`: private keys, secrets of second factors and of clients again,
under the first of KEY_ENCRYPTION_KEYS."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from licenses.verbs.signing_keys import rotate_key_encryption


class Command(BaseCommand):
    help = (
        "Encrypts every product's private key, every second factor's secret and every identity "
        "provider's client secret under the first of KEY_ENCRYPTION_KEYS."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys, factors, clients = rotate_key_encryption()
        except InvalidToken as error:
            raise CommandError(
                "A private key, or the secret of a second factor or client, fits none of "
                "KEY_ENCRYPTION_KEYS. Nothing was changed."
            ) from error
        self.stdout.write(
            f"{keys} private keys, {factors} second factors and {clients} client secrets are now "
            "encrypted under the first key."
        )
