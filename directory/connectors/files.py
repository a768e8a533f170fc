"""Reading a source's data file, with one sentence for whatever is wrong with it."""

import json
from pathlib import Path
from typing import Any

from config.foundation.errors import Refused


def read_json(path: Path) -> Any:
    """Return the content of a JSON file in UTF-8.

    Raises:
        Refused: ``source_unreadable``, naming the file and the place.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused("source_unreadable", f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise Refused("source_unreadable", f"{path} is not UTF-8 text: see byte {error.start}.") from None
    except json.JSONDecodeError as error:
        message = f"{path} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        raise Refused("source_unreadable", message) from None
    except RecursionError:
        raise Refused("source_unreadable", f"{path} is nested too deeply.") from None
