"""dev.py in its first minute on a machine: whatever Python there is, whatever lies in .venv."""

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

import development as dev

ROOT = Path(__file__).resolve().parents[2]
SITE = Path("lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")


# --- Which Python ------------------------------------------------------------------------------


def test_every_python_since_2_7_can_read_dev_py() -> None:
    """No syntax or literal that came later."""
    tree = ast.parse((ROOT / "dev.py").read_bytes().decode("ascii"))
    old = (
        ast.Module, ast.Expr, ast.Constant, ast.Import, ast.ImportFrom, ast.alias, ast.If, ast.Try,
        ast.ExceptHandler, ast.Compare, ast.Lt, ast.Eq, ast.Attribute, ast.Name, ast.Load,
        ast.Tuple, ast.Call, ast.BinOp, ast.Mod, ast.Subscript, ast.Slice,
    )  # fmt: skip
    assert [node for node in ast.walk(tree) if not isinstance(node, old)] == []
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert {type(value) for value in constants} == {str, int}


def run_by(version: tuple[int, int]) -> subprocess.CompletedProcess[str]:
    """dev.py, told that it is run by this version."""
    code = (
        "import runpy, sys\n"
        f"sys.version_info = {(*version, 9, 'final', 0)}\n"
        "sys.argv = ['dev.py', '--help']\n"
        "runpy.run_path('dev.py', run_name='__main__')\n"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.processes
@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10)])
def test_an_older_python_gets_one_sentence(version: tuple[int, int]) -> None:
    told = run_by(version)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer, and this is Python {}.{}:".format(*version) in told.stderr


@pytest.mark.processes
@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_a_newer_python_goes_on(version: tuple[int, int]) -> None:
    assert run_by(version).returncode == 0


# --- Ports -------------------------------------------------------------------------------------


def test_a_port_in_use_is_noticed_before_anything_is_installed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"Port {port} can't be had .*another port"):
            dev.serve(port, seed=False)
    dev.listen(port).close()


@pytest.mark.parametrize("text", ["0", "65536", "99999", "-1", "80.5", "abc", "", "9" * 30])
def test_what_is_no_port_gets_one_sentence(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = re.escape(f"'{text}' is no port: use a number from 1 to 65535.")
    with pytest.raises(SystemExit, match=sentence):
        dev.main(["demo", f"--port={text}"])
    monkeypatch.setenv("PORT", text)
    for command in ("serve", "manage"):
        with pytest.raises(SystemExit, match=sentence):
            dev.main([command])


@pytest.mark.parametrize(("text", "port"), [("1", 1), ("8000", 8000), ("65535", 65535)])
def test_what_is_a_port(text: str, port: int) -> None:
    assert dev.port_number(text) == port


# --- What lies in .venv ------------------------------------------------------------------------


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A virtual environment as dev.py leaves it, with as little in it as is looked at."""
    folder = tmp_path / "first" / ".venv"
    venv.create(folder, symlinks=True)
    (folder / "bin/pip").write_text(f"#!{folder}/bin/python3\n")
    (folder / SITE / "pip").mkdir()
    (folder / SITE / "pip/__init__.py").touch()
    (folder / dev.STAMP.name).write_text("digest\n")
    return folder


def without_stamp(folder: Path) -> Path:
    (folder / dev.STAMP.name).unlink()
    return folder


def without_pip(folder: Path) -> Path:
    shutil.rmtree(folder / SITE / "pip")
    return folder


def without_script(folder: Path) -> Path:
    (folder / "bin/pip").unlink()
    return folder


def without_python(folder: Path) -> Path:
    (folder / "bin/python").unlink()
    (folder / "bin/python").symlink_to("/nowhere/python3")
    return folder


def with_python(folder: Path, content: bytes) -> Path:
    (folder / "bin/python").unlink()
    (folder / "bin/python").write_bytes(content)
    (folder / "bin/python").chmod(0o700)
    return folder


def of_another_machine(folder: Path) -> Path:
    return with_python(folder, b"\x7fELF of another machine")


def of_another_python(folder: Path) -> Path:
    return with_python(folder, b"#!/bin/sh\necho 3 9\n")


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(folder, folder.parents[1] / "second/.venv", symlinks=True))


def moved(folder: Path) -> Path:
    return folder.parent.rename(folder.parents[1] / "second") / ".venv"


def empty(folder: Path) -> Path:
    shutil.rmtree(folder)
    folder.mkdir()
    return folder


def a_file(folder: Path) -> Path:
    shutil.rmtree(folder)
    folder.touch()
    return folder


@pytest.mark.parametrize(
    "spoilt",
    [
        without_stamp, without_pip, without_script, without_python, of_another_machine,
        of_another_python, copied, moved, empty, a_file,
    ],
)  # fmt: skip
def test_a_venv_that_is_not_whole_is_found(whole: Path, spoilt: Callable[[Path], Path]) -> None:
    assert dev.is_whole(whole)
    assert not dev.is_whole(spoilt(whole))


def test_a_venv_in_a_folder_with_blanks_or_behind_a_link_is_whole(whole: Path) -> None:
    spaced = whole.parent.rename(whole.parents[1] / "my portal") / ".venv"
    # As pip writes it where a first line can't say it.
    (spaced / "bin/pip").write_text(f'#!/bin/sh\n\'\'\'exec\' "{spaced}/bin/python3" "$0" "$@"\n')
    assert dev.is_whole(spaced)
    link = whole.parents[1] / "link"
    link.symlink_to(spaced)
    assert dev.is_whole(link)


def test_a_python_without_ensurepip_gets_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Debian's without python3-venv."""
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"has no ensurepip.*apt install python3-venv"):
        dev.make_venv()
    assert not (tmp_path / ".venv").exists()


