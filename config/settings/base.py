"""Settings shared by every environment; what differs is in dev, test and production."""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import postgres
from config.settings.admin import UNFOLD as UNFOLD
from config.settings.apps import INSTALLED_APPS as INSTALLED_APPS
from config.settings.apps import SHARED_APPS as SHARED_APPS
from config.settings.apps import TENANT_APPS as TENANT_APPS

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("SWITCHBOARD_DATA_DIR", BASE_DIR / ".data"))
VERSION = "0.1.0"


def databases(home: Path) -> dict[str, Any]:
    """Return the two ways into the one database: as the application, and as the owner of its schemas.

    ``DATABASE_URL`` and ``SWITCHBOARD_OWNER_DATABASE_URL`` where set, the embedded server in ``home`` otherwise.
    Without the second, the application works as the owner itself.
    """
    url = os.environ.get("DATABASE_URL", "")
    owner_url = os.environ.get("SWITCHBOARD_OWNER_DATABASE_URL", "") or url
    application = (
        postgres.database_from_url(url)
        if url
        else postgres.connection_settings(home, role=postgres.APPLICATION_ROLE)
    )
    owner = postgres.database_from_url(owner_url) if owner_url else postgres.connection_settings(home)
    shared = {"ENGINE": "config.foundation.postgresql", "ATOMIC_REQUESTS": False}
    return {
        "default": {**application, **shared, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True},
        "owner": {**owner, **shared, "CONN_MAX_AGE": 0},
    }


def networks(name: str) -> list[str]:
    """Return the networks in CIDR form that an environment variable lists, joined by commas."""
    listed = [text.strip() for text in os.environ.get(name, "").split(",") if text.strip()]
    try:
        return [str(ip_network(text)) for text in listed]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} lists networks, such as 10.0.0.0/8,fd00::/8: {error}") from None


POSTGRES_HOME = postgres.embedded_home(DATA_DIR)
DATABASES = databases(POSTGRES_HOME)
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

# -- tenancy ---------------------------------------------------------------------------------------------------------
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_DB_ALIAS = "owner"  # whose rights schemas are made and migrated with
TENANT_LIMIT_SET_CALLS = True
PLATFORM_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
BASE_DOMAIN = "switchboard.localhost"
ALLOWED_HOSTS = ["*"]  # tenancy answers 421 to an unknown host itself, and nothing else asks for the host
ROOT_URLCONF = "config.urls_platform"
TENANT_URLCONF = "config.urls_tenant"
BASE_URL = "http://localhost:8000"
TRUSTED_PROXIES = networks("SWITCHBOARD_TRUSTED_PROXIES")  # whose X-Forwarded-For is believed

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.rest.RequestIdMiddleware",
    "config.rest.ApiResponseMiddleware",
    "config.rest.RateLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # before tenancy: a static file costs no look-up
    "config.health.HealthMiddleware",
    "config.tenancy.TenancyMiddleware",
    "customers.identity.rest.middleware.TokenMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

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
            ]
        },
    }
]
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "identity.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_NAME = "switchboard_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "switchboard_csrf"
CSRF_COOKIE_HTTPONLY = True

# -- words, time, files ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

# -- REST ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "customers.identity.rest.authentication.ApiTokenAuthentication",
        "customers.identity.rest.authentication.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.foundation.rest.permissions.HoldsPrivilege"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.foundation.rest.parsers.StrictJSONParser"],
    "URL_FORMAT_OVERRIDE": None,  # formats are negotiated by Accept alone
    "DEFAULT_SCHEMA_CLASS": "config.foundation.rest.schema.OperationSchema",
    "EXCEPTION_HANDLER": "config.foundation.rest.problems.answer_exception",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Switchboard",
    "DESCRIPTION": "Who the parties are, how each is reached on any rail, under whose rules, and why.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "DEFAULT_GENERATOR_CLASS": "config.openapi.DocumentGenerator",
    "ENUM_NAME_OVERRIDES": {
        f"{name}Enum": f"directory.enums.{name}"
        for name in (
            "ArtifactKind",
            "ArtifactStatus",
            "CredentialType",
            "EdgeEnd",
            "EdgeRelation",
            "EndpointStatus",
            "FailureMode",
            "NodeType",
            "ParticipantKind",
            "PolicyEffect",
            "PrefixMode",
            "RunState",
            "SensitivityTier",
            "SourceKind",
        )
    }
    | {"JobStateEnum": "audit.requests.enums.JobState"},
}

# -- audit ---------------------------------------------------------------------------------------------------------
AUDIT_REFUSALS_KEPT_DAYS = int(os.environ.get("SWITCHBOARD_AUDIT_REFUSALS_KEPT_DAYS", "400"))


# -- limits ----------------------------------------------------------------------------------------------------------
def rate_limit(policy: str, default: str) -> dict[str, tuple[int, int]]:
    """Return quota and window (seconds) of a policy from the environment, ``600/60``; nothing where it is ``off``."""
    name = f"SWITCHBOARD_RATE_LIMIT_{policy.upper()}"
    text = os.environ.get(name, "") or default
    if text == "off":
        return {}
    found = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})", text)
    if found is None:
        raise ImproperlyConfigured(f"{name} is written 600/60, requests and seconds, or off; not {text}")
    return {policy: (int(found[1]), int(found[2]))}


RATE_LIMITS = {
    **rate_limit("token", "60000/60"),
    **rate_limit("user", "6000/60"),
    **rate_limit("tenant", "240000/60"),
    **rate_limit("address", "600/60"),
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes of a request's body
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "config.logs.CoveringFormatter",
            "format": "{asctime} {levelname} {name} {request_id} {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("SWITCHBOARD_LOG_LEVEL", "WARNING")},
}
