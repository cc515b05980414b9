"""System checks: misconfiguration that would be unsafe or break at once, each with a way out."""

import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from portal.backup import keys
from portal.backup.errors import Fault
from portal.settings import DEFAULT_SECRET_KEY
from tenancy.encryption import encryption
from tenancy.hosts import LABEL
from web import whereabouts

Apps = Sequence[AppConfig] | None
RANGE = re.compile(r"[0-9A-F]{5}")


@register(Tags.security)
def check_secret_key(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or settings.SECRET_KEY != DEFAULT_SECRET_KEY:
        return []
    return [
        Error(
            "SECRET_KEY is the default one while DEBUG is off.",
            hint="Set SECRET_KEY or SECRET_KEY_FILE to at least 50 random characters.",
            id="portal.E001",
        )
    ]


@register(Tags.security)
def check_key_encryption(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    try:
        encryption()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint="Make one with: python3 -c 'import base64, os; "
                "print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
                id="portal.E002",
            )
        ]
    return []


ORDER = (
    "portal.middleware.waiting.WaitingMiddleware",
    "portal.middleware.watching.WatchingMiddleware",
    "portal.middleware.health.HealthMiddleware",
    "portal.middleware.tls_ask.TlsAskMiddleware",
    "portal.middleware.visitors.VisitorMiddleware",
    "portal.middleware.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "web.statics.StaticFilesMiddleware",
    "portal.middleware.signposts.SignpostsMiddleware",
    "portal.middleware.host.NormaliseHostMiddleware",
    "django_hosts.middleware.HostsRequestMiddleware",
    "portal.middleware.tenancy.TenancyMiddleware",
    "portal.middleware.tls.TlsMiddleware",
    "portal.middleware.bodies.BodyMiddleware",
    "portal.middleware.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.middleware.people.PeopleMiddleware",
    "portal.middleware.view_as.ViewAsMiddleware",
    "portal.middleware.sign_in.SignInRequiredMiddleware",
    "portal.middleware.second_factor.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.middleware.once.OnceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)


@register(Tags.security)
def check_middleware_order(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """How long to wait is said before anything asks the database; what is asked by a server's
    address comes before the host is looked at, headers around all answers to people, tenancy
    before whatever may query or know people."""
    there = [name for name in settings.MIDDLEWARE if name in ORDER]
    if there == list(ORDER):
        return []
    return [
        Error(
            "A middleware is missing or out of place.",
            hint=f"MIDDLEWARE has to hold, in this order: {', '.join(ORDER)}.",
            id="portal.E003",
        )
    ]


@register(Tags.security)
def check_parent_host(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    labels = settings.PORTAL_PARENT_HOST.split(".")
    if all(LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit():
        return []
    return [
        Error(
            f"PARENT_HOST is {settings.PORTAL_PARENT_HOST!r}, which is not a domain name.",
            hint="Set it to a name such as portal.example.com: no scheme, port or IP address.",
            id="portal.E004",
        )
    ]


@register(Tags.security)
def check_host_settings(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """What would let a host in by another way than tenancy.hosts."""
    errors: list[CheckMessage] = []
    if hasattr(settings, "PARENT_HOST"):
        errors.append(
            Error(
                "The Django setting PARENT_HOST is set.",
                hint="django-hosts would append it to its patterns unescaped; remove it and use "
                "PORTAL_PARENT_HOST.",
                id="portal.E005",
            )
        )
    if settings.USE_X_FORWARDED_HOST:
        errors.append(
            Error(
                "USE_X_FORWARDED_HOST is on: a header could choose the vendor.",
                hint="Have the proxy pass the Host header on instead.",
                id="portal.E006",
            )
        )
    if (
        settings.CSRF_TRUSTED_ORIGINS
        or settings.SESSION_COOKIE_DOMAIN
        or settings.CSRF_COOKIE_DOMAIN
    ):
        errors.append(
            Error(
                "CSRF_TRUSTED_ORIGINS or a cookie domain is set: one vendor's host could act on "
                "another's.",
                hint="Leave CSRF_TRUSTED_ORIGINS and the cookie domains unset.",
                id="portal.E007",
            )
        )
    return errors


@register(Tags.security)
def check_private_files(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """What holds secrets, customers' data or e-mails is for its owner alone."""
    return [
        Warning(
            f"{path} can be read or entered by others than its owner.",
            hint=f"chmod {'700' if path.is_dir() else '600'} {path}. A proxy that sends release "
            "files needs a MEDIA_ROOT that is not in DATA_DIR.",
            id="portal.W004",
        )
        for path in _private_files()
        if path.exists() and path.stat().st_mode & 0o077
    ]


def _private_files() -> list[Path]:
    """The folder of data, the secrets that dev.py makes in it, and SQLite's files."""
    secrets = [settings.DATA_DIR / name for name in ("secret_key", "key_encryption_keys")]
    database = settings.DATABASES["default"]
    name = str(database["NAME"])
    files = [Path(name + end) for end in ("", "-wal", "-shm")]
    return [settings.DATA_DIR, *secrets, *(files if "sqlite" in database["ENGINE"] else ())]


@register
def check_direct_downloads(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if settings.DIRECT_DOWNLOADS < settings.THREADS:
        return []
    return [
        Error(
            f"DIRECT_DOWNLOADS is {settings.DIRECT_DOWNLOADS}, but a process has "
            f"{settings.THREADS} threads: slow downloads and uploads could take them all.",
            hint="Leave DIRECT_DOWNLOADS unset, which is three quarters of THREADS, or raise "
            "THREADS.",
            id="portal.E010",
        )
    ]


@register(Tags.security, deploy=True)
def check_scheme(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if not settings.HTTPS:
        return [
            Warning(
                "PUBLIC_SCHEME is http: passwords and cookies travel in clear.",
                hint="Put a proxy with TLS in front and leave PUBLIC_SCHEME at https.",
                id="portal.W001",
            )
        ]
    if settings.TRUSTED_PROXIES:
        return []
    return [
        Warning(
            "PUBLIC_SCHEME is https and TRUSTED_PROXIES is 0: no proxy is believed that a visitor "
            "came by TLS, and everybody is sent to https again and again.",
            hint="Set TRUSTED_PROXIES to how many proxies stand in front.",
            id="portal.W003",
        )
    ]


@register(Tags.database, deploy=True)
def check_database(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if "sqlite" not in settings.DATABASES["default"]["ENGINE"]:
        return []
    return [
        Warning(
            "The database is an SQLite file, which serves one machine only.",
            hint="Set DATABASE_URL to a PostgreSQL database before a second host serves.",
            id="portal.W002",
        )
    ]


ROLE = """
    SELECT current_user,
    EXISTS (
        SELECT FROM pg_roles
        WHERE (rolsuper OR rolbypassrls) AND pg_has_role(current_user, oid, 'MEMBER')
    ),
    EXISTS (
        SELECT FROM pg_class
        WHERE relrowsecurity AND pg_has_role(current_user, relowner, 'MEMBER')
    )
"""


@register(Tags.database, deploy=True)
def check_role(
    app_configs: Apps, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Asks the server, so that it is made with `check --deploy --database default` alone."""
    if settings.ALLOW_DATABASE_OWNER:
        return []
    asked = [connections[name] for name in databases or ()]
    return [
        error
        for connection in asked
        if connection.vendor == "postgresql"
        for error in _faults_of_role(connection)
    ]


@register(Tags.database, deploy=True)
def check_keys_fit(
    app_configs: Apps, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether KEY_ENCRYPTION_KEYS opens what is encrypted in the database. Asks it, as
    `check_role` does."""
    try:
        shut = keys.some_shut() if databases else []
    except (DatabaseError, Fault):
        return []  # There are no tables yet, or no keys (portal.E002).
    if not shut:
        return []
    return [
        Error(
            f"What is encrypted in the database opens by none of KEY_ENCRYPTION_KEYS: "
            f"{', '.join(shut)}.",
            hint="Set the keys that it was encrypted with, such as those that manage.py backup has "
            "kept: nobody can make them anew. Older processes may have them as long as they run.",
            id="portal.E011",
        )
    ]


@register(Tags.security)
def check_replica(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if not settings.HAS_REPLICA or "replica" in settings.DATABASES:
        return []
    return [
        Error(
            "DATABASE_REPLICA_URL is set, and the database is SQLite, which has no replicas.",
            hint="Unset it, or have DATABASE_URL name a PostgreSQL and it a standby of that one.",
            id="portal.E012",
        )
    ]


def lacks_telemetry() -> bool:
    """Whether the packages are missing by which spans are sent."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is None
    except ModuleNotFoundError:
        return True


@register(Tags.security)
def check_telemetry(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if not settings.TELEMETRY_ENDPOINT or not lacks_telemetry():
        return []
    return [
        Error(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages that send there are missing.",
            hint="Install requirements-telemetry.lock in place of requirements.lock, or unset it.",
            id="portal.E013",
        )
    ]


def _faults_of_role(connection: Any) -> list[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute(ROLE)
        role, passes_by, owns = cursor.fetchone()
    hint = (
        "Make two roles with deploy/postgresql.sql, have DATABASE_URL name the one that owns "
        "nothing, and migrate as the other one (docs/operations.md). For a small installation set "
        "ALLOW_DATABASE_OWNER=true."
    )
    if passes_by:
        text = f"The portal connects as {role!r}, for whom there is no row-level security."
        return [Error(text, hint=hint, id="portal.E008")]
    if owns:
        text = f"The portal connects as {role!r}, who owns tables and could take their guard off."
        return [Error(text, hint=hint, id="portal.E009")]
    return []


@register(Tags.security)
def check_leaked_passwords(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """The folder of leaked passwords has ranges that can be read."""
    folder = settings.LEAKED_PASSWORDS
    if folder is None or _has_readable_range(folder):
        return []
    return [
        Warning(
            f"LEAKED_PASSWORDS is {folder}, where no file of a range can be read: no password is "
            "compared with leaked ones.",
            hint="Put files there that are named by the first five hex digits of SHA-1, such as "
            "00000 or 00000.txt, and let the portal's user read them; or unset it.",
            id="portal.W005",
        )
    ]


@register(Tags.security)
def check_geoip_database(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """The file that says where addresses are can be read."""
    file = settings.GEOIP_DATABASE
    if file is None:
        return []
    try:
        whereabouts.look_up(file, "127.0.0.1")
    except whereabouts.UNREADABLE as error:
        return [
            Warning(
                f"GEOIP_DATABASE is {file}, which can't be read ({type(error).__name__}): nothing "
                "says where somebody signed in.",
                hint="Put a file in MaxMind's format there, such as GeoLite2-City.mmdb, and let "
                "the portal's user read it; or unset it.",
                id="portal.W006",
            )
        ]
    return []


def _has_readable_range(folder: Path) -> bool:
    try:
        ranges = (each for each in folder.iterdir() if RANGE.fullmatch(each.stem))
        found = next(ranges, None)
        return found is not None and os.access(found, os.R_OK)
    except OSError:
        return False
