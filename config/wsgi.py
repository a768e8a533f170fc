"""What a WSGI server serves. `manage.py up` starts such a server; production starts its own."""

import os
from multiprocessing.util import Finalize

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import postgres

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

is_embedded = not os.environ.get("DATABASE_URL")
if is_embedded and postgres.ensure(settings.POSTGRES_HOME) is postgres.StartedBy.US:
    # Not atexit: the workers of a server are children, which end without it.
    Finalize(None, postgres.stop, args=[settings.POSTGRES_HOME], exitpriority=1)

application = get_wsgi_application()
