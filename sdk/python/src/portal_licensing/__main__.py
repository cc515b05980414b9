"""`python -m portal_licensing`."""

import sys

from portal_licensing.cli import main

if __name__ == "__main__":
    sys.exit(main())
