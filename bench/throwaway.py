"""A portal in a throw-away folder with an SQLite database, for measuring in one process."""

import os
import tempfile
from pathlib import Path


def set_up() -> None:
    """Points the settings at a fresh folder, starts Django and makes the tables."""
    folder = tempfile.mkdtemp(prefix="portal-bench-")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SECRET_KEY": "bench-" * 10,
        "KEY_ENCRYPTION_KEYS": "YmVuY2gtb25seS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY=",
        "DATA_DIR": folder,
        "PUBLIC_SCHEME": "http",
    }
    Path(folder, "static").mkdir()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
