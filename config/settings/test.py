"""The test suite: its own embedded cluster, fast hashing of passwords, no network."""

from config import postgres
from config.settings.base import DATA_DIR, database
from config.settings.dev import *

INSTALLED_APPS = [*INSTALLED_APPS, "django_linear_migrations"]  # two branches' migrations conflict in git
POSTGRES_HOME = postgres.embedded_home(DATA_DIR, "test-postgres")
DATABASES = {"default": {**database(POSTGRES_HOME), "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PLATFORM_HOSTS = [*PLATFORM_HOSTS, "testserver"]
