"""What this machine is: a stable fingerprint and the facts that a request tells."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import socket
import subprocess
import sys
import uuid
from pathlib import Path

from portal_licensing.errors import NoMachineId

SYSTEMS = {
    "Windows": "windows",
    "Linux": "linux",
    "Darwin": "macos",
    "Android": "android",
    "iOS": "ios",
    "iPadOS": "ios",
}
HYPERVISORS = (
    "KVM",
    "QEMU",
    "VMware",
    "VirtualBox",
    "Hyper-V",
    "Virtual Machine",
    "Xen",
    "Parallels",
)
COMMAND_TIMEOUT = 5  # seconds
# What stands where a system has not been given an id yet: see machine-id(5), CoreOS, and makers who
# fill one in with a single digit.
NO_ID = re.compile(r"(?i)|uninitialized|420{28}42|-*([0-9a-f])(?:-*\1)*-*")
# What a node number is marked with that is not the network card's own: one that Python made up (RFC
# 9562, section 6.10), and one that software gives: containers, privacy, some virtual machines.
MULTICAST, LOCAL = 1 << 40, 1 << 41


def fingerprint(product_id: str) -> str:
    """64 hexadecimal characters that stay the same on this machine as long as its system does.

    The product is mixed in, so that the fingerprints of two products can't be told to be of one
    machine, and nothing can be read back out of one. Raises NoMachineId.
    """
    return hashlib.sha256(f"portal-licensing\x1f{product_id}\x1f{_identity()}".encode()).hexdigest()


def system() -> str:
    """The operating system in the protocol's words; linux for relatives that it has no word for."""
    return SYSTEMS.get(platform.system(), "linux")


def system_version() -> str:
    """The version of the operating system, as people know it."""
    if system() == "linux":
        return _linux_name() or platform.release()
    if system() == "macos":
        return platform.mac_ver()[0]
    return platform.version()


def hostname() -> str:
    """The machine's name, as the system tells it; empty where it can't."""
    try:
        return socket.gethostname()
    except (OSError, UnicodeError):
        return ""


def vm_name() -> str:
    """The hypervisor that the machine runs on, or empty for a physical one; Linux only."""
    facts = " ".join(_read(f"/sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name"))
    return next((name for name in HYPERVISORS if name.lower() in facts.lower()), "")


def in_container() -> bool:
    """Whether this runs in a container, as far as a program inside can see."""
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return True
    groups = _read("/proc/1/cgroup")
    return any(word in groups for word in ("docker", "kubepods", "containerd", "lxc"))


def _identity() -> str:
    """What the operating system calls this installation; the network card's address at worst.

    Raises NoMachineId where there is neither: a number made up anew at each start would take a seat
    each time.
    """
    finders = {"linux": _linux_id, "win32": _windows_id, "darwin": _macos_id}
    find = next((find for name, find in finders.items() if sys.platform.startswith(name)), None)
    found = _usable(find()) if find else ""
    return found or f"node:{_node():012x}"


def _node() -> int:
    node = uuid.getnode()
    if node & (MULTICAST | LOCAL):
        raise NoMachineId
    return node


def _linux_id() -> str:
    return _usable(_read("/etc/machine-id")) or _read("/var/lib/dbus/machine-id")


def _usable(found: str) -> str:
    """The id, unless it is one that many machines have."""
    return "" if NO_ID.fullmatch(found) else found


def _macos_id() -> str:
    try:
        printed = subprocess.run(
            ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"],
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r'"IOPlatformUUID" = "([^"]+)"', printed)
    return found.group(1) if found else ""


def _windows_id() -> str:
    if sys.platform != "win32":
        return ""
    import winreg  # noqa: PLC0415  exists on Windows alone

    try:
        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography"
        ) as registry:
            return str(winreg.QueryValueEx(registry, "MachineGuid")[0])
    except OSError:
        return ""


def _linux_name() -> str:
    found = re.search(r'^PRETTY_NAME="?([^"\n]+)', _read("/etc/os-release"), re.MULTILINE)
    return found.group(1) if found else ""


def _read(path: str) -> str:
    if not os.path.exists(path):
        return ""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
