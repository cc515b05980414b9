"""`manage.py rotate_key_encryption`: private keys, and the secrets of second factors, clients and
webhooks again, under the first of KEY_ENCRYPTION_KEYS."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from licenses.verbs.signing_keys import rotate_key_encryption


class Command(BaseCommand):
    help = (
        "Encrypts every product's private key, every second factor's secret, every identity "
        "provider's client secret and every webhook's secret under the first of "
        "KEY_ENCRYPTION_KEYS."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rotated = rotate_key_encryption()
        except InvalidToken as error:
            raise CommandError(
                "A private key, or the secret of a second factor, client or webhook, fits none of "
                "KEY_ENCRYPTION_KEYS. Nothing was changed."
            ) from error
        *first, last = (f"{n} {name}" for name, n in rotated.items())
        told = f"{', '.join(first)} and {last}"
        self.stdout.write(f"{told} are now encrypted under the first key.")
