"""The benchmarks' own cluster, durable as in production: a commit that need not reach the disk says little."""

from config import postgres
from config.settings.base import DATA_DIR, databases
from config.settings.dev import *  # noqa: F403 -- that environment, on another cluster

POSTGRES_HOME = postgres.embedded_home(DATA_DIR, "bench-postgres")
DATABASES = databases(POSTGRES_HOME)
