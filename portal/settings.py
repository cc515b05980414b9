"""The one settings file: values come from the environment (docs/operations.md lists them all)."""

import logging
from pathlib import Path

from portal import env
from web.secrecy import SafeRecord

BASE_DIR = Path(__file__).resolve().parent.parent

# Seconds.
HOUR = 60 * 60
DAY = 24 * HOUR

# --- What an operator sets ---------------------------------------------------------------------

DATA_DIR = env.private(env.folder("DATA_DIR", BASE_DIR / "var"))
DEFAULT_SECRET_KEY = "insecure-development-key"  # noqa: S105  refused by portal.E001 unless DEBUG
DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY", DATA_DIR / "secret_key", DEFAULT_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.words(env.text("SECRET_KEY_FALLBACKS", ""))

# Fernet keys that encrypt the products' private keys and the secrets of second factors at rest. The
# first one encrypts, all decrypt.
KEY_ENCRYPTION_KEYS = env.words(
    env.secret("KEY_ENCRYPTION_KEYS", DATA_DIR / "key_encryption_keys", "")
)

# Not named PARENT_HOST, because django-hosts would append a setting of that name to its patterns
# unescaped and unanchored.
PORTAL_PARENT_HOST = env.text("PARENT_HOST", "portal.localhost").lower().rstrip(".")
PUBLIC_SCHEME = env.choice("PUBLIC_SCHEME", "https", ("https", "http"))
# What HSTS binds to https: nothing, the host that was asked for, or all below it as well; and
# whether browsers may have that built in, which can't be taken back.
HSTS = env.choice("HSTS", "host", ("off", "host", "subdomains", "preload"))
# After how many seconds a session ends: without anybody coming, and at last. `short` holds for who
# has not chosen to stay signed in.
SESSION_LIFETIMES = {
    "customer": env.lifetime("CUSTOMER_SESSION", idle=14 * DAY, lasts=30 * DAY),
    "staff": env.lifetime("STAFF_SESSION", idle=12 * HOUR, lasts=7 * DAY),
    "operator": env.lifetime("OPERATOR_SESSION", idle=HOUR, lasts=12 * HOUR),
    "short": env.lifetime("SHORT_SESSION", idle=HOUR, lasts=DAY),
}
# Whether operators have to sign in with a second factor.
OPERATORS_NEED_SECOND_FACTOR = env.boolean(
    "OPERATORS_NEED_SECOND_FACTOR", default=PUBLIC_SCHEME == "https" and not DEBUG
)
PUBLIC_PORT = env.integer("PUBLIC_PORT", 0, minimum=0, maximum=65535)  # 0: the scheme's own
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, minimum=0, maximum=10)
# By which headers the proxies tell whom a request comes from: X-Forwarded-For and -Proto, or
# Forwarded (RFC 7239).
PROXY_HEADERS = env.choice("PROXY_HEADERS", "x-forwarded", ("x-forwarded", "forwarded"))
# Threads of a process (gunicorn.conf.py).
THREADS = env.integer("THREADS", 4, minimum=2, maximum=1000)

