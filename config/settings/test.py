"""The test suite: its own embedded cluster, fast hashing of passwords, no network."""

from config import postgres
from config.settings.base import DATA_DIR, databases
from config.settings.dev import *

INSTALLED_APPS = [*INSTALLED_APPS, "django_linear_migrations"]  # two branches' migrations conflict in git
POSTGRES_HOME = postgres.embedded_home(DATA_DIR, "test-postgres")
_owner = databases(POSTGRES_HOME)["owner"] | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
# The tests work with the application's rights, in the owner's session: what needs more says so (tests/roles.py).
DATABASES = {
    "default": {**_owner, "OPTIONS": {**_owner["OPTIONS"], "assume_role": postgres.APPLICATION_ROLE}},
    "owner": _owner,
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PLATFORM_HOSTS = [*PLATFORM_HOSTS, "testserver"]
# One address asks everything, thousands of times without a credential that is good.
RATE_LIMITS = RATE_LIMITS | rate_limit("address", "1000000/60")
