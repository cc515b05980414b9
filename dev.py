#!/usr/bin/env python3
"""Sets the portal up on a fresh machine and runs it: demo, serve, test, check, bench, manage.

Needs Python 3.11 with venv and nothing else; everything it installs goes into .venv, everything
it writes into var/. Variables of the environment win over what it fills in.

    python3 dev.py demo [--port 8000]     demo data, served at http://portal.localhost:8000/
    python3 dev.py serve [--port 8000]    the same without demo data
    python3 dev.py test [pytest args]     all tests, on SQLite and on PostgreSQL
    python3 dev.py check                  what .ci/run checks beside the tests: style, types, ...
    python3 dev.py bench [--help]         the table of docs/performance.md, on a private PostgreSQL
    python3 dev.py manage <args>          manage.py with the same settings as demo and serve
"""

import argparse
import base64
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-locks"
DEFAULT_PORT = "8000"
START_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 10.0  # seconds
SERVED_WITH = ("chromium", "nginx", "caddy", "curl", "pgbouncer")
NO_TESTS_COLLECTED = 5  # pytest's exit code
# Variables that a developer's own settings are not among.
OF_THE_MACHINE = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL")


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns the exit code."""
    given_over = {"test": test, "bench": bench, "manage": manage}
    if len(arguments) > 0 and arguments[0] in given_over:
        # Whatever follows belongs to pytest, to the table and to manage.py.
        return given_over[arguments[0]](list(arguments[1:]))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["demo", "serve", "test", "check", "bench", "manage"])
    parser.add_argument("--port", default=os.environ.get("PORT", DEFAULT_PORT), type=int)
    options = parser.parse_args(arguments)
    if options.command == "check":
        return check()
    return serve(options.port, seed=options.command == "demo")


def serve(port: int, *, seed: bool) -> int:
    """Serves in the foreground until it is stopped; 1 when something didn't start or died."""
    if port_is_taken(port):
        return fail(f"Port {port} is in use: stop what listens there, or choose another --port.")
    install("requirements.lock")
    environment = development_environment(os.environ, port)
    prepare = ["prepare", *(["--demo"] if seed else [])]
    sign_ins = run_manage(prepare, as_owner(environment), capture=True)
    return supervise(port, environment, sign_ins)


def test(arguments: list[str]) -> int:
    """Runs the tests on SQLite and on PostgreSQL and says loudly what ran."""
    install("requirements-dev.lock")
    required = os.environ.get("CI", "").lower() == "true"
    runs = [
        Run("SQLite", "sqlite", "not e2e and not proxies"),
        Run("Chromium and proxies", "sqlite", "e2e or proxies", ("tests/e2e", "tests/deploy")),
    ]
    if has_postgresql(os.environ):
        runs.append(Run("PostgreSQL", "postgresql", "not e2e and not proxies"))
    codes = run_tests(runs, arguments)
    lines = [f"{run.name}: ran, {outcome(code)}" for run, code in zip(runs, codes, strict=True)]
    missing = [name for name in SERVED_WITH if shutil.which(name, path=search_path()) is None]
    if not has_postgresql(os.environ):
        missing.append("PostgreSQL's server programs (and no DATABASE_URL)")
    if missing:
        lines.append(f"NOT RUN is what needs: {', '.join(missing)}")
    print("\n" + "\n".join(["=" * 72, *lines, "=" * 72]), flush=True)
    if required and missing:
        return 1
    return verdict(codes, every_part=not any(selects(each) for each in arguments))


def verdict(codes: Sequence[int], *, every_part: bool) -> int:
    """The exit code for those of pytest, or of signals that killed it. A part of which nothing was
    selected has failed if `every_part` has to run."""
    if set(codes) == {NO_TESTS_COLLECTED}:
        return NO_TESTS_COLLECTED
    fine = {0} if every_part else {0, NO_TESTS_COLLECTED}
    return int(any(code not in fine for code in codes))


def selects(argument: str) -> bool:
    """Whether this argument of pytest's names tests: by path, by name or by mark."""
    return not argument.startswith("-") or argument.startswith(("-k", "-m", "--lf", "--ff"))


class Run(NamedTuple):
    """A part of the tests: those with these marks, on one database; and where they all lie, so
    that they are found quickly."""

    name: str
    database: str
    marks: str
    folders: tuple[str, ...] = ()


