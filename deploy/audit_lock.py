"""Whether a known weakness is in what requirements-telemetry.lock names, which holds all of
requirements.lock: pip-audit asks PyPI.

Ends with 0 when none is, with 1 when one is, and with 77 when that could not be asked, which is
nobody's fault; says which.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[1] / "requirements-telemetry.lock"
COULD_NOT_ASK = 77
COMMAND = (
    "pip_audit", "--requirement", str(LOCK), "--no-deps", "--disable-pip", "--format", "json",
    "--progress-spinner", "off", "--timeout", "5",
)  # fmt: skip


def main() -> int:
    command = [sys.executable, "-m", *COMMAND]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    code, told = verdict(done.stdout, done.stderr)
    sys.stdout.write(f"{told}\n")
    return code


def verdict(output: str, complaints: str) -> tuple[int, str]:
    """The exit code and what there is to say of what pip-audit printed."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        last = (complaints.strip().splitlines() or ["it said nothing"])[-1]
        return COULD_NOT_ASK, f"NOT ASKED: pip-audit could not reach its service ({last[:200]})."
    weak = [each for each in packages if each.get("vulns")]
    if weak:
        return 1, "\n".join(line for each in weak for line in told_of(each))
    unknown = [each["name"] for each in packages if "skip_reason" in each]
    if unknown:
        number = f"{len(unknown)} of {len(packages)}"
        return COULD_NOT_ASK, f"NOT ASKED: the service knows nothing of {number} packages."
    return 0, f"No known weakness in {len(packages)} packages."


def told_of(package: dict[str, Any]) -> list[str]:
    """A line for each weakness, with the versions that have none."""
    named = f"{package['name']} {package['version']}"
    return [
        f"{named}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'no version yet'}"
        for each in package["vulns"]
    ]


if __name__ == "__main__":
    sys.exit(main())
