"""`python -m branding.svg.process WIDTH HEIGHT`: a drawing comes in, its pixels go out as a PNG.

A process of its own, with limits that the system holds, because a rasteriser may take any amount of
time and memory, and ends the process when it fails. It makes the drawing clean, and then opens no
file and no connection any more. It ends with 0, or with REFUSED and the reason.
"""

import resource
import sys
from collections.abc import Mapping

import resvg_py

from branding.svg.cleaning import MOST_BYTES, Refused, clean

MEMORY = 128 * 1024 * 1024  # bytes
SECONDS = 4  # of a processor
STREAMS = 3  # open files: what came with the process
REFUSED = 3


def main() -> int:
    width, height = map(int, sys.argv[1:])
    limit({resource.RLIMIT_AS: MEMORY, resource.RLIMIT_CPU: SECONDS, resource.RLIMIT_CORE: 0})
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        drawing = clean(data, (width, height))
    except Refused as error:
        sys.stdout.write(f"{error.code}\n{error.detail}")
        return REFUSED
    limit({resource.RLIMIT_NOFILE: STREAMS, resource.RLIMIT_FSIZE: 0})
    sys.stdout.buffer.write(resvg_py.svg_to_bytes(svg_string=drawing, skip_system_fonts=True))
    return 0


def limit(limits: Mapping[int, int]) -> None:
    """From here on the system ends or refuses what takes more."""
    for name, most in limits.items():
        resource.setrlimit(name, (most, most))


if __name__ == "__main__":
    sys.exit(main())
