"""Sets the portal up on a fresh machine and runs it: demo, serve, test, check, sbom, bench,
attacks, drill, manage.

Needs Python 3.11 with venv and nothing else; everything it installs goes into .venv, everything
it writes into var/. Variables of the environment win over what it fills in.

    python3 dev.py demo [--port 8000]     demo data, served at http://portal.localhost:8000/
    python3 dev.py serve [--port 8000]    the same without demo data
    python3 dev.py test [pytest args]     all tests, on SQLite and on PostgreSQL
    python3 dev.py check                  what .ci/run checks beside the tests: style, types, ...
    python3 dev.py sbom                   what the image has of Python's packages, in CycloneDX
    python3 dev.py bench [--help]         the table of docs/performance.md, on a private PostgreSQL
    python3 dev.py bench api [--help]     the figures of the Web API, for docs/web-api.md
    python3 dev.py bench small [--help]   what one process with SQLite takes, for docs/operations.md
    python3 dev.py attacks [--help]       whether neighbours get answers while somebody attacks
    python3 dev.py drill [--help]         what has to hold when things break, tried for real
    python3 dev.py manage <args>          manage.py with the same settings as demo and serve
"""

import argparse
import base64
import fcntl
import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

from portal import processes
from portal.processes import stop

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-locks"
DEFAULT_PORT = "8000"
HIGHEST_PORT = 65535
SERVED_WITH = ("chromium", "nginx", "caddy", "curl", "pgbouncer", "redis-server")
# The SDK's examples; missing ones are told of, and are no failure.
EXAMPLES_WITH = ("node", "javac")
IMAGE_WITH = ("buildah", "debootstrap", "runc")
SERVED = "e2e or proxies or image"  # marks of what is tried from outside, on one database
# Of what SQLite's tests take.
HALF = ("tests/accounts", "tests/backoffice", "tests/imports", "tests/licenses")
TURNS = 16  # So many changes try all rows of a table of tests (tests/turns.py).
NO_TESTS_COLLECTED = 5  # pytest's exit code
COULD_NOT_ASK = 77  # that of a check that needs somebody on the network, who can't be reached
# Variables by which pip would install somewhere else.
ELSEWHERE = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
# Variables that a developer's own settings are not among.
OF_THE_MACHINE = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL")


def run(arguments: Sequence[str]) -> NoReturn:
    """Runs one command and exits. Whoever ends this process ends its children with it."""
    with processes.ended_by_signals():
        try:
            sys.exit(main(arguments))
        except subprocess.CalledProcessError as error:
            # It has said itself what is wrong.
            sys.exit(error.returncode)
        except KeyboardInterrupt:
            sys.exit(130)


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns the exit code."""
    given_over = {
        "test": test,
        "bench": bench,
        "attacks": attacks,
        "drill": drill,
        "manage": manage,
    }
    if len(arguments) > 0 and arguments[0] in given_over:
        # Whatever follows belongs to pytest, to the tables and to manage.py.
        return given_over[arguments[0]](list(arguments[1:]))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["demo", "serve", "check", "sbom", *given_over])
    parser.add_argument("--port", default=os.environ.get("PORT", DEFAULT_PORT), type=port_number)
    options = parser.parse_args(arguments)
    if options.command == "check":
        return check()
    if options.command == "sbom":
        return sbom()
    return serve(options.port, seed=options.command == "demo")


def serve(port: int, *, seed: bool) -> NoReturn:
    """Becomes `manage.py run`, which serves in the foreground until it is stopped."""
    listen(port).close()  # Said before anything is installed.
    install("requirements.lock")
    with alone():
        environment = development_environment(os.environ, port)
    port_file(environment).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    port_file(environment).write_text(f"{port}\n")
    manage = [str(PYTHON), str(ROOT / "manage.py"), "run", "--bind", f"127.0.0.1:{port}"]
    sys.stdout.flush()
    os.execve(PYTHON, [*manage, *(["--demo"] if seed else [])], environment)  # noqa: S606


def test(arguments: list[str]) -> int:
    """Runs the tests on SQLite and on PostgreSQL and says loudly what ran."""
    install("requirements-dev.lock")
    arguments = with_turn(arguments)
    required = os.environ.get("CI", "").lower() == "true"
    runs = parts(arguments)
    codes = run_tests(runs, arguments)
    lines = [f"{run.name}: ran, {outcome(code)}" for run, code in zip(runs, codes, strict=True)]
    missing = missing_of((*SERVED_WITH, *IMAGE_WITH))
    if not has_postgresql(os.environ):
        missing.append("PostgreSQL's server programs (and no DATABASE_URL)")
    if os.geteuid() != 0:
        missing.append("root (the image)")
    left = missing_of(EXAMPLES_WITH)
    if missing or left:
        lines.append(f"NOT RUN is what needs: {', '.join(missing + left)}")
    print("\n" + "\n".join(["=" * 72, *lines, "=" * 72]), flush=True)
    if required and missing:
        return 1
    return verdict(codes, every_part=not any(selects(each) for each in arguments))


def with_turn(arguments: list[str]) -> list[str]:
    """Pytest's arguments, by which tables of tests take turns unless what is run is said."""
    if any(selects(each) or each.startswith(("--in-full", "--turn")) for each in arguments):
        return arguments
    return [*arguments, f"--turn={turn()}"]


