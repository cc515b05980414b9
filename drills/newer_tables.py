"""A plugin for an older version's pytest (drills/older_tests.py): its test database gets the tables of
this version, by this version's `manage.py migrate`, and is emptied of all of them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core import management
from django.db.backends.base.introspection import BaseDatabaseIntrospection

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    theirs = management.call_command

    def ours(name: Any, *args: Any, **options: Any) -> Any:
        if name != "migrate" or "run_syncdb" not in options:  # who makes the database asks so
            return theirs(name, *args, **options)
        from django.db import connections  # settings are there only now

        of = connections[options["database"]].settings_dict
        url = f"postgresql://{of['OPTIONS']['assume_role']}@/{of['NAME']}?host={of['HOST']}"
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        return subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)

    management.call_command = ours
    BaseDatabaseIntrospection.django_table_names = lambda self, **_options: self.table_names()
