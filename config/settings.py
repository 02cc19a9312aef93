"""Every setting of Waypost; the only module that reads the environment."""

import secrets
from pathlib import Path

from config import postgres, secret_key, static_version
from config.environment import LOG_LEVELS, Environment

BASE_DIR = Path(__file__).resolve().parent.parent
# What is wrong with the environment is gathered, and told by the system checks with the cure (see config.checks).
env = Environment()
ENVIRONMENT_PROBLEMS = env.problems

VAR_DIR = Path(env.text("WAYPOST_VAR", str(BASE_DIR / "var"))).resolve()
try:
    (VAR_DIR / "cache").mkdir(parents=True, exist_ok=True)
    SECRET_KEY = env.secret("SECRET_KEY", lambda: secret_key.kept_in(VAR_DIR / "secret_key"))
except OSError as error:
    env.refuse(
        "WAYPOST_VAR",
        f"The data folder {VAR_DIR} cannot be written: {error.strerror}.",
        "Set WAYPOST_VAR to a folder that the user who runs Waypost may write.",
    )
    SECRET_KEY = secrets.token_urlsafe(50)
# Former keys, newest first, so that a key can be changed without breaking the links in mails already sent.
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS", [])

DEBUG = env.yes("DEBUG")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, 0, 65535)
WEB_WORKERS = env.number("WEB_WORKERS", 2, 1, 64)
# Of the first person, whom `manage.py up` makes; without it a password is invented and printed.
ADMIN_PASSWORD = env.text("WAYPOST_ADMIN_PASSWORD")
# With it, /metrics may be read from elsewhere.
METRICS_TOKEN = env.text("METRICS_TOKEN")
# The address under which contacts reach links, pixels and the unsubscribe page.
PUBLIC_URL = env.address("PUBLIC_URL", f"http://localhost:{PORT}")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", ["*"])
# Hosts whose APIs may be spoken to without TLS, besides this machine.
PLAIN_API_HOSTS = env.names("PLAIN_API_HOSTS", [])
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", ["/".join(PUBLIC_URL.split("/")[:3])])

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "flows.apps.FlowsConfig",
    "campaigns.apps.CampaignsConfig",
    "templates_app.apps.TemplatesAppConfig",
    "contacts.apps.ContactsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "anymail",
    "axes",
    "csp",
    "lucide",
]

MIDDLEWARE = [
    "config.link_hosts.only_links",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.SlashAdding",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.user_time_zone",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["lucide.templatetags.lucide", "django_htmx.templatetags.django_htmx"],
        },
    },
]


EMBEDDED_POSTGRES = not env.text("DATABASE_URL")
POSTGRES_DIR = VAR_DIR / "postgres"
DATABASES = {"default": env.database("DATABASE_URL", lambda: postgres.running_at(POSTGRES_DIR))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": env.cache(
        "CACHE_URL",
        {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(VAR_DIR / "cache")},
    )
}

AUTH_USER_MODEL = "config.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "config.views.errors.locked_out"
CSRF_FAILURE_VIEW = "config.views.errors.csrf_failure"

USE_TZ = True
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
LANGUAGE_CODE = "en"
# Of what events are worth, where they do not say it.
CURRENCY = env.currency("CURRENCY", "EUR")
# The application speaks English; of what contacts see in public there are catalogs in campaigns/locale for these.
USE_I18N = True
LANGUAGES = [
    ("en", "English"),
    ("de", "German"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("it", "Italian"),
    ("nl", "Dutch"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
]

STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_VERSION = "now" if DEBUG else static_version.of(BASE_DIR / "static", BASE_DIR / "requirements.txt")
STATIC_URL = f"/static/{STATIC_VERSION}/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_IMMUTABLE_FILE_TEST = (lambda path, url: False) if DEBUG else (lambda path, url: True)
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"

# Every lane is a django-q2 cluster of its own, so that advancing, sending, recomputing segments and upkeep never queue
# behind each other.
Q_CLUSTER = {
    "name": "advance",
    "orm": "default",
    "workers": env.number("WORKERS", 2, 1, 64),
    "timeout": 120,
    "retry": 180,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "bulk": 50,
    "queue_limit": 50,
    "save_limit": -1,
    "scheduler": False,
    "broker_class": "config.lane_broker.LaneBroker",
    "poll": 0.05,
    "log_level": "WARNING",
    "label": "Tasks",
    "ALT_CLUSTERS": {
        "advance": {},
        "send": {},
        "segments": {"workers": 1, "poll": 0.1},
        "upkeep": {"workers": 1, "poll": 0.2},
    },
}

# Where the workers of this machine leave their signs of life; each supervisor has a folder of its own.
BEATS_DIR = env.text("WAYPOST_BEATS", str(VAR_DIR / "beats"))

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
if env.yes("BEHIND_HTTPS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["config.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["config.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "contacts.pagination.KeysetPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["config.authentication.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"api_key": env.rate("API_THROTTLE", "6000/min")},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api_errors.handler",
    "NON_FIELD_ERRORS_KEY": "detail",
    # Answers repeat what was sent, and JSON in ASCII can also say what UTF-8 cannot: half a surrogate pair.
    "UNICODE_JSON": False,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Waypost API",
    "DESCRIPTION": "Contacts, events, segments, templates, campaigns, providers, messages, scenarios and objectives.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    # Swagger UI lays out only what is on the screen: the sections come first, and a filter stands in for a search.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ObjectiveKind": "campaigns.models.objective.ObjectiveKind",
        "ChannelEnum": "contacts.models.consent.Channel",
        "TestState": ["sent", "failed", "bounced", "unknown"],
        "PlacementState": "contacts.models.placement.Placement.State",
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "config.json_logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.one_of("LOG_FORMAT", ("plain", "json"), "plain"),
        }
    },
    "root": {"handlers": ["console"], "level": env.one_of("LOG_LEVEL", LOG_LEVELS, "WARNING")},
}
