"""docs/install.md: its walk from an empty Debian to TLS, and the units of deploy/systemd.

The walk as a whole needs a Debian of debootstrap's, a network and minutes: it runs with --in-full.
"""

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.deploy import image, servers
from tests.served import ROOT

UNITS = ROOT / "deploy/systemd"
NAMES = ("all", "migrate", "web", "worker", "backup")
MOST_EXPOSED = 20  # tenths of systemd's points, of which 100 are everything
TOLD = (ROOT / "docs/install.md").read_text()
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
LINES = [line for block in BLOCK.findall(TOLD) for line in block.splitlines()]


# --- Units ---------------------------------------------------------------------------------------


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with the portal where it is here."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python", "gunicorn"):
        (programs / name).symlink_to("/bin/true")
    for path in folder.rglob("*.*"):
        if path.is_file():
            path.write_text(path.read_text().replace("/opt/portal/.venv/bin", str(programs)))
    return folder


needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there"
)


@needs_systemd
@pytest.mark.processes
def test_systemd_understands_the_units(units: Path) -> None:
    files = [*(units / f"portal-{name}.service" for name in NAMES), units / "portal-backup.timer"]
    command = ["systemd-analyze", "verify", *files]
    told = subprocess.run(command, capture_output=True, text=True)
    assert (told.returncode, [line for line in told.stderr.splitlines() if "portal" in line]) == (
        0,
        [],
    )
    unit = units / "portal-web.service"
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=whenever"))
    assert "restart specifier" in subprocess.run(command, capture_output=True, text=True).stderr


