"""Settings from the environment, grouped. docs/operating.md lists the variables."""

from typing import Any

import django_stubs_ext
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import beat, environment, logs
from config.environment import ROOT

# Django's generic classes take type arguments at run time too: ModelForm[User].
django_stubs_ext.monkeypatch()
env = environment.load()

# --- What kind of start is this? -------------------------------------------------------------
# production (the default, and strict), local (`make run`) or test.
ENVIRONMENT = env.str("ENVIRONMENT", default="production")
if ENVIRONMENT not in {"production", "local", "test"}:
    raise ImproperlyConfigured("ENVIRONMENT must be production, local or test.")
IS_PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=False)

# --- Secrets and addresses -------------------------------------------------------------------
SECRET_KEY = environment.required(
    "SECRET_KEY",
    "Set 50 or more random characters, or start the whole with `make run`, which makes its own.",
)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# The first encrypts, all decrypt: put a new one in front to rotate.
FIELD_ENCRYPTION_KEYS = [
    key.strip()
    for key in environment.required(
        "FIELD_ENCRYPTION_KEYS",
        "Stored secrets are encrypted with it. Make one: python -c "
        "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
    ).split(",")
]
for _key in FIELD_ENCRYPTION_KEYS:
    try:
        Fernet(_key)
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS holds a key that is not a Fernet key "
            "(32 bytes, url-safe base64)."
        ) from error
PUBLIC_URL = env.str("PUBLIC_URL", default="" if IS_PRODUCTION else "http://127.0.0.1:8000")
PUBLIC_URL = PUBLIC_URL.rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
if not IS_PRODUCTION:
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL] if PUBLIC_URL else [])
if IS_PRODUCTION:
    environment.refuse_unsafe(
        debug=DEBUG, secret_key=SECRET_KEY, allowed_hosts=ALLOWED_HOSTS, public_url=PUBLIC_URL
    )

# Enrichment may ask a provider that runs on this very machine; other private networks never.
EGRESS_TO_THIS_MACHINE = env.bool("EGRESS_TO_THIS_MACHINE", default=False)

# --- Applications ----------------------------------------------------------------------------
INSTALLED_APPS = [
    "apps.accounts",
    "apps.teams",
    "apps.leads",
    "apps.rules",
    "apps.alerts",
    "apps.content",
    "apps.assignments",
    "apps.deliveries",
    "apps.capture",
    "apps.simulator",
    "apps.experiments",
    "apps.dashboards",
    "apps.agency",
    "apps.people",
    "apps.onboarding",
    "apps.api",
    "config.administration.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "csp",
    "django_countries",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "lucide",
    "rest_framework",
]

# All of these work without async, so that a request stays in one thread (config/asgi.py).
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.PersonalTimezone",
    "apps.accounts.middleware.LastSeen",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.teams.navigation.shell",
                "apps.assignments.navigation.counts",
                "apps.agency.navigation.shell",
            ],
        },
    }
]

# --- PostgreSQL ------------------------------------------------------------------------------
environment.required(
    "DATABASE_URL",
    "Give postgres://user:password@host/name, or start `make run`, which brings its own server.",
)
_database: dict[str, Any] = env.db("DATABASE_URL")
if _database["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must be a postgres:// address: no other is supported.")
_options = {
    **_database.get("OPTIONS", {}),
    "connect_timeout": 5,
    "application_name": env.str("PROCESS_NAME", default="leadrelay"),
    "options": "-c statement_timeout=60s -c lock_timeout=20s "
    "-c idle_in_transaction_session_timeout=60s",
}
# A thread of web (config/handler.py) keeps its connection this long, and looks whether it is still
# good at the start of each request: no pool is needed, and none to wait for.
WEB_THREADS = env.int("WEB_THREADS", default=8)
# Copies that one deliver process sends at once, each thread with a connection while it works.
DELIVER_THREADS = env.int("DELIVER_THREADS", default=24)
DB_KEEP_SECONDS = env.int("DB_KEEP_SECONDS", default=600)
# The statements of the hot path are planned once a connection (apps/teams/fixed.py); PgBouncer
# would mix connections up.
DB_BEHIND_PGBOUNCER = env.bool("DB_BEHIND_PGBOUNCER", default=False)
if not DB_BEHIND_PGBOUNCER:
    _options["prepare_threshold"] = 3
DATABASES = {
    "default": {
        **_database,
        "OPTIONS": _options,
        "CONN_MAX_AGE": DB_KEEP_SECONDS,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": DB_BEHIND_PGBOUNCER,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis or Valkey: only nudges travel through it, a request never waits for it -------------
REDIS_URL = environment.required(
    "REDIS_URL", "Give redis://host:6379/0, or start `make run`, which brings its own server."
)
# Sites on one Redis are told apart by it: pub/sub knows no databases.
CHANNEL_PREFIX = env.str("CHANNEL_PREFIX", default="leadrelay")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Celery: executes and never remembers; deadlines are columns -----------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default="leadrelay")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "visibility_timeout": 600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # every entry is an interval: nothing to keep
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULE = beat.SCHEDULE

# --- Signing in ------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_PRODUCTION else "http"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION
MFA_TOTP_ISSUER = "Leadrelay"

# --- Browser security ------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
CSRF_COOKIE_SAMESITE = "Lax"
if IS_PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=60 * 60 * 24 * 365)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
if env.bool("BEHIND_TLS_PROXY", default=False):
    # Only behind a proxy that sets these headers itself: anyone else could forge them.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PROXY_COUNT", default=1)  # lock-outs count addresses
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Languages and time ----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ----------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(ROOT / "staticfiles"))
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.HashedStaticStorage"},
}
if env.bool("STATIC_UNHASHED", default=False):  # tests that render pages without collectstatic
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(ROOT / "var" / "media"))

# --- E-mail ----------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url(
    "EMAIL_URL", default="smtp://localhost:25" if IS_PRODUCTION else "consolemail://"
)
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Leadrelay <leadrelay@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- API -------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": [
        "config.rest.StrictOrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "config.rest.CappedCursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Leadrelay API",
    "DESCRIPTION": "Leads, offers, assignments, the hopper and decisions of one team.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "AttemptOutcome": "apps.leads.models.Outcome",
        "CaptureOutcome": "apps.capture.models.Capture.Outcome",
        "DecisionOutcome": "apps.assignments.models.Decision.Outcome",
        "OfferState": "apps.assignments.models.Offer.State",
        "AttemptChannel": "apps.leads.models.Channel",
        "DeliveryState": "apps.deliveries.models.Delivery.State",
        "DisputeState": "apps.deliveries.models.Dispute.State",
        "RecipientKind": "apps.rules.models.Recipient.Kind",
        "StatusKind": "apps.leads.models.StatusKind",
    },
}

# --- Logs ------------------------------------------------------------------------------------
LOGGING = logs.configure(
    level=env.str("LOG_LEVEL", default="INFO"), as_json=env.bool("LOG_JSON", default=True)
)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10  # one line a request, at its end
