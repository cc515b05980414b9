"""Encryption at rest, for whatever the database alone must not give away.

KEY_ENCRYPTION_KEYS are Fernet keys: the first one encrypts, all of them decrypt.
"""

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def encryption() -> MultiFernet:
    """The encryption at rest; raises ImproperlyConfigured when no valid key is set."""
    try:
        return MultiFernet([Fernet(key) for key in settings.KEY_ENCRYPTION_KEYS])
    except ValueError as error:
        raise ImproperlyConfigured(
            "KEY_ENCRYPTION_KEYS has to hold at least one Fernet key, see docs/operations.md."
        ) from error
