"""`python -m tests.kept <version>`: keeps what this release leaves behind."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import kept

with tempfile.TemporaryDirectory() as folder:
    environment = os.environ | kept.KEYS | {"DATA_DIR": folder}
    subprocess.run(
        [sys.executable, "manage.py", "prepare", "--demo"],
        cwd=kept.ROOT,
        env=environment,
        check=True,
    )
    kept.keep(sys.argv[1], Path(folder, "db.sqlite3"))
