#!/usr/bin/env python3
"""Sets the portal up on a fresh machine and runs it: see development.py, or `dev.py --help`.

This file alone is read by whatever Python there is, from 2.7 on: it says which one is needed.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "The portal needs Python 3.11 or newer, and this is Python %d.%d: start dev.py with "
        "another one, such as python3.11 dev.py." % sys.version_info[:2]
    )

if __name__ == "__main__":
    try:
        from development import run
    except ImportError as error:
        sys.exit(
            "This Python lacks a part of its own library (%s): install it whole (apt install "
            "python3-venv on Debian and Ubuntu), then start again." % error
        )
    run(sys.argv[1:])
