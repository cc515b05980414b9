"""The table of docs/downloads.md: `.venv/bin/python -m bench.ranges`.

Asks for one file with curl, in every case of tests/deploy/matrix.py: from nginx serving the file
itself, from the portal behind nginx and behind Caddy, and from gunicorn alone.
"""

import sys
import tempfile
from pathlib import Path

from tests.deploy.matrix import CASES, Answer
from tests.deploy.ways import all_ways

WAYS = {
    "reference": "nginx itself",
    "nginx": "behind nginx",
    "caddy": "behind Caddy",
    "alone": "gunicorn alone",
}


def told(answer: Answer) -> str:
    """Status, bytes and range of an answer."""
    length = answer.headers.get("content-length") if answer.status < 300 else None
    said = [
        str(answer.status),
        f"{length} B" if length else "",
        answer.headers.get("content-range", "").removeprefix("bytes "),
    ]
    return " · ".join(part for part in said if part)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, all_ways(Path(folder)) as w:
        print(f"| case | curl | {' | '.join(WAYS.values())} |")
        print("| --- " * (len(WAYS) + 2) + "|")
        for name, arguments in CASES:
            reference = w.answers["reference"][name]
            cells = [
                "same"
                if way != "reference" and answer.compared() == reference.compared()
                else told(answer)
                for way in WAYS
                for answer in [w.answers[way][name]]
            ]
            asked = " ".join(argument for argument in arguments if argument != "-H")
            print(f"| {name} | {f'`{asked}`' if asked else ''} | {' | '.join(cells)} |")


if __name__ == "__main__":
    sys.exit(main())
