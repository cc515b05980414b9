"""The image, built from Dockerfile as it is and run, where there is no engine with a daemon.

buildah builds it on what debootstrap calls Debian, tagged with the name that Dockerfile asks for;
runc runs it: with a read-only root, without capabilities, in a process namespace of its own, in
the network of the machine.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import development as dev
from tests.served import ROOT

BUILD = ("build", "--isolation", "chroot", "--format", "docker", "--pull-never")
BASE, IMAGE = "docker.io/library/debian:bookworm-slim", "localhost/portal"
SUITE = "bookworm"
MEMORY, ROOM = Path("/dev/shm"), 4_000_000_000  # bytes; at most half of it is needed
MIRROR = "http://deb.debian.org/debian"
LEFT_OUT = (".git", ".venv", "__pycache__", "test-results", ".*_cache", ".hypothesis")
# What debootstrap leaves and the image of that name lacks.
NOT_SLIM = ("var/cache/apt", "var/lib/apt/lists", *(f"usr/share/{each}" for each in ("doc", "man")))
# Debian keeps some of the programs where only root looks.
ENVIRONMENT = {**os.environ, "PATH": dev.search_path()}
# What a developer has lying around, and must not get in.
SECRET = "never-in-the-image-5f0c"
PLANTED = ("var/secret_key", ".env", "portal/.env", "id_ed25519", "deploy/portal.key")
# What pip is told about where packages are.
WHERE = ("index-url", "extra-index-url", "trusted-host", "proxy", "cert")


@dataclass
class Image:
    """What was built: its files, its configuration, and everything that was written down of it."""

    root: Path
    config: dict[str, Any]
    history: str


@contextmanager
def built_image() -> Iterator[Image]:
    """Builds it in a folder that is taken away afterwards."""
    with TemporaryDirectory(prefix="portal-image-", dir=in_memory()) as name:
        folder = Path(name)
        buildah = Buildah(folder)
        buildah.make_base()
        here = [*pip_of_this_machine(folder), *apt_of_this_machine(folder)]
        buildah(*BUILD, *here, "--tag", IMAGE, str(context(folder)))
        told = json.loads(buildah("inspect", "--type", "image", IMAGE))
        yield Image(buildah.files_of(IMAGE), told["Docker"]["config"], json.dumps(told))


def in_memory() -> Path | None:
    """The folder that is in memory, if there is room: apt and buildah wait for the disk after every
    file, which takes three times as long. None is the usual one."""
    there = MEMORY.exists() and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if there else None


class Buildah:
    """Debian's buildah, with all that it keeps in a folder."""

    def __init__(self, folder: Path) -> None:
        self.storage = folder / "storage"
        places = f"--root {self.storage} --runroot {folder}/run"
        self.options = f"--storage-driver vfs {places}".split()

    def __call__(self, *arguments: str) -> str:
        """Runs it and gives what it printed; what it complained of is in the error that is raised."""
        return ran(["buildah", *self.options, *arguments]).strip()

    def make_base(self) -> None:
        """A minimal Debian under the name that Dockerfile begins with."""
        container = self("from", "scratch")
        root = self("mount", container)
        ran(["debootstrap", "--variant=minbase", SUITE, root, mirrors().get(SUITE, MIRROR)])
        for each in NOT_SLIM:
            shutil.rmtree(Path(root, each))
        self("commit", "--quiet", "--rm", container, BASE)

    def files_of(self, name: str) -> Path:
        """Where an image lies as a whole; to mount one would first copy it."""
        images = json.loads((self.storage / "vfs-images/images.json").read_text())
        [layer] = [each["layer"] for each in images if f"{name}:latest" in each["names"]]
        return self.storage / "vfs/dir" / layer


def ran(command: Sequence[str]) -> str:
    """What a command printed; fails with what it complained of."""
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, (
        f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    )
    return done.stdout


def context(folder: Path) -> Path:
    """The tree as a careful developer has it: for nobody else to read, with secrets beside it."""
    copy = folder / "context"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT, "var"))
    for name in PLANTED:
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text(SECRET)
    for path in copy.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    return copy


# --- Where this machine's packages come from -----------------------------------------------------


def pip_of_this_machine(folder: Path) -> list[str]:
    """Buildah's arguments that hand over what pip is told here: index, proxy, certificates."""
    listed = ran([sys.executable, "-m", "pip", "config", "list"])
    lines = [line.partition("=") for line in listed.splitlines()]
    told = {name.rpartition(".")[2]: str(literal_eval(value)) for name, _equals, value in lines}
    told = {name: told[name] for name in WHERE if name in told and "file:" not in told[name]}
    secrets = []
    if "cert" in told:
        certificates = folder / "ca.pem"
        certificates.write_text(f"{Path(told['cert']).read_text()}\n{SECRET}\n")
        secrets += ["--secret", f"id=ca.pem,src={certificates}"]
        told["cert"] = "/run/secrets/ca.pem"
    file = folder / "pip.conf"
    lines = [f"# {SECRET}", "[global]", *(f"{name} = {value}" for name, value in told.items()), ""]
    file.write_text("\n".join(lines))
    return [*secrets, "--secret", f"id=pip.conf,src={file}"]


