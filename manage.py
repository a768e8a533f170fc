#!/usr/bin/env python
"""Run a command of Switchboard: `manage.py up` serves it, `manage.py help` lists the others."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from config.postgres import PostgresError


def main() -> None:
    """Run the command; a database that is not there is told in one line, with exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except PostgresError as error:
        sys.exit(f"error: {error}")
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        first_line = str(error).partition("\n")[0]
        sys.exit(f"error: no answer from the database ({first_line}); is `manage.py up` running?")


if __name__ == "__main__":
    main()