def turn() -> int:
    """Whose turn it is among tests, by the commit; 0 where there is none."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        asked = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(asked.stdout, 16) % TURNS


def parts(arguments: Sequence[str]) -> list["Run"]:
    """The parts of the tests, those that need no program first. SQLite's are halved, so that none
    goes on alone when the others have ended, without those that start processes, which mostly
    wait; not where the arguments say what is run."""
    whole = Run("SQLite", "sqlite", f"not ({SERVED})", waits=True)
    half = whole._replace(marks=f"not (processes or {SERVED})")
    started = whole._replace(marks=f"processes and not ({SERVED})", waits=False)
    halves = [
        half._replace(name="SQLite 1 of 2", folders=HALF),
        half._replace(name="SQLite 2 of 2", leaves=HALF),
        started._replace(name="SQLite, processes", word="processes"),
    ]
    runs = [
        *([whole] if any(narrows(each) for each in arguments) else halves),
        Run("Chromium", "sqlite", "e2e", ("tests/e2e",)),
        Run("Proxies", "sqlite", "proxies and not e2e", ("tests/deploy",)),
        Run("Image", "sqlite", "image", ("tests/deploy",)),
    ]
    if has_postgresql(os.environ):
        runs.append(Run("PostgreSQL", "postgresql", f"not ({SERVED})"))
    return runs


def verdict(codes: Sequence[int], *, every_part: bool) -> int:
    """The exit code for those of pytest, or of signals that killed it. A part of which nothing was
    selected has failed if `every_part` has to run."""
    if set(codes) == {NO_TESTS_COLLECTED}:
        return NO_TESTS_COLLECTED
    fine = {0} if every_part else {0, NO_TESTS_COLLECTED}
    return int(any(code not in fine for code in codes))


def selects(argument: str) -> bool:
    """Whether because of this argument of pytest's a part may have nothing to run."""
    return narrows(argument) or argument.startswith(("--lf", "--ff"))


def narrows(argument: str) -> bool:
    """Whether this argument of pytest's says which tests are run: by path, by name or by mark."""
    return not argument.startswith("-") or argument.startswith(("-k", "-m"))


class Run(NamedTuple):
    """A part of the tests: those with these marks, on one database; where they all lie, so that
    they are found quickly, where none of them does, or the word that stands in each of their
    files; and whether it waits for the others where processors are few, because those look at the
    clock."""

    name: str
    database: str
    marks: str
    folders: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    word: str = ""
    waits: bool = False


def run_tests(runs: Sequence[Run], arguments: Sequence[str]) -> list[int]:
    """Runs them all at once, since they share nothing but the processors, and databases to copy
    (tests/prepared.py), which the first that wants one makes; their exit codes.

    What they print comes in order, that of the first one as it is printed.
    """
    first, *others = runs
    with ExitStack() as stack:
        common = stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-tests-"))
        outputs = [stack.enter_context(tempfile.TemporaryFile()) for _run in others]
        beside = [
            start_pytest(run, arguments, common, output)
            for run, output in zip(others, outputs, strict=True)
        ]
        print(f"\n=== {first.name} ===", flush=True)
        foremost = start_pytest(first, arguments, common)
        # pytest cleans up on this signal.
        stack.callback(stop, [foremost, *beside], by=signal.SIGINT)
        codes = [foremost.wait()]
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


def sbom() -> int:
    """Prints what requirements-telemetry.lock, the image's, names in CycloneDX's JSON, the same for
    the same lock."""
    install("requirements-dev.lock")
    command = [str(VENV / "bin/cyclonedx-py"), "requirements", "requirements-telemetry.lock"]
    command += ["--pyproject", "pyproject.toml", "--output-reproducible", "--output-format", "JSON"]
    return call(command, os.environ)


def bench(arguments: list[str]) -> int:
    """Measures, with `api` the Web API alone, with `small` one process with SQLite; returns the
    exit code."""
    install("requirements.lock")
    if arguments[:1] in (["api"], ["small"]):
        return run_alone(f"bench.{arguments[0]}", arguments[1:])
    return run_alone("bench.table", arguments)