@pytest.mark.processes
def test_a_python_without_its_whole_library_gets_one_sentence() -> None:
    code = (
        "import runpy, sys\n"
        "sys.modules['venv'] = None\n"
        "sys.argv = ['dev.py', 'demo']\n"
        "runpy.run_path('dev.py', run_name='__main__')\n"
    )
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "lacks a part of its own library" in told.stderr


def test_an_ensurepip_that_fails_gets_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, ["ensurepip"], output=b"Traceback\nNo wheel.\n")

    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(venv, "create", fails)
    with pytest.raises(SystemExit, match=r"gets no pip \(No wheel\.\): mend"):
        dev.make_venv()


def test_a_folder_that_takes_no_venv_gets_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").touch()
    monkeypatch.setattr(dev, "VENV", tmp_path / "a-file" / ".venv")
    with pytest.raises(SystemExit, match=r"can't be made \(.*Not a directory"):
        dev.make_venv()


# --- Whole runs --------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """dev.py in a folder that needs nothing installed; its command line tells its process id."""
    folder = tmp_path / "tree"
    (folder / "portal").mkdir(parents=True)
    for name in ("dev.py", "development.py", "portal/__init__.py", "portal/processes.py"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text("# Nothing.\n")
    (folder / "manage.py").write_text(
        "import os, sys, time\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(60 if sys.argv[1:] == ['wait'] else 0)\n"
    )
    return folder


def start(tree: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "dev.py", "manage", *arguments],
        cwd=tree,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.in_full
@pytest.mark.processes
def test_what_is_half_made_is_made_anew_and_then_kept(tree: Path) -> None:
    elsewhere = tree / "of-somebody-else"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (tree / ".venv").symlink_to(elsewhere)
    made = start(tree, PIP_USER="1", PIP_TARGET=str(tree / "target"))
    _output, told = made.communicate(timeout=120)
    assert (made.returncode, "Making .venv" in told) == (0, True), told
    assert dev.is_whole(tree / ".venv")
    assert [path.name for path in elsewhere.iterdir()] == ["kept"]
    assert not (tree / "target").exists()
    assert start(tree).communicate(timeout=120)[1] == ""


@pytest.mark.processes
@pytest.mark.takes_turns
def test_two_at_once_wait_for_each_other(tree: Path) -> None:
    both = [start(tree) for _ in range(2)]
    told = [each.communicate(timeout=120)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], told
    assert sorted(each.count("Making .venv") for each in told) == [0, 1]
    assert any("Another dev.py is setting things up" in each for each in told)


@pytest.mark.in_full
@pytest.mark.processes
def test_a_killed_one_leaves_nothing_that_is_trusted(tree: Path) -> None:
    killed = start(tree)
    for _ in range(3000):
        if (tree / ".venv/bin/python").exists():
            break
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    assert not dev.is_whole(tree / ".venv")
    again = start(tree)
    assert again.communicate(timeout=120)[1].startswith("Making .venv\n")
    assert again.returncode == 0
    assert dev.is_whole(tree / ".venv")


def installed_in(tree: Path, whole: Path) -> None:
    """Has the tree's .venv be that one, with what the lock names."""
    shutil.copytree(whole, tree / ".venv", symlinks=True)
    (tree / ".venv/bin/pip").write_text(f"#!{tree}/.venv/bin/python3\n")
    lock = (tree / "requirements.lock").read_bytes()
    (tree / ".venv" / dev.STAMP.name).write_text(dev.digest(lock))


@pytest.mark.processes
@pytest.mark.parametrize("numbers", [[signal.SIGHUP], [signal.SIGINT, signal.SIGTERM]])
def test_whoever_ends_it_ends_its_child(
    tree: Path, whole: Path, numbers: list[signal.Signals]
) -> None:
    """Also who asks twice."""
    installed_in(tree, whole)
    process = start(tree, "wait")
    assert process.stdout
    child = int(process.stdout.readline())
    for number in numbers:
        process.send_signal(number)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.processes
def test_under_nohup_it_goes_on(tree: Path, whole: Path) -> None:
    installed_in(tree, whole)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start(tree, "wait")
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    assert process.stdout
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    os.kill(child, 0)
    process.terminate()
    process.communicate(timeout=30)