MEDIA_ROOT = env.folder("MEDIA_ROOT", DATA_DIR / "media")
RELEASES_ROOT = MEDIA_ROOT / "releases"
RELEASE_STORAGE = env.object_storage(RELEASES_ROOT)
# Where the proxy finds RELEASES_ROOT, for X-Accel-Redirect; empty: gunicorn sends the bytes.
ACCEL_REDIRECT_PREFIX = env.text("ACCEL_REDIRECT_PREFIX", "")
# How many files a process sends or receives itself at a time; the other threads answer pages.
DIRECT_DOWNLOADS = env.integer("DIRECT_DOWNLOADS", THREADS * 3 // 4, minimum=1, maximum=1000)
# Calls of the Web API in a minute, by one token, and from one address without any.
API_CALLS_PER_TOKEN = env.integer("API_CALLS_PER_TOKEN", 600, minimum=1, maximum=1_000_000)
API_CALLS_PER_ADDRESS = env.integer("API_CALLS_PER_ADDRESS", 60, minimum=1, maximum=1_000_000)
# Where these calls are counted instead of in the database; empty: there.
REDIS_URL = env.redis("REDIS_URL")
# Custom domains: who answers about them (host:port; empty is the machine's own resolver), whose
# certificates we get for them, and what the proxy's question needs when it is not on this machine.
DNS_SERVERS = env.servers("DNS_SERVERS")
CERTIFICATE_ISSUERS = env.words(env.text("CERTIFICATE_ISSUERS", "letsencrypt.org"))
TLS_ASK_SECRET = env.text("TLS_ASK_SECRET", "")
# Hosts of identity providers that may be at an address that is not public, and without TLS.
PRIVATE_PROVIDERS = {host.lower() for host in env.words(env.text("PRIVATE_PROVIDERS", ""))}
# Hosts of receivers of webhooks of which the same is true.
PRIVATE_RECEIVERS = {host.lower() for host in env.words(env.text("PRIVATE_RECEIVERS", ""))}
# Whom /.well-known/security.txt names; nobody: there is none.
SECURITY_CONTACT = env.contacts("SECURITY_CONTACT")
SECURITY_POLICY = env.web_address("SECURITY_POLICY")
STATIC_ROOT = env.folder("STATIC_ROOT", DATA_DIR / "static")
MAIL_DIR = env.folder("MAIL_DIR", DATA_DIR / "mail")
DATABASES = {"default": env.database("DATABASE_URL", DATA_DIR / "db.sqlite3")}
# A standby that exports and statistics are read from (tenancy/replica.py).
HAS_REPLICA = bool(env.text("DATABASE_REPLICA_URL", ""))
if HAS_REPLICA and DATABASES["default"]["ENGINE"] == "tenancy.postgresql":
    DATABASES["replica"] = env.replica("DATABASE_REPLICA_URL")
DATABASE_ROUTERS = ["tenancy.replica.Router"]
# That the portal itself connects as the owner of the tables: for small installations.
ALLOW_DATABASE_OWNER = env.boolean("ALLOW_DATABASE_OWNER", default=False)

globals().update(env.email("EMAIL_URL"))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"portal@{PORTAL_PARENT_HOST}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Whom `manage.py prepare` makes the first operator.
OPERATOR_EMAIL = env.text("OPERATOR_EMAIL", f"operator@{PORTAL_PARENT_HOST}")
# Seconds: after how long an attempt to send counts as killed, how long a mail server that has all
# of an e-mail may take to answer, and after how long a job of the queue counts as killed.
EMAIL_LEASE = env.integer("EMAIL_LEASE", 60, minimum=1, maximum=3600)
EMAIL_REPLY_TIMEOUT = env.integer("EMAIL_REPLY_TIMEOUT", 300, minimum=1, maximum=3600)
# After how many seconds an attempt to send an event to a webhook counts as killed.
WEBHOOK_LEASE = env.integer("WEBHOOK_LEASE", 60, minimum=1, maximum=3600)
JOB_LEASE = env.integer("JOB_LEASE", 120, minimum=1, maximum=86400)
# Seconds between two rounds in which the worker sees to what killed ones left.
UPKEEP_INTERVAL = env.integer("UPKEEP_INTERVAL", 10, minimum=1, maximum=3600)

# Where Prometheus asks; port 0: nowhere.
METRICS_PORT = env.integer("METRICS_PORT", 0, minimum=0, maximum=65535)
METRICS_HOST = env.text("METRICS_HOST", "127.0.0.1")
# Where spans are sent by OTLP/HTTP, and with which headers; empty: nowhere.
TELEMETRY_ENDPOINT = env.endpoint("OTEL_EXPORTER_OTLP_ENDPOINT")
TELEMETRY_HEADERS = env.headers("OTEL_EXPORTER_OTLP_HEADERS")
# Lines of the log: as people read them, or JSON; and whether each request has one.
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"))
ACCESS_LOG = env.boolean("ACCESS_LOG", default=LOG_FORMAT == "json")

# --- The building ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "tenancy",
    "web",
    "jobs",
    "audit",
    "backoffice",
    "mail",
    "accounts",
    "imports",
    "branding",
    "licenses",
    "offline",
    "releases",
    "webhooks",
    "moving",
    "api",
    "demo",
    "portal.apps.BackofficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "ninja",  # its own files for the page of the Web API's documentation
    "django_hosts",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
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
]