def attacks(arguments: list[str]) -> int:
    """Attacks what it serves for that, or with `accounts` the accounts, of which it writes
    docs/attacks.md; returns the exit code."""
    install("requirements-dev.lock")
    if arguments[:1] == ["accounts"]:
        tests = ["-m", "pytest", "-q", "tests/accounts/attacks", "--table", *arguments[1:]]
        return call([str(PYTHON), *tests], dict(os.environ))
    return run_alone("bench.under_attack", arguments)


def drill(arguments: list[str]) -> int:
    """Tries what has to hold when things break; returns the exit code."""
    install("requirements-dev.lock")
    return run_alone("drills", arguments)


def run_alone(module: str, arguments: Sequence[str]) -> int:
    """Runs a module that no setting of the caller's reaches; returns its exit code."""
    environment = {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}
    command = [str(PYTHON), "-m", module, *arguments]
    return call(command, environment)


def missing_of(programs: Sequence[str]) -> list[str]:
    """Those of the programs that are not on this machine."""
    return [name for name in programs if shutil.which(name, path=search_path()) is None]


def search_path() -> str:
    """Where programs are looked for; Debian keeps nginx where only root looks."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin"


def manage(arguments: list[str]) -> int:
    """Runs manage.py; returns its exit code."""
    port = port_number(os.environ.get("PORT", served_port(os.environ)))
    install("requirements.lock")
    with alone():
        environment = development_environment(os.environ, port)
    return call([str(PYTHON), "manage.py", *arguments], environment)


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
    tools = ("ruff", "mypy", "djade", "hadolint", "bandit")
    ruff, mypy, djade, hadolint, bandit = (str(VENV / "bin" / name) for name in tools)
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
        Check("Dockerfile", [hadolint, "Dockerfile"], production),
        Check("bandit", [bandit, "-q", "-c", "pyproject.toml", "-r", *shipped()], production),
        Check("known weaknesses", [str(PYTHON), "deploy/audit_lock.py"], dict(os.environ)),
        Check("settings of production", deploy, production),
        Check("migrations", migrations, alone),
        Check("messages", messages, alone, copy, needs="xgettext"),
    ]


def shipped() -> list[str]:
    """The folders and files of Python that are not there for tests and measurements alone."""
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench", "drills"}
    return [
        *sorted(rooms),
        "deploy",
        "sdk/python/src",
        *sorted(path.name for path in ROOT.glob("*.py")),
    ]


def run_checks(these: Sequence[Check]) -> int:
    """Runs all of them, whatever fails, as many at once as there are processors; tells in order.

    A program that is missing is a failure under CI alone; what can't be reached is none.
    """
    required = os.environ.get("CI", "").lower() == "true"
    lines, failed = [], False
    started: list[subprocess.Popen[bytes]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool, ExitStack() as stack:
        stack.callback(stop, started)
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        told = pool.map(lambda each: run_check(each, started), these)
        for each, done in zip(these, told, strict=True):
            print(f"\n--- {each.name}", flush=True)
            if done is None:
                failed |= required
                lines.append(f"{each.name}: NOT RUN, no program named {each.needs} found")
                continue
            code, output = done
            print(output.decode("utf-8", "replace"), end="", flush=True)
            failed |= code not in {0, COULD_NOT_ASK}
            said = {0: "passed", COULD_NOT_ASK: "NOT RUN, nobody could be asked"}
            lines.append(f"{each.name}: {said.get(code, 'FAILED')}")
    print("\n" + "\n".join(["=" * 72, *lines, "=" * 72]), flush=True)
    return int(failed)


def run_check(one: Check, started: list[subprocess.Popen[bytes]]) -> tuple[int, bytes] | None:
    """Its exit code and all that it printed; None when the program that it needs is missing.
    Its process is put among those that have started."""
    if one.needs and shutil.which(one.needs) is None:
        return None
    process = subprocess.Popen(
        one.command,
        cwd=one.folder,
        env=one.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    started.append(process)
    output, _nothing = process.communicate()
    return process.returncode, output


def production_environment(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What the portal has in production, made up; no setting that is given reaches it."""
    return {
        **{name: given[name] for name in OF_THE_MACHINE if name in given},
        "SECRET_KEY": new_secret_key(),
        "KEY_ENCRYPTION_KEYS": new_encryption_key(),
        "PARENT_HOST": "portal.example.com",
        "PUBLIC_SCHEME": "https",
        "TRUSTED_PROXIES": "1",
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
    """Makes .venv hold what the lock names, unless its stamp says that it does already. A .venv
    that isn't whole is made anew. Exits with a sentence where that can't be done."""
    with alone():
        if not is_whole(VENV):
            make_venv()
        text = (ROOT / lock).read_bytes()
        if is_installed(STAMP, text):
            return
        say(f"Installing {lock}")
        # An interrupted installation leaves no stamp, and what pip left of it is not trusted.
        STAMP.unlink(missing_ok=True)
        install_lock(lock)
        digests = [digest(text)]
        if lock == "requirements-dev.lock":
            # The development lock holds all of the other one.
            digests.append(digest((ROOT / "requirements.lock").read_bytes()))
        STAMP.write_text("\n".join(digests) + "\n")


def install_lock(lock: str) -> None:
    """Has pip install what the lock names."""
    # The lock names everything, and Python compiles what it uses when it does.
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--no-compile", "--require-hashes", "-r", lock]
    environment = {name: os.environ[name] for name in os.environ if name not in ELSEWHERE}
    try:
        subprocess.run(
            pip, cwd=ROOT, env={**environment, "PIP_USER": "0"}, check=True, stdout=sys.stderr
        )
    except subprocess.CalledProcessError:
        sys.exit(f"{lock} could not be installed: see what pip says above, then start again.")


def make_venv() -> None:
    """Makes .venv, whatever is there. A link is taken away, and where it leads is left alone."""
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            "This Python has no ensurepip, which .venv is made with: install it "
            "(apt install python3-venv on Debian and Ubuntu), then start again."
        )
    say("Making .venv")
    try:
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        venv.create(VENV, with_pip=True, clear=True)
    except OSError as error:
        sys.exit(f".venv can't be made ({error}): remove it or mend that, then start again.")
    except subprocess.CalledProcessError as error:
        told = (error.output or b"").decode("utf-8", "replace").strip().splitlines() or [error]
        sys.exit(f".venv gets no pip ({told[-1]}): mend this Python's ensurepip, then start again.")


