"""dev.py: the parts that install nothing."""

import socket
import stat
from pathlib import Path

import dev


def test_a_developers_environment_is_filled_in(tmp_path: Path) -> None:
    made = dev.development_environment({"DATA_DIR": str(tmp_path)}, 8123)
    assert made["PUBLIC_PORT"] == "8123"
    assert made["PARENT_HOST"] == "portal.localhost"
    secret = tmp_path / "secret_key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_text().strip()) >= 50
    assert dev.development_environment({"DATA_DIR": str(tmp_path)}, 8123) == made


def test_what_is_set_wins(tmp_path: Path) -> None:
    given = {
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": "mine",
        "KEY_ENCRYPTION_KEYS_FILE": "/run/keys",
        "PUBLIC_SCHEME": "https",
        "PARENT_HOST_FILE": "/run/host",
        "DATABASE_URL": "postgresql:///x",
    }
    made = dev.development_environment(given, 8000)
    assert {name: made[name] for name in given} == given
    assert "SECRET_KEY_FILE" not in made
    assert "PARENT_HOST" not in made
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_installation_leaves_no_stamp(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert not dev.is_installed(stamp, b"lock")
    stamp.write_text(f"{dev.digest(b'other')}\n{dev.digest(b'lock')}\n")
    assert dev.is_installed(stamp, b"lock")
    assert not dev.is_installed(stamp, b"changed lock")


def test_a_port_in_use_is_noticed() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert dev.port_is_taken(port)
        assert dev.serve(port, seed=False) == 1
    assert not dev.port_is_taken(port)
