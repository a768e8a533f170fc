"""What a WSGI server serves. `manage.py up` starts such a server; production starts its own."""

import os
import sys
from multiprocessing.util import Finalize

import psycopg
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import postgres
from config.callers import patient
from config.foundation.watch import own_connection, process_watch
from config.sessions import refuse_pooler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

is_embedded = not os.environ.get("DATABASE_URL")
if is_embedded and postgres.ensure(settings.POSTGRES_HOME) is postgres.StartedBy.US:
    # Not atexit: the workers of a server are children, which end without it.
    Finalize(None, postgres.stop, args=[settings.POSTGRES_HOME], exitpriority=1)

application = patient(get_wsgi_application())

try:
    refuse_pooler()
except postgres.PostgresError as error:
    sys.stderr.write(f"Error: {error}\n")
    raise SystemExit(1) from None
except psycopg.Error:
    pass  # no answer yet: requests are answered 503 until there is one

process_watch.start(own_connection)
Finalize(None, process_watch.stop, exitpriority=10)  # before the server that it watches

from customers.identity.operations import token_uses  # noqa: E402 -- needs the models loaded

token_uses.start()
Finalize(None, token_uses.stop, exitpriority=10)