def apt_of_this_machine(folder: Path) -> list[str]:
    """Buildah's arguments that lay apt's mirrors and ways of here over those of the base, for as
    long as it builds."""
    ways, sources = folder / "apt.conf.d", folder / "sources.list"
    ways.mkdir()
    dumped = ran(["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"])
    kept = [line for line in dumped.splitlines() if "::IndexTargets" not in line]
    (ways / "machine").write_text("\n".join([f"// {SECRET}", *kept, ""]))
    lines = [f"deb {uri} {suite} main" for suite, uri in mirrors().items()]
    lines = lines or [f"deb {MIRROR} {SUITE} main"]
    sources.write_text("\n".join([f"# {SECRET}", *lines, ""]))
    return [
        "--volume",
        f"{ways}:/etc/apt/apt.conf.d:ro",
        "--volume",
        f"{sources}:/etc/apt/sources.list:ro",
    ]


def mirrors() -> dict[str, str]:
    """Where apt of this machine finds bookworm, its updates and its security updates."""
    listed = ran(["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)"])
    pairs = [line.split() for line in listed.splitlines()]
    return {suite: uri for suite, uri in pairs if re.fullmatch(rf"{SUITE}(-\w+)?", suite)}


# --- Running it ----------------------------------------------------------------------------------


@dataclass
class Engine:
    """Runs containers of an image, with what an operator gives to all of them."""

    image: Image
    folder: Path
    volumes: Mapping[Path, str]  # such as "/srv/portal" or "/run/secrets:ro"
    environment: Mapping[str, str]

    @contextmanager
    def running(self, *arguments: str, **environment: str) -> Iterator["Container"]:
        """`docker run image arguments`; killed at the end if it hasn't ended by then."""
        name = f"portal-{os.getpid()}-{arguments[0]}-{time.monotonic_ns()}"
        bundle = self.folder / name
        bundle.mkdir()
        given = {**self.environment, **environment}
        described = specification(self.image, self.volumes, given, arguments)
        (bundle / "config.json").write_text(json.dumps(described))
        container = Container(name, bundle, self.folder / "state")
        container.start()
        try:
            yield container
        finally:
            container.end()

    def ran(self, *arguments: str, **environment: str) -> str:
        """What a container printed that ends by itself, and has ended well."""
        with self.running(*arguments, **environment) as container:
            assert container.wait(120) == 0, container.log()
            return container.log()


class Container:
    """One container, its standard output and error in a file."""

    def __init__(self, name: str, bundle: Path, state: Path) -> None:
        self.name, self.bundle = name, bundle
        self.runc = ["runc", "--root", str(state)]

    def start(self) -> None:
        # Who dies before he has ended it, has it stopped: runc passes that signal on.
        survived = ["setpriv", "--pdeathsig", "TERM", *self.runc]
        with (self.bundle / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*survived, "run", "--bundle", str(self.bundle), self.name],
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def log(self) -> str:
        return (self.bundle / "log").read_text(errors="replace")

    def stop(self) -> None:
        """What `docker stop` sends to PID 1."""
        ran([*self.runc, "kill", self.name, "TERM"])

    def wait(self, seconds: float) -> int:
        """The exit code; fails when it goes on for longer."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} goes on:\n{self.log()}") from None

    def execute(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """`docker exec`."""
        return subprocess.run(
            [*self.runc, "exec", self.name, *command],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
        )

    def end(self) -> None:
        if self.process.poll() is None:
            ran([*self.runc, "kill", self.name, "KILL"])
            self.wait(10)


def specification(
    image: Image,
    volumes: Mapping[Path, str],
    environment: Mapping[str, str],
    arguments: Sequence[str],
) -> dict[str, Any]:
    """What an engine makes of the image's own configuration and of `--read-only --tmpfs /tmp
    --cap-drop ALL --security-opt no-new-privileges --network host`."""
    config = image.config
    uid, gid = (int(number) for number in config["User"].split(":"))
    capabilities = ("bounding", "effective", "inheritable", "permitted", "ambient")
    memory = ["nosuid", "nodev", "mode=1777", "size=64m"]
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": memory},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": memory},
    ]
    for outside, volume in volumes.items():
        inside, _colon, how = volume.partition(":")
        options = ["rbind", how or "rw"]
        mounts.append(
            {"destination": inside, "type": "bind", "source": str(outside), "options": options}
        )
    return {
        "ociVersion": "1.0.2",
        "root": {"path": str(image.root), "readonly": True},
        "process": {
            "user": {"uid": uid, "gid": gid},
            "args": [*config["Entrypoint"], *(arguments or config["Cmd"])],
            "env": [*config["Env"], *(f"{name}={value}" for name, value in environment.items())],
            "cwd": config["WorkingDir"],
            "noNewPrivileges": True,
            "capabilities": {kind: [] for kind in capabilities},
        },
        "mounts": mounts,
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]},
    }