# Outside a known host nothing is served, so a request that slips past the host patterns finds
# an empty URLconf.
ROOT_URLCONF = "portal.urls.unknown"
ROOT_HOSTCONF = "portal.hosts"
DEFAULT_HOST = "unknown"
WSGI_APPLICATION = "portal.wsgi.application"

# Custom domains can't be listed here: tenancy/hosts.py decides which hosts exist, by exact
# comparison, and answers 421 to all others.
ALLOWED_HOSTS = ["*"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "web.templates.OutdentingLoader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                ),
            ],
            "builtins": ["web.tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
    {
        "NAME": "pages",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "pages"],
        "OPTIONS": {"environment": "web.pages.environment"},
    },
]
FORM_RENDERER = "web.forms.Renderer"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.VendorBackend"]
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # Which hosts HSTS binds is the operator's choice (HSTS).
    "security.W008",  # http is redirected once the host is known (portal/middleware/tls.py).
    "security.W021",  # As W005.
    "auth.W004",  # An e-mail is unique per vendor, and VendorBackend looks inside its scope.
    "admin.E410",  # Sessions are our own (portal/middleware/sessions.py).
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.password_rules.PersonValidator"},
    {"NAME": "accounts.password_rules.VendorValidator"},
    {"NAME": "accounts.password_rules.PredictableValidator"},
    {"NAME": "accounts.password_rules.LeakedValidator"},
]
# Files of hashes by their first five digits; none without it.
LEAKED_PASSWORDS = (
    env.folder("LEAKED_PASSWORDS", DATA_DIR) if env.text("LEAKED_PASSWORDS", "") else None
)
# A file in MaxMind's format (web/whereabouts.py); without it nothing says where somebody was.
GEOIP_DATABASE = env.file("GEOIP_DATABASE")
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds
INVITATION_TIMEOUT = 14 * DAY  # seconds
END_SESSIONS_TIMEOUT = 7 * DAY  # seconds

# --- Security ----------------------------------------------------------------------------------

HTTPS = PUBLIC_SCHEME == "https"
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = HTTPS
# Until when a browser keeps the cookie of who stays signed in; the session may be over before.
SESSION_COOKIE_AGE = max(lasts for _idle, lasts in SESSION_LIFETIMES.values())
FIRST_STEP_COOKIE_NAME = f"{COOKIE_PREFIX}first-step"
NEW_FACTOR_COOKIE_NAME = f"{COOKIE_PREFIX}new-factor"
FLOW_COOKIE_NAME = f"{COOKIE_PREFIX}single-sign-on"
CONNECTING_COOKIE_NAME = f"{COOKIE_PREFIX}connecting"
# Only signing out is sent it, and `__Host-` has no paths.
PROVIDER_COOKIE_NAME = f"{'__Secure-' if HTTPS else ''}provider"
VIEW_AS_COOKIE_NAME = f"{COOKIE_PREFIX}view-as"
KNOWN_COOKIE_NAME = f"{COOKIE_PREFIX}known"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS and HSTS != "off" else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS in {"subdomains", "preload"}
SECURE_HSTS_PRELOAD = HSTS == "preload"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# An offline file is at most 64 KiB; nothing that a customer posts is larger than this. Bytes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_HANDLERS = ["web.uploads.SmallFileUploadHandler"]
# Release files alone are larger. They are received beside where they stay, so that keeping one
# is a rename; manage.py clean_up deletes what a power cut leaves.
FILE_UPLOAD_TEMP_DIR = env.made(MEDIA_ROOT / "incoming")

# --- Language and time -------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
FORMAT_MODULE_PATH = "web.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# --- Files, queue, log -------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "releases": RELEASE_STORAGE,
    "staticfiles": {"BACKEND": "web.statics.LightStaticFiles"},
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        },
        "json": {"()": "web.json_logs.Lines"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
# SECURITY: tests/conftest.py reads all that the tests log.
logging.setLogRecordFactory(SafeRecord)
