"""Typed, strict readers of environment variables.

Every setting NAME may also come as NAME_FILE, the path of a file that holds the value
(how Docker and systemd hand over secrets). A value that can't be read as its type stops
the start with the name of the variable and the reason; nothing is guessed.
"""

import os
import re
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    """The value of NAME, or the content of the file NAME_FILE, without surrounding white space.

    Raises ImproperlyConfigured when both are set, when the file can't be read, or when neither
    is set and there is no default.
    """
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if path is not None:
        try:
            value = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE can't be read: {error}") from error
    if value is None:
        value = default
    if value is None:
        raise ImproperlyConfigured(f"{name} (or {name}_FILE) has to be set.")
    return value.strip()


def secret(name: str, file: Path, default: str) -> str:
    """The value of NAME or NAME_FILE; else the content of `file`, which dev.py makes."""
    if name in os.environ or f"{name}_FILE" in os.environ or not file.exists():
        return text(name, default)
    return file.read_text(encoding="utf-8").strip()


def boolean(name: str, *, default: bool) -> bool:
    """The value of NAME as true or false; raises ImproperlyConfigured for any other word."""
    value = text(name, "true" if default else "false").lower()
    if value in TRUE_WORDS:
        return True
    if value in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: use true or false.")


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """The value of NAME as a whole number from minimum to maximum."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}: use a whole number.") from None
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name} is {number}: use {minimum} to {maximum}.")
    return number


def lifetime(name: str, *, idle: int, lasts: int) -> tuple[int, int]:
    """The values of NAME_IDLE and NAME_LASTS in seconds. Visitors are noted every five minutes, so
    that ten is the least; nothing lasts longer than a year, or is idle longer than it lasts."""
    longest = integer(f"{name}_LASTS", lasts, minimum=600, maximum=365 * 24 * 60 * 60)
    return integer(f"{name}_IDLE", min(idle, longest), minimum=600, maximum=longest), longest


def words(value: str) -> list[str]:
    """A value as a list, separated by commas; empty items are left out."""
    return [word.strip() for word in value.split(",") if word.strip()]


def servers(name: str) -> list[tuple[str, int]]:
    """The value of NAME as addresses with ports, separated by commas: 192.0.2.1:53, [::1]:53."""
    found = []
    for word in words(text(name, "")):
        parts = urlsplit(f"//{word}")
        try:
            found.append((str(ip_address(parts.hostname or "")), parts.port or 53))
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} has {word!r}: use an IP address with a port, such as 192.0.2.1:53."
            ) from None
    return found


def contacts(name: str) -> list[str]:
    """The value of NAME as addresses, separated by commas, in the form of RFC 9116: mailto:, tel:
    or https:. An e-mail address alone is understood, too."""
    found = []
    for word in words(text(name, "")):
        is_email = re.fullmatch(r"[^@\s:/]+@[^@\s:/]+", word)
        found.append(f"mailto:{word}" if is_email else word)
        if not re.fullmatch(r"(mailto:|tel:|https://)[^\s]+", found[-1]):
            raise ImproperlyConfigured(
                f"{name} has {word!r}: use an e-mail address, or one that begins with https:// or "
                "tel:."
            )
    return found


def web_address(name: str) -> str:
    """The value of NAME, which begins with https://; empty when it is unset."""
    value = text(name, "")
    if value and not re.fullmatch(r"https://\S+", value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: use an address that begins with https://."
        )
    return value


def endpoint(name: str) -> str:
    """The value of NAME, which begins with http:// or https://; empty when it is unset."""
    value = text(name, "")
    if value and not re.fullmatch(r"https?://\S+", value):
        raise ImproperlyConfigured(f"{name}: use an address that begins with http:// or https://.")
    return value


def headers(name: str) -> dict[str, str]:
    """The value of NAME as headers, separated by commas: name=value. What is wrong with them is
    told without them, since a token may stand there."""
    found = dict[str, str]()
    for word in words(text(name, "")):
        header, equals, value = word.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9-]+", header.strip()):
            raise ImproperlyConfigured(f"{name}: write name=value, separated by commas.")
        found[header.strip().lower()] = unquote(value.strip())
    return found


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    """The value of NAME, which has to be one of the options."""
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name} is {value!r}: use one of {', '.join(options)}.")
    return value


def folder(name: str, default: Path) -> Path:
    """The value of NAME as an absolute path."""
    return Path(text(name, str(default))).expanduser().resolve()


def file(name: str) -> Path | None:
    """The value of NAME as an absolute path; None when it is unset."""
    value = text(name, "")
    return Path(value).expanduser().resolve() if value else None


def made(folder: Path) -> Path:
    """The folder, made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def private(folder: Path) -> Path:
    """The folder, made for its owner alone if it is missing and can be made: whoever needs it says
    that it is not there. One that is there stays as it is (portal.W004)."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


