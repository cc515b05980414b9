"""Where a program keeps its activation: one file, written whole or not at all. Beside it lies an
empty one, which is locked while threads and programs that share the folder change what is kept.

The folder and the file belong to their owner alone. A seal over the content shows casual edits
(a last-seen time set back); it is no secret from someone who reads this code.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal_licensing import locks
from portal_licensing.errors import DamagedStorage, StorageUnavailable

FILE_NAME = "activation.json"
LOCK_NAME = "activation.lock"


@dataclass
class State:
    """What is kept. Texts are empty and dicts are None when there is none.

    `license_key`, `trial` and `request_id` are of the last request, `token_key` of the token.
    `online` says that the token came online, `revoked` that the portal has refused to confirm it,
    `lease_duration` for how many seconds the program wished a seat, 0 for as long as the licence
    says.
    `machine_key` is the Ed25519 private key in hex; `last_seen`, the latest time that the clock has
    shown, and `signed_at`, the time of the newest response that was installed, are in seconds
    since the epoch.
    """

    machine_key: str = ""
    fingerprint: str = ""
    license_key: str = ""
    trial: bool = False
    request_id: str = ""
    token: str = ""
    token_key: str = ""
    last_seen: float = 0.0
    signed_at: int = 0
    deactivation: dict[str, str] | None = field(default=None)
    online: bool = False
    revoked: bool = False
    lease_duration: int = 0

    def private_key(self) -> Ed25519PrivateKey:
        """The machine's key; made when there is none."""
        if not self.machine_key:
            self.machine_key = Ed25519PrivateKey.generate().private_bytes_raw().hex()
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.machine_key))


class Storage:
    """Reads and writes the state in a folder of its own."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / FILE_NAME

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Whoever reads, changes and writes, does that in here, and nobody else meanwhile.

        Not to be entered twice by one thread. Raises StorageUnavailable.
        """
        self.make_folder()
        try:
            lock = locks.wait_for(self.folder / LOCK_NAME)
        except OSError as error:
            raise StorageUnavailable(str(error)) from error
        with lock:
            yield

    def make_folder(self) -> None:
        """Makes the folder, for its owner alone, where there is none; raises StorageUnavailable."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageUnavailable(str(error)) from error

    def read(self) -> State:
        """The state; a fresh one when nothing was stored yet.

        Raises DamagedStorage when it was changed by anything else, StorageUnavailable.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return State()
        except (OSError, UnicodeDecodeError) as error:
            raise StorageUnavailable(str(error)) from error
        try:
            content = json.loads(text)
            state = State(**content["state"])
            # A changed key makes another seal.
            sealed = hmac.compare_digest(str(content["seal"]), _seal(content["state"]))
            state.private_key() if state.machine_key else None
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedStorage from error
        if not sealed:
            raise DamagedStorage
        return state

    def write(self, state: State) -> None:
        """Replaces the stored state in one step; raises StorageUnavailable."""
        values = asdict(state)
        text = json.dumps({"state": values, "seal": _seal(values)}, indent=1)
        self.make_folder()
        try:
            # mkstemp makes the file readable by its owner alone.
            descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".activation-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StorageUnavailable(str(error)) from error


def _seal(values: dict[str, Any]) -> str:
    key = hashlib.sha256(f"portal-licensing seal {values.get('machine_key', '')}".encode()).digest()
    return hmac.digest(key, json.dumps(values, sort_keys=True).encode(), "sha256").hex()