def is_whole(folder: Path) -> bool:
    """Whether this virtual environment was once installed to its end, in this place, and has a pip
    and the Python that runs this."""
    python, script = folder / "bin" / "python", folder / "bin" / "pip"
    if not (folder / STAMP.name).is_file() or not script.is_file():
        return False
    # Scripts name the Python that they were made for: that of a copied folder is in another one.
    here = rb"[!\"' ]" + re.escape(bytes(folder.resolve() / "bin" / "python"))
    if re.search(here, script.read_bytes()) is None:
        return False
    version = "import pip, sys; print(*sys.version_info[:2])"
    try:
        told = subprocess.run([python, "-c", version], capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return told.stdout.split() == [str(part) for part in sys.version_info[:2]]


@contextmanager
def alone() -> Iterator[None]:
    """Keeps every other dev.py of this folder waiting, which says so; a killed one keeps nobody."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another dev.py is setting things up here: waiting until it has done so.")
            fcntl.flock(folder, fcntl.LOCK_EX)
        except OSError:
            pass  # Some network file systems lock no folders.
        yield
    finally:
        os.close(folder)


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
    # Nobody else sends release files.
    fill("THREADS", lambda: "32")
    return environment


def port_file(given: Mapping[str, str]) -> Path:
    """Where the port stands at which the portal was served last, for the links of commands."""
    return Path(given.get("DATA_DIR", ROOT / "var")) / "port"


def served_port(given: Mapping[str, str]) -> str:
    try:
        return port_file(given).read_text().strip()
    except OSError:
        return DEFAULT_PORT


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


def call(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs a command to its end, with this terminal; returns its exit code."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return process.wait()
    finally:
        stop([process])


def start_pytest(
    run: Run, arguments: Sequence[str], common: str, output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a part of the tests; what it prints goes to `output` or to the terminal. What it has
    in common with the others goes into the folder `common`."""
    # What failed last is remembered for each part.
    cache = f"cache_dir=.pytest_cache/{run.name.replace(' ', '-').lower()}"
    folders = () if any(narrows(each) for each in arguments) else run.folders
    left = [f"--ignore={folder}" for folder in run.leaves]
    left += [f"--word={run.word}"] if run.word else []
    command = [str(PYTHON), "-m", "pytest", "-o", cache, *narrowed(arguments, run.marks)]
    command += [*left, *folders]
    environment = dict(os.environ, TEST_DATABASE=run.database, TESTS_IN_COMMON=common)
    return subprocess.Popen(
        ["nice", *command] if run.waits else command,
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


def port_number(text: str) -> int:
    """The text as a port; exits with a sentence when it is none."""
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        sys.exit(f"{text!r} is no port: use a number from 1 to {HIGHEST_PORT}.")
    return int(text)


def listen(port: int) -> socket.socket:
    """A socket that listens on the port of the loopback address; exits with a sentence where that
    can't be."""
    return processes.listen("127.0.0.1", port)


def say(message: str) -> None:
    """Tells what is going on, apart from what a command prints (`manage product_file > file`)."""
    print(message, file=sys.stderr, flush=True)


def fail(message: str) -> int:
    say(message)
    return 1
