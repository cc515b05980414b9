"""A portal in a throw-away folder, for measuring in one process."""

import os
import tempfile
from pathlib import Path


def set_up(database_url: str = "") -> None:
    """Points the settings at a fresh folder, starts Django and makes the tables, in SQLite unless
    another database is named."""
    folder = tempfile.mkdtemp(prefix="portal-bench-")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SECRET_KEY": "bench-" * 10,
        "KEY_ENCRYPTION_KEYS": "YmVuY2gtb25seS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY=",
        "DATA_DIR": folder,
        "PUBLIC_SCHEME": "http",
        "DATABASE_URL": database_url,
    }
    Path(folder, "static").mkdir()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
