"""What it takes to read a drawing: `.venv/bin/python -m bench.drawings`.

Each of the drawings that the tests know goes through the process that reads it
(branding/svg/process.py), alone. Seconds are those of the wall, megabytes the highest of its
resident memory, looked at every two milliseconds; the limits are those of the process.
"""

import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from branding.drawings import LONGEST
from branding.svg.process import MEMORY, SECONDS
from tests.branding.drawings import BOMBS, HARMLESS, PROGRAMS

COMMAND = [sys.executable, "-m", "branding.svg.process", "640", "160"]
ENDS = {0: "read", 3: "refused", -6: "out of memory", -9: "out of time", 1: "failed"}


def main() -> None:
    megabytes = MEMORY // 1024**2
    print(f"Limits: {SECONDS} s of a processor, {LONGEST} s, {megabytes} MB of addresses")
    for name, data in {**PROGRAMS, **HARMLESS, **BOMBS}.items():
        seconds, height, code = measure(data)
        print(f"{name:28} {seconds:6.2f} s {height:6.0f} MB  {ENDS.get(code, code)}")


def measure(data: bytes) -> tuple[float, float, int]:
    """Seconds, megabytes and the exit code."""
    begun = time.monotonic()
    process = subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    )
    heights = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, heights))
    watcher.start()
    process.communicate(data)
    seconds = time.monotonic() - begun
    watcher.join()
    return seconds, heights[-1], process.returncode


def _watch(process: subprocess.Popen[bytes], heights: list[float]) -> None:
    status = Path(f"/proc/{process.pid}/status")
    with suppress(ProcessLookupError):
        while process.poll() is None:
            lines = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
            heights += [int(line.split()[1]) / 1024 for line in lines]
            time.sleep(0.002)


if __name__ == "__main__":
    main()
