"""The benchmarks' own cluster, durable as in production: what is not flushed to disk costs nothing and says nothing."""

from config import postgres
from config.settings.base import *
from config.settings.base import DATA_DIR, databases

DEBUG = False  # it would keep every statement
SECRET_KEY = "benchmarks"
POSTGRES_HOME = postgres.embedded_home(DATA_DIR, "bench-postgres")
DATABASES = databases(POSTGRES_HOME)
