"""What a program tells of its machine, in the protocol's names; online the same as in files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portal_licensing import machine
from portal_licensing.errors import InvalidInput
from portal_licensing.texts import license_key, printable

CLIENT_VERSION = "portal-licensing 0.3.0"
LONGEST_TEXT = 256
TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{0,256}")


def key(typed: str) -> str:
    """A licence key as it is sent; raises InvalidInput for what can't be one."""
    found = license_key(typed)
    if not found:
        raise InvalidInput("the licence key is empty")
    return text("key", found)


def of_machine(
    *,
    hostname: str | None = None,
    app_version: str = "",
    user_hash: str = "",
    metadata: Mapping[str, str] | None = None,
    meter_attributes: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """What is told of the machine. Raises InvalidInput."""
    return {
        "os": machine.system(),
        "osVersion": printable(machine.system_version(), LONGEST_TEXT),
        "hostname": printable(machine.hostname() if hostname is None else hostname, LONGEST_TEXT),
        "vmName": machine.vm_name(),
        "container": machine.in_container(),
        "appVersion": printable(app_version, LONGEST_TEXT),
        "clientVersion": CLIENT_VERSION,
        "userHash": text("userHash", user_hash),
        "metadata": entries(metadata or {}),
        "meterAttributes": [
            {"name": text("meterAttributes", name), "uses": uses}
            for name, uses in (meter_attributes or {}).items()
        ],
    }


def entries(metadata: Mapping[str, str]) -> list[dict[str, str]]:
    """Metadata as it is sent. Raises InvalidInput."""
    return [
        {"key": text("metadata", name), "value": text("metadata", value)}
        for name, value in metadata.items()
    ]


def text(name: str, value: str) -> str:
    """The value; raises InvalidInput for what can't be sent."""
    if not TEXT.fullmatch(value):
        raise InvalidInput(f"{name} has to be at most 256 printable characters")
    return value
