"""Production: everything secret comes from the environment, and what is missing is named at once."""

import base64
import os

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"set {name} in the environment")
    return value


def _numbered_keys(name: str, *, size_bytes: int | None = None) -> dict[int, bytes]:
    """Read ``1:<base64>,2:<base64>`` from the environment variable."""
    keys = {}
    for item in _required(name).split(","):
        number, _, body = item.strip().partition(":")
        try:
            keys[int(number)] = base64.b64decode(body, validate=True)
        except ValueError:
            raise ImproperlyConfigured(f"{name} is written 1:<base64>,2:<base64>") from None
        if size_bytes is not None and len(keys[int(number)]) != size_bytes:
            raise ImproperlyConfigured(f"key {number} of {name} must be {size_bytes} bytes long")
    return keys


DEBUG = False
SECRET_KEY = _required("SWITCHBOARD_SECRET_KEY")
SWITCHBOARD_KEYS = _numbered_keys("SWITCHBOARD_KEYS", size_bytes=32)
SWITCHBOARD_INDEX_KEY = int(os.environ.get("SWITCHBOARD_INDEX_KEY", min(SWITCHBOARD_KEYS)))
SWITCHBOARD_TOKEN_PEPPERS = _numbered_keys("SWITCHBOARD_TOKEN_PEPPERS")
BASE_URL = _required("SWITCHBOARD_BASE_URL")
BASE_DOMAIN = _required("SWITCHBOARD_BASE_DOMAIN")
PLATFORM_HOSTS = [
    host for name in _required("SWITCHBOARD_PLATFORM_HOSTS").split(",") if (host := name.strip().lower())
]

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # a supervisor asks over plain HTTP
if os.environ.get("SWITCHBOARD_BEHIND_PROXY") == "1":  # one that ends TLS and always sets this header itself
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
