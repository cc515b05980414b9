"""Loaded by pytest before Django's settings: the environment of a test run.

Set here and not in conftest.py, because pytest-django reads the settings before that. What a
developer has in the environment does not reach the tests.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings

FIXED = {
    "SECRET_KEY": "tests-only-secret-key-0123456789-0123456789-0123456789-abcdefghij",
    "KEY_ENCRYPTION_KEYS": "dGVzdHMtb25seS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY=",
    "PARENT_HOST": "portal.localhost",
    "PUBLIC_SCHEME": "http",
    "PUBLIC_PORT": "8000",
    "DEBUG": "false",
    "TRUSTED_PROXIES": "0",
    "DATA_DIR": tempfile.mkdtemp(prefix="portal-tests-"),
}
SETTINGS = (*FIXED, "DATABASE_URL", "EMAIL_URL", "MEDIA_ROOT", "STATIC_ROOT", "MAIL_DIR",
            "SECRET_KEY_FALLBACKS", "DEFAULT_FROM_EMAIL", "OPERATOR_EMAIL", "ACCEL_REDIRECT_PREFIX", "DIRECT_DOWNLOADS", "THREADS", "WORKERS", "REQUEST_DEADLINE", "PROXY_HEADERS", "HSTS",
            "S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_ACCESS_KEY_ID",
            "S3_SECRET_ACCESS_KEY", "DNS_SERVERS", "REDIS_URL", "API_CALLS_PER_TOKEN", "API_CALLS_PER_ADDRESS", "PRIVATE_PROVIDERS", "PRIVATE_RECEIVERS", "CERTIFICATE_ISSUERS", "TLS_ASK_SECRET", "GEOIP_DATABASE", "SECURITY_CONTACT", "SECURITY_POLICY",
            "ALLOW_DATABASE_OWNER", "DATABASE_REPLICA_URL", "OPERATORS_NEED_SECOND_FACTOR", "DATABASE_OWNER_URL", "EMAIL_LEASE", "WEBHOOK_LEASE", "EMAIL_REPLY_TIMEOUT", "JOB_LEASE", "UPKEEP_INTERVAL", "METRICS_PORT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "METRICS_HOST", "LOG_FORMAT", "ACCESS_LOG",
            *(f"{kind}_SESSION_{end}" for kind in ("CUSTOMER", "STAFF", "OPERATOR", "SHORT") for end in ("IDLE", "LASTS")))  # fmt: skip

# A PostgreSQL of the developer's choice is used, by tests/conftest.py.
DATABASE_URL = os.environ.get("DATABASE_URL", "")


def _remove_data(folder: str, made_by: int) -> None:
    """Takes the run's folder away; a forked child, which ends sooner, leaves it to who made it."""
    if os.getpid() == made_by:
        shutil.rmtree(folder, ignore_errors=True)


# Registered before anything that uses the folder, so that it is done after all of that has ended.
atexit.register(_remove_data, FIXED["DATA_DIR"], os.getpid())

for name in SETTINGS:
    os.environ.pop(name, None)
    os.environ.pop(f"{name}_FILE", None)
os.environ.update(FIXED)
# WhiteNoise warns of a folder that is missing; tests serve static files from their sources.
Path(FIXED["DATA_DIR"], "static").mkdir()
# Playwright's own event loop runs in the tests' thread; Django would take that for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

settings.register_profile("short", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=100_000, deadline=None)
settings.load_profile("short")