@needs_systemd
@pytest.mark.processes
@pytest.mark.parametrize("name", NAMES)
def test_the_units_leave_little_open(units: Path, name: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    command += [f"--threshold={MOST_EXPOSED}", str(units / f"portal-{name}.service")]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout
    shutil.rmtree(units / "portal-.service.d")
    assert subprocess.run(command, capture_output=True, text=True).returncode != 0


def told_by(name: str) -> list[tuple[str, str]]:
    """What a unit and what all have in common say, in systemd's order."""
    texts = [UNITS / f"portal-{name}.service", UNITS / "portal-.service.d/common.conf"]
    lines = [line for path in texts for line in path.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and line[0].isupper()]
    return [(key, value) for key, _equals, value in pairs]


def settings_of(name: str, credentials: str) -> dict[str, str]:
    values = [value for key, value in told_by(name) if key == "Environment"]
    words = shlex.split(" ".join(values).replace("%d", credentials))
    return dict(word.split("=", 1) for word in words)


def command_of(name: str) -> list[str]:
    [command] = [value for key, value in told_by(name) if key == "ExecStart"]
    return shlex.split(command)


def commands_of(name: str) -> list[list[str]]:
    """All that it runs, one after the other."""
    after = [shlex.split(value) for key, value in told_by(name) if key == "ExecStartPost"]
    return [command_of(name), *after]


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_sees_the_secrets_that_it_needs(name: str) -> None:
    loaded = {value.partition(":")[0] for key, value in told_by(name) if key == "LoadCredential"}
    files = {key: value for key, value in settings_of(name, "").items() if key.endswith("_FILE")}
    assert {value.lstrip("/") for value in files.values()} == loaded
    urls = {"migrate": {"owner_url"}, "web": {"web_url"}, "worker": {"web_url"}, "all": set(),
            "backup": {"backup_url"}}  # fmt: skip
    assert {each for each in loaded if each.endswith("_url")} - {"email_url"} == urls[name]


def test_units_start_what_the_image_starts() -> None:
    """deploy/run says it once more, for containers."""
    text = (ROOT / "deploy/run").read_text()
    web, worker = command_of("web"), command_of("worker")
    assert "exec gunicorn portal.wsgi --worker-tmp-dir /dev/shm" in text
    assert web[0].endswith("gunicorn")
    assert set(web[1:]) - {"--bind", "127.0.0.1:8000"} == {
        "portal.wsgi", "--worker-tmp-dir", "/dev/shm",
    }  # fmt: skip
    assert f"exec python {' '.join(worker[1:])} " in text


# --- The walk ------------------------------------------------------------------------------------


def test_the_walk_has_lines_that_a_shell_understands() -> None:
    assert len(LINES) > 20
    for line in LINES:
        subprocess.run(["bash", "-n", "-c", line], check=True)
    for path in re.findall(r"(?<!tests/)\bdeploy/[\w./-]+\w", TOLD):
        own = path in {"deploy/secrets", "deploy/portal.env"}
        assert own or (ROOT / path).exists() or list(ROOT.glob(f"{path}*")), path


@pytest.mark.in_full
@pytest.mark.image
def test_the_walk_leads_from_an_empty_debian_to_tls() -> None:
    with empty_debian() as debian:
        for line in LINES:
            debian.walks(line)
        assert "you@example.com becomes an operator by this link" in debian.told["portal-migrate"]
        assert debian.answers["https://portal.example.com/healthz"] == "ok"
        assert "is whole" in debian.told["portal-backup"]


@contextmanager
def empty_debian() -> Iterator["Debian"]:
    with TemporaryDirectory(prefix="portal-install-", dir=image.in_memory()) as name:
        root = Path(name)
        root.chmod(0o755)  # It is everybody's, as of any Debian.
        mirror = image.mirrors().get(image.SUITE, image.MIRROR)
        image.ran(["debootstrap", "--variant=minbase", image.SUITE, name, mirror])
        debian = Debian(root)
        try:
            debian.set_up()
            yield debian
        finally:
            debian.end()


class Debian:
    """A folder with a Debian in which lines are run as a person would type them. There is no
    systemd in it: what its words ask for is done as the units say."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = "/root"
        self.exported = ""
        self.told: dict[str, str] = {}
        self.answers: dict[str, str] = {}
        self.running: list[subprocess.Popen[bytes]] = []
        self.mounted: list[Path] = []
        # Once it serves, in a network of its own, where all ports are free.
        self.network: list[str] = []

    def set_up(self) -> None:
        """What is this machine's and not the walk's: mirrors, ways to packages, the source."""
        for name in ("proc", "dev", "dev/shm"):
            # What is mounted in there stays in there.
            image.ran(["mount", "--bind", "--make-private", f"/{name}", str(self.root / name)])
            self.mounted.append(self.root / name)
        (self.root / "source").mkdir()
        (self.root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (self.root / "usr/sbin/policy-rc.d").chmod(0o755)
        for name in ("etc/resolv.conf", "etc/hosts"):
            shutil.copy(f"/{name}", self.root / name)
        with (self.root / "etc/hosts").open("a") as hosts:
            hosts.write("127.0.0.1 portal.example.com app.portal.example.com\n")
        machine = self.root / "machine"
        machine.mkdir()
        # Of buildah's arguments, the files that they name.
        for argument in (*image.pip_of_this_machine(machine), *image.apt_of_this_machine(machine)):
            if argument.endswith(":ro"):
                outside, inside, _how = argument.split(":")
                target = self.root / inside.lstrip("/")
                copy = shutil.copytree if Path(outside).is_dir() else shutil.copy
                copy(outside, target, **({"dirs_exist_ok": True} if Path(outside).is_dir() else {}))
        pip = (machine / "pip.conf").read_text()
        (self.root / "etc/pip.conf").write_text(
            pip.replace("/run/secrets/ca.pem", "/machine/ca.pem")
        )
        ignored = shutil.ignore_patterns(*image.LEFT_OUT, "var")
        shutil.copytree(ROOT, self.root / "source/portal", ignore=ignored)

    def walks(self, line: str) -> None:
        """Runs a line; fails with what it complained of."""
        first, *words = shlex.split(line) if line[0] != "(" else [line]
        if first == "systemctl":
            self.systemctl(*words)
        elif first == "journalctl":
            self.told[words[1]] = (self.root / f"run/{words[1]}.log").read_text()
        elif first == "git":  # The address is an example's.
            shutil.move(self.root / "source/portal", self.root / words[-1].lstrip("/"))
        elif first == "cd":
            self.folder = words[0]
        elif first in {"set", "export"}:
            self.exported += f"{line}\n"
        else:
            if "https:" in line and first == "curl":
                line = line.replace("curl", f"curl --cacert {self.authority()}", 1)
            self.answers[words[-1] if words else ""] = self.shell(line)

    def shell(self, line: str) -> str:
        told = f"cd {self.folder}\n{self.exported}{line}"
        return image.ran([*self.enter(), "bash", "-ec", told]).strip()

    def enter(self, user: str = "root") -> list[str]:
        home = "/root" if user == "root" else f"/var/lib/{user}"
        clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"HOME={home}", "LANG=C.UTF-8"]
        become = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}",
                                            "--clear-groups", "--no-new-privs"]  # fmt: skip
        return [
            *self.network,
            "chroot",
            str(self.root),
            *clean,
            "DEBIAN_FRONTEND=noninteractive",
            *become,
        ]

    def leave_the_network(self) -> None:
        if self.network:
            return
        holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up; exec sleep 1000"]
        )
        self.running.append(holder)
        self.network = ["nsenter", f"--target={holder.pid}", "--net"]
        while "LOOPBACK,UP" not in image.ran([*self.network, "ip", "link"]):
            time.sleep(0.1)

    # --- In the place of systemd ---

    def systemctl(self, verb: str, *words: str) -> None:
        self.leave_the_network()
        units = [word for word in words if not word.startswith("-")]
        if verb == "daemon-reload":
            for name in NAMES:
                assert (self.root / f"etc/systemd/system/portal-{name}.service").exists()
        elif units == ["postgresql"]:
            self.shell("pg_ctlcluster 15 main start -- -t 120")
            assert (self.root / "lib/systemd/system/postgresql.service").exists()
        elif units == ["caddy"]:
            self.start_caddy()
        elif units == ["portal-backup.timer"]:
            assert (self.root / "etc/systemd/system" / units[0]).exists()
        else:
            for unit in ("portal-migrate", *units):
                self.start(unit.removeprefix("portal-"))

    def start(self, name: str) -> None:
        """Starts a unit by the user, the settings, the copies of secrets and the command that it
        names; one that ends by itself has to end well."""
        installed = self.root / f"etc/systemd/system/portal-{name}.service"
        assert installed.read_text() == (UNITS / installed.name).read_text()
        credentials = f"/run/credentials/portal-{name}"
        self.shell(f"install -d -o portal -m 500 {credentials}")
        self.shell("install -d -o portal -g portal -m 700 /var/lib/portal")
        for key, value in told_by(name):
            if key == "LoadCredential":
                secret, _colon, path = value.partition(":")
                self.shell(f"install -o portal -m 400 {path} {credentials}/{secret}")
        settings = settings_of(name, credentials)
        lines = (self.root / "etc/portal/env").read_text().splitlines()
        settings |= dict(line.split("=", 1) for line in lines if line and line[0] != "#")
        words = [*self.enter("portal"), "env", "-C", "/opt/portal"]
        words += [f"{key}={value}" for key, value in settings.items()]
        log_of = self.root / f"run/portal-{name}.log"
        with log_of.open("wb") as log:
            for command in commands_of(name):
                process = subprocess.Popen([*words, *command], stdout=log, stderr=log)
                self.running.append(process)
                if ("Type", "oneshot") in told_by(name):
                    assert process.wait(600) == 0, log_of.read_text()
        if name == "web":
            self.wait_for("http://127.0.0.1:8000/readyz")
        assert process.poll() in {None, 0}, log_of.read_text()

    def start_caddy(self) -> None:
        """The Caddyfile as it was installed, with certificates of an authority of its own."""
        path = self.root / "etc/caddy/Caddyfile"
        assert path.read_text() == (ROOT / "deploy/Caddyfile").read_text()
        text = servers.changed(
            path.read_text(),
            own=("{\n\ton_demand_tls", "{\n\tskip_install_trust\n\ton_demand_tls"),
            issuer=("tls {\n\t\ton_demand", "tls internal {\n\t\ton_demand"),
        )
        path.write_text(text)
        command = ["env", "HOME=/var/lib/caddy", "caddy", "run", "--config", "/etc/caddy/Caddyfile"]
        with (self.root / "run/caddy.log").open("wb") as log:
            process = subprocess.Popen([*self.enter(), *command], stdout=log, stderr=log)
        self.running.append(process)
        self.wait_for("https://portal.example.com/healthz", "-k")

    def authority(self) -> str:
        return "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"

    def wait_for(self, address: str, *options: str) -> None:
        deadline = time.monotonic() + 120
        ask = [*self.enter(), "curl", "-fsS", *options, address]
        while (done := subprocess.run(ask, capture_output=True, text=True)).returncode != 0:
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.5)

    def end(self) -> None:
        if (self.root / "usr/bin/pg_ctlcluster").exists():
            subprocess.run([*self.enter(), "pg_ctlcluster", "15", "main", "stop", "-m", "fast"])
        for process in reversed(self.running):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()
        for path in reversed(self.mounted):
            subprocess.run(["umount", "--lazy", str(path)], check=True)
