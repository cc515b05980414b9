"""Uploads and downloads of a large file: `.venv/bin/python -m bench.downloads [--gib 2]`.

Serves the demo twice, behind nginx as deploy/nginx.conf sets it up (the recommended set-up) and by
gunicorn alone, and measures in one run on loopback:

- how much memory a worker takes on while the file is uploaded and while 20 clients download it;
- how long the licences page takes while 8 slow readers download, as a ratio to before;
- the throughput of a download as a ratio to nginx serving the same file itself.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sessions import Session
from demo.ids import demo_id, demo_key
from tests.deploy import servers
from tests.served import Portal, served

MIB = 1024 * 1024
CLIENTS, SLOW_READERS, ROUNDS, PAGES = 20, 8, 7, 60
NAME = "large.bin"


def staff(port: int) -> Session:
    session = Session(port, f"app.portal.localhost:{port}")
    session.post(
        "/login/",
        "/login/",
        email="admin@acme.example",
        password="demo-acme-admin",
        company_id="acme",
    )
    return session


def customer(port: int) -> Session:
    session = Session(port, f"acme.portal.localhost:{port}")
    session.post("/login/", "/login/", email="ada@example.com", password="demo-acme-ada")
    return session


def workers(portal: Portal) -> list[int]:
    """The processes of gunicorn that answer; their parent only watches them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents = Path(f"/proc/{parent}/cmdline").read_bytes()
        except OSError:
            continue
        if f"127.0.0.1:{portal.port} " in command and b"gunicorn" in parents:
            found.append(int(folder.name))
    assert len(found) == 2, found
    return found


def memory(pid: int, name: str) -> float:
    """A value of /proc/<pid>/status in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


@contextmanager
def watched(portal: Portal, what: str) -> Iterator[None]:
    """Prints by how much the peak of each worker rose above what it had before."""
    before = {pid: memory(pid, "VmRSS") for pid in workers(portal)}
    for pid in before:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # forgets the peak
    begun = time.monotonic()
    yield
    rises = [memory(pid, "VmHWM") - resident for pid, resident in before.items()]
    took = time.monotonic() - begun
    print(f"{what:60} +{max(rises):5.1f} MiB  in {took:5.1f} s", flush=True)


def upload(session: Session, size: int, folder: Path, version: str = "8.8") -> str:
    """Uploads a file of so many bytes in the back office, publishes it, gives its path by key."""
    large = folder / NAME
    with large.open("wb") as file:
        file.truncate(size)
    session.post(
        "/releases/release/add/",
        "/releases/release/add/",
        name="Orbit",
        version=version,
        product=str(demo_id("acme", "product", "Orbit")),
        channel="stable",
        platforms="linux",
    )
    listed = session.open(f"/releases/release/?q={version}")
    release = re.search(r"([0-9a-f-]{36})/change/", listed)
    assert release, listed
    page = f"/releases/release/{release[1]}/files/"
    subprocess.run(
        ["curl", "-s", "-f", "-H", f"Host: {session.host}", "-b", session.cookies,
         "-F", f"csrfmiddlewaretoken={session.token(page)}", "-F", f"files=@{large}",
         "-F", "complete=yes", session.base + page],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert NAME in session.open(page)
    session.post(page, f"/releases/release/{release[1]}/do/publish/")
    return f"/releases/{release[1]}/{NAME}?key={demo_key('acme', 'lab')}"


def curl(port: int, path: str, *more: str) -> subprocess.Popen[bytes]:
    url = f"http://acme.portal.localhost:{port}{path}"
    return subprocess.Popen(["curl", "-s", "-f", "-o", "/dev/null", *more, url])


def seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def download(port: int, path: str) -> None:
    assert curl(port, path).wait() == 0


def download_often(port: int, path: str) -> None:
    assert [process.wait() for process in [curl(port, path) for _ in range(CLIENTS)]] == (
        [0] * CLIENTS
    )


def slow_readers(port: int, path: str) -> None:
    """The licences page before and while slow readers hold downloads open."""
    session = customer(port)

    def page() -> float:
        return statistics.median(seconds(lambda: session.open("/licenses/")) for _ in range(PAGES))

    before = page()
    readers = [curl(port, path, "--limit-rate", "20k") for _ in range(SLOW_READERS)]
    time.sleep(2)
    meanwhile = page()
    assert all(reader.poll() is None for reader in readers)
    for reader in readers:
        reader.kill()
        reader.wait()
    print(
        f"licences page with {SLOW_READERS} slow readers: {meanwhile * 1000:.1f} ms, before "
        f"{before * 1000:.1f} ms, ratio {meanwhile / before:.2f}",
        flush=True,
    )


def throughput(port: int, path: str, reference: str, size: int) -> None:
    """Through the portal and by nginx itself, in turn; the median of the ratios pair by pair."""
    download(port, path)
    ratios, rates = [], []
    for number in range(ROUNDS):
        pair = [path, reference] if number % 2 else [reference, path]
        times = {each: seconds(lambda each=each: download(port, each)) for each in pair}  # type: ignore[misc]
        portals, own = times[path], times[reference]
        ratios.append(own / portals)
        rates.append(size / portals / MIB)
    print(
        f"throughput: {statistics.median(rates):.0f} MiB/s, ratio to nginx itself: median "
        f"{statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}",
        flush=True,
    )


def stored_as(data: Path, size: int) -> str:
    """Where the large file lies, below the folder of releases."""
    releases = data / "media/releases"
    [found] = [p for p in releases.rglob("*") if p.is_file() and p.stat().st_size == size]
    return str(found.relative_to(releases))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gib", type=float, default=2.0)
    size = int(parser.parse_args().gib * 1024 * MIB)
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        data = folder / "proxied"
        data.mkdir()
        proxied = {"ACCEL_REDIRECT_PREFIX": "/protected/", "TRUSTED_PROXIES": "1"}
        with (
            served(data, **proxied) as portal,
            servers.nginx(folder / "nginx", portal.port, data / "media") as port,
        ):
            print("Behind nginx:")
            admin = staff(port)  # before: a password's hash takes 100 MiB
            with watched(portal, f"upload of {size / MIB / 1024:g} GiB"):
                path = upload(admin, size, folder)
            with watched(portal, f"{CLIENTS} clients download it"):
                download_often(port, path)
            slow_readers(port, path)
            throughput(port, path, f"/reference/{stored_as(data, size)}", size)
        data = folder / "alone"
        data.mkdir()
        with served(data) as portal:
            print("gunicorn alone:")
            admin = staff(portal.port)
            with watched(portal, f"upload of {size / MIB / 1024:g} GiB"):
                path = upload(admin, size, folder)
            with watched(portal, f"{CLIENTS} clients download it"):
                download_often(portal.port, path)
            slow_readers(portal.port, path)


if __name__ == "__main__":
    sys.exit(main())
