#!/usr/bin/env python3
"""Django's command line for the portal."""

import os
import sys


def main() -> None:
    # Whatever another project has left in the environment.
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
