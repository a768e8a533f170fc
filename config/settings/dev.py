"""A newcomer's machine: embedded database, keys that protect nothing but examples, plain HTTP on loopback."""

import hashlib
import os

from config.settings.base import *

BASE_URL = f"http://localhost:{os.environ.get('PORT') or 8000}"
DEBUG = False  # the product is shown as it is: real error pages, real static files
SECRET_KEY = "development-only-" + "0" * 40
SWITCHBOARD_KEYS = {1: hashlib.sha256(b"switchboard development key").digest()}
SWITCHBOARD_INDEX_KEY = 1
SWITCHBOARD_TOKEN_PEPPERS = {1: b"switchboard development pepper"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
STATIC_ROOT = None  # type: ignore[assignment] # nothing is collected: the finders serve
