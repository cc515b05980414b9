"""The bytes of the demo's release files, made of their names; needs no Django.

They are the same each time (so are their checksums): archives that open, with a read-me and
something that stands for a program.
"""

import gzip
import io
import random
import tarfile
import zipfile

MIB = 1024 * 1024
LONG_AGO = (2026, 1, 1, 0, 0, 0)


def content(name: str) -> bytes:
    """The bytes of a demo file, made of its name; between 3 and 6 MiB."""
    chance = random.Random(name)  # noqa: S311  reproducible on purpose
    parts = {
        "README.txt": f"{name}: a file of the demo. It installs nothing.\n".encode(),
        "program.bin": chance.randbytes(chance.randint(3 * MIB, 6 * MIB)),
    }
    return _tar(parts) if name.endswith(".tar.gz") else _zip(parts)


def _zip(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), data)
    return buffer.getvalue()


def _tar(parts: dict[str, bytes]) -> bytes:
    """Not deflated, only in gzip's envelope, whose time is 0: random bytes don't shrink."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", compresslevel=0, fileobj=buffer, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, data in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