def run_tests(runs: Sequence[Run], arguments: Sequence[str]) -> list[int]:
    """Runs them all at once, since they share nothing but the processors; their exit codes.

    What they print comes in order, that of the first one as it is printed.
    """
    first, *others = runs
    with ExitStack() as stack:
        outputs = [stack.enter_context(tempfile.TemporaryFile()) for _run in others]
        beside = [
            start_pytest(run, arguments, output)
            for run, output in zip(others, outputs, strict=True)
        ]
        print(f"\n=== {first.name} ===", flush=True)
        codes = [start_pytest(first, arguments).wait()]
        for run, process, output in zip(others, beside, outputs, strict=True):
            codes.append(process.wait())
            output.seek(0)
            print(f"\n=== {run.name} ===\n{output.read().decode('utf-8', 'replace')}", flush=True)
    return codes


def check() -> int:
    """Runs every check to its end and says which failed; 1 when one did. Changes no file."""
    install("requirements-dev.lock")
    with tempfile.TemporaryDirectory(prefix="portal-check-") as folder:
        return run_checks(checks(Path(folder)))


def bench(arguments: list[str]) -> int:
    """Measures; returns the exit code. No setting that is given reaches what is measured."""
    install("requirements.lock")
    environment = {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}
    command = [str(PYTHON), "-m", "bench.table", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def search_path() -> str:
    """Where programs are looked for; Debian keeps nginx where only root looks."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin"


def manage(arguments: list[str]) -> int:
    """Runs manage.py; returns its exit code."""
    install("requirements.lock")
    environment = development_environment(os.environ, int(os.environ.get("PORT", DEFAULT_PORT)))
    return subprocess.run([PYTHON, "manage.py", *arguments], cwd=ROOT, env=environment).returncode


# --- Checks ------------------------------------------------------------------------------------


class Check(NamedTuple):
    """A command that fails when something is not as it should be, and the program it needs."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path = ROOT
    needs: str = ""


def checks(folder: Path) -> list[Check]:
    """What has to hold beside the tests. Whatever the checks write goes into the folder."""
    production = production_environment(os.environ, folder)
    # These two look at models and texts alone: they need no server.
    alone = {name: value for name, value in production.items() if name != "DATABASE_URL"}
    copy = copy_of_sources(folder)
    ruff, mypy, djade = (str(VENV / "bin" / name) for name in ("ruff", "mypy", "djade"))
    manage = [str(PYTHON), "manage.py"]
    # Django's; a test compiles those of pages/, which are Jinja2's.
    sources = sorted(str(path) for path in ROOT.glob("templates/**/*.html"))
    templates = [djade, "--check", "--target-version", "5.2", *sources]
    deploy = [*manage, "check", "--deploy", "--fail-level", "WARNING"]
    migrations = [*manage, "makemigrations", "--check", "--dry-run"]
    messages = [*manage, "makemessages", "--locale", "en", "--verbosity", "0"]
    return [
        Check("ruff", [ruff, "check", "."], production),
        Check("format", [ruff, "format", "--check", "."], production),
        Check("mypy", [mypy], production),
        Check("templates", templates, production),
        Check("settings of production", deploy, production),
        Check("migrations", migrations, alone),
        Check("messages", messages, alone, copy, needs="xgettext"),
    ]


def run_checks(these: Sequence[Check]) -> int:
    """Runs all of them, whatever fails, as many at once as there are processors; tells in order.

    A program that is missing is a failure under CI alone.
    """
    required = os.environ.get("CI", "").lower() == "true"
    lines, failed = [], False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for each, done in zip(these, pool.map(run_check, these), strict=True):
            print(f"\n--- {each.name}", flush=True)
            if done is None:
                failed |= required
                lines.append(f"{each.name}: NOT RUN, no program named {each.needs} found")
                continue
            print(done.stdout.decode("utf-8", "replace"), end="", flush=True)
            failed |= done.returncode != 0
            lines.append(f"{each.name}: {'passed' if done.returncode == 0 else 'FAILED'}")
    print("\n" + "\n".join(["=" * 72, *lines, "=" * 72]), flush=True)
    return int(failed)


def run_check(one: Check) -> subprocess.CompletedProcess[bytes] | None:
    """How it ended, with all that it printed; None when the program that it needs is missing."""
    if one.needs and shutil.which(one.needs) is None:
        return None
    return subprocess.run(
        one.command,
        cwd=one.folder,
        env=one.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def production_environment(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What the portal has in production, made up; no setting that is given reaches it."""
    return {
        **{name: given[name] for name in OF_THE_MACHINE if name in given},
        "SECRET_KEY": new_secret_key(),
        "KEY_ENCRYPTION_KEYS": new_encryption_key(),
        "PARENT_HOST": "portal.example.com",
        "PUBLIC_SCHEME": "https",
        "EMAIL_URL": "smtp://localhost",
        "DATABASE_URL": "postgresql://portal@localhost/portal",
        "DATA_DIR": str(folder / "data"),
    }


def copy_of_sources(folder: Path) -> Path:
    """A copy of the tree in which messages can be written."""
    copy = folder / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "var", "__pycache__"))
    (copy / "locale").mkdir(exist_ok=True)
    return copy


# --- Installing --------------------------------------------------------------------------------


def install(lock: str) -> None:
    """Makes .venv hold what the lock names, unless its stamp says that it does already."""
    if not is_usable(PYTHON):
        say("Making .venv")
        venv.create(VENV, with_pip=True, clear=True)
    text = (ROOT / lock).read_bytes()
    if is_installed(STAMP, text):
        return
    say(f"Installing {lock}")
    # An interrupted installation leaves no stamp.
    STAMP.unlink(missing_ok=True)
    # The lock names everything, and Python compiles what it uses when it does.
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--no-compile", "--require-hashes", "-r", lock]
    subprocess.run(pip, cwd=ROOT, check=True, stdout=sys.stderr)
    digests = [digest(text)]
    if lock == "requirements-dev.lock":
        # The development lock holds all of the other one.
        digests.append(digest((ROOT / "requirements.lock").read_bytes()))
    STAMP.write_text("\n".join(digests) + "\n")


def is_usable(python: Path) -> bool:
    """Whether the virtual environment's Python is there and runs."""
    if not python.exists():
        return False
    return subprocess.run([python, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0


def is_installed(stamp: Path, lock: bytes) -> bool:
    """Whether the stamp names this content of a lock."""
    return stamp.exists() and digest(lock) in stamp.read_text().split()


def digest(lock: bytes) -> str:
    return hashlib.sha256(lock).hexdigest()


# --- Settings for a developer's machine --------------------------------------------------------


def development_environment(given: Mapping[str, str], port: int) -> dict[str, str]:
    """The environment, completed with what a developer's machine needs.

    A variable NAME is filled in only where neither NAME nor NAME_FILE is set. Secrets are made
    once, as files in DATA_DIR where the settings look for them.
    """
    environment = dict(given)
    folder = Path(given.get("DATA_DIR", ROOT / "var"))

    def fill(name: str, value: Callable[[], str]) -> None:
        if name not in environment and f"{name}_FILE" not in environment:
            environment[name] = value()

    keep_private(folder)
    for name, make in SECRETS.items():
        if name not in environment and f"{name}_FILE" not in environment:
            make_secret_file(folder / name.lower(), make)
    fill("DATA_DIR", lambda: str(folder))
    fill("PARENT_HOST", lambda: "portal.localhost")
    fill("PUBLIC_SCHEME", lambda: "http")
    fill("PUBLIC_PORT", lambda: str(port))
    return environment


def as_owner(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which tables are made: with DATABASE_OWNER_URL, if there is one, in the
    place of DATABASE_URL."""
    changed = dict(environment)
    for end in ("", "_FILE"):
        if f"DATABASE_OWNER_URL{end}" in environment:
            changed.pop("DATABASE_URL", None)
            changed.pop("DATABASE_URL_FILE", None)
            changed[f"DATABASE_URL{end}"] = environment[f"DATABASE_OWNER_URL{end}"]
    return changed


def keep_private(folder: Path) -> None:
    """Takes from others what an earlier version let them read: the folder and SQLite's files."""
    for path in (folder, *folder.glob("db.sqlite3*")):
        if path.exists() and path.stat().st_uid == os.getuid():
            path.chmod(0o700 if path.is_dir() else 0o600)


def make_secret_file(path: Path, make: Callable[[], str]) -> None:
    """Makes a file with a secret that only its owner can read, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(make() + "\n")


def new_secret_key() -> str:
    return secrets.token_urlsafe(50)


def new_encryption_key() -> str:
    """A Fernet key: 32 random bytes in base64url."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


SECRETS = {"SECRET_KEY": new_secret_key, "KEY_ENCRYPTION_KEYS": new_encryption_key}


# --- Running -----------------------------------------------------------------------------------


def run_manage(
    arguments: Sequence[str], environment: Mapping[str, str], *, capture: bool = False
) -> str:
    """Runs manage.py to its end and returns what it printed, if that was asked for."""
    done = subprocess.run(
        [PYTHON, "manage.py", *arguments],
        cwd=ROOT,
        env=dict(environment),
        check=True,
        text=True,
        stdout=subprocess.PIPE if capture else None,
    )
    return done.stdout or ""


def supervise(port: int, environment: Mapping[str, str], sign_ins: str) -> int:
    """Runs the web server and the queue's worker until one ends or a signal comes."""
    gunicorn = [
        str(PYTHON),
        "-m",
        "gunicorn",
        "portal.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--threads",
        "64",
        "--worker-class",
        "gthread",
        "--reuse-port",
        "--no-control-socket",
        "--log-level",
        "warning",
    ]
    worker = [str(PYTHON), "manage.py", "db_worker", "--no-startup-delay"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    children = [
        # Sessions of their own: Ctrl-C reaches dev.py alone, which then stops them in order.
        subprocess.Popen(command, cwd=ROOT, env=dict(environment), start_new_session=True)
        for command in (gunicorn, worker)
    ]
    try:
        if not wait_until_healthy(port, children):
            return fail("The server did not start.")
        address = f"{environment['PUBLIC_SCHEME']}://{environment['PARENT_HOST']}:{port}/"
        print(f"\nThe portal is running: {address}\n{sign_ins}\nCtrl-C stops it.", flush=True)
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        return fail("A part of the portal ended by itself.")
    except KeyboardInterrupt:
        return 0
    finally:
        stop(children)


def wait_until_healthy(port: int, children: Sequence[subprocess.Popen[bytes]]) -> bool:
    """Whether /healthz answered before the time was up; False at once when a child has ended."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and all(child.poll() is None for child in children):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Asks the children to end, and makes them when they don't."""
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def start_pytest(
    run: Run, arguments: Sequence[str], output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a part of the tests; what it prints goes to `output` or to the terminal."""
    # What failed last is remembered for each part.
    cache = f"cache_dir=.pytest_cache/{run.name.split()[0].lower()}"
    folders = () if any(selects(each) for each in arguments) else run.folders
    command = [str(PYTHON), "-m", "pytest", "-o", cache, *narrowed(arguments, run.marks), *folders]
    environment = dict(os.environ, TEST_DATABASE=run.database)
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
    )


def narrowed(arguments: Sequence[str], marks: str) -> list[str]:
    """Pytest's arguments, with these marks wanted beside those that are asked for."""
    kept, asked, following = [], [marks], iter(arguments)
    for argument in following:
        if argument == "-m":
            asked.append(next(following, ""))
        elif argument.startswith("-m") and not argument.startswith("--"):
            asked.append(argument.removeprefix("-m").removeprefix("="))
        else:
            kept.append(argument)
    return [*kept, "-m", " and ".join(f"({each})" for each in asked if each)]


def has_postgresql(environment: Mapping[str, str]) -> bool:
    """Whether DATABASE_URL names a PostgreSQL, or server programs are on the machine."""
    if environment.get("DATABASE_URL", "").startswith("postgres"):
        return True
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return bool(folders) or shutil.which("initdb") is not None


def outcome(code: int) -> str:
    if code == NO_TESTS_COLLECTED:
        return "nothing was selected"
    return "passed" if code == 0 else "FAILED"


def port_is_taken(port: int) -> bool:
    """Whether something listens on the port of the loopback address."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def say(message: str) -> None:
    """Tells what is going on, apart from what a command prints (`manage product_file > file`)."""
    print(message, file=sys.stderr, flush=True)


def fail(message: str) -> int:
    say(message)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    except KeyboardInterrupt:
        sys.exit(130)