READ_ONLY = "-c default_transaction_read_only=on"
STORE_CONNECTS_WITHIN, STORE_ANSWERS_WITHIN = 3, 20  # seconds, twice at most
SIGNED_URL_AGE = 60  # seconds in which a download from the object store has to begin
# With recursive triggers REPLACE counts as DELETE, which the audit trail refuses.
SQLITE_START = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;"


def sqlite(path: str) -> dict[str, Any]:
    """The DATABASES entry of an SQLite file.

    Transactions take the write lock when they begin, so that what a transaction has read
    stays true until it writes: SQLite knows no row locks. File and folder are made for their owner
    alone if they are missing; what SQLite puts beside the file is as open as the file.
    """
    private(Path(path).parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return {
        "ENGINE": "tenancy.sqlite",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": SQLITE_START,
        },
    }


def database(name: str, default: Path) -> dict[str, Any]:
    """The DATABASES entry for the URL in NAME; an SQLite file at default when NAME is unset.

    Understands postgresql://user:password@host:port/name?option=value and sqlite:///path.
    """
    url = text(name, "")
    if not url:
        return sqlite(str(default))
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(unquote(parts.path.removeprefix("/")) or str(default))
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            f"{name} begins with {parts.scheme!r}: use postgresql:// or sqlite:///."
        )
    options = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} has no valid port: {error}.") from None
    # Whoever is served is told soon where there is no server.
    options.setdefault("connect_timeout", "3")
    return {
        "ENGINE": "tenancy.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def replica(name: str) -> dict[str, Any]:
    """The DATABASES entry for the URL in NAME, of a PostgreSQL that is only read: also where the
    server would let itself be written to."""
    if urlsplit(text(name)).scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"{name} has to begin with postgresql://.")
    entry = database(name, Path())
    given = entry["OPTIONS"].get("options", "")
    entry["OPTIONS"]["options"] = f"{given} {READ_ONLY}".strip()
    return entry


def redis(name: str) -> str:
    """The value of NAME, an address of Redis; empty when it is unset.

    Understands redis://user:password@host:port/number, rediss:// (TLS) and unix:///path.
    """
    url = text(name, "")
    if not url:
        return ""
    # What is wrong is not told: a password that is not encoded would be a part of it.
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme == "unix" and parts.path.strip("/"):
            return url
        is_number = re.fullmatch(r"/?\d*", parts.path)
        if parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0 and is_number:
            return url
    raise ImproperlyConfigured(
        f"{name} is no address of Redis: use redis://:password@host:6379/0, rediss:// or "
        "unix:///path, with / @ : # ? and % in a password written as %2F and so on."
    )


def object_storage(folder: Path) -> dict[str, Any]:
    """The STORAGES entry of the release files: an S3-compatible bucket, or else a local folder.

    S3_BUCKET chooses the bucket; S3_ENDPOINT_URL, S3_REGION, S3_ACCESS_KEY_ID and
    S3_SECRET_ACCESS_KEY say how it is reached. What is unset comes from where boto3 looks.
    """
    bucket = text("S3_BUCKET", "")
    if not bucket:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        }
    # Imported here, because it takes half a second and most installations need none of it.
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    options = {
        "bucket_name": bucket,
        "endpoint_url": text("S3_ENDPOINT_URL", "") or None,
        "region_name": text("S3_REGION", "") or None,
        "access_key": text("S3_ACCESS_KEY_ID", "") or None,
        "secret_key": text("S3_SECRET_ACCESS_KEY", "") or None,
        # Whoever is served is told soon where the store says nothing: boto3 would wait for minutes.
        "client_config": Config(
            signature_version="s3v4",
            connect_timeout=STORE_CONNECTS_WITHIN,
            read_timeout=STORE_ANSWERS_WITHIN,
            retries={"mode": "standard", "total_max_attempts": 2},
        ),
        "querystring_expire": SIGNED_URL_AGE,
        "file_overwrite": False,
        # One part in memory at a time, however large the file is.
        "transfer_config": TransferConfig(multipart_chunksize=8 * 1024 * 1024, use_threads=False),
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def email(name: str) -> dict[str, Any]:
    """Django's e-mail settings for the URL in NAME; console and folder when NAME is unset.

    Understands smtp://user:password@host:port (plain), smtp+tls:// (STARTTLS), smtps:// (TLS).
    """
    url = text(name, "")
    if not url:
        return {"EMAIL_BACKEND": "mail.console.ConsoleAndFolderBackend"}
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if parts.scheme not in ports:
        raise ImproperlyConfigured(f"{name} begins with {parts.scheme!r}: use {', '.join(ports)}.")
    return {
        "EMAIL_BACKEND": "mail.smtp.EmailBackend",
        "EMAIL_HOST": unquote(parts.hostname or "localhost"),
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }
