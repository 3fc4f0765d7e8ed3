"""What the programs beside a process tell of it: JSON objects, one a line, in the pipe that its output goes to."""

import json
from typing import Any

Document = dict[str, Any]


def read(message: str) -> Document:
    """A message; a long line into which another process or thread wrote is shown as it is: {"Say": line}."""
    try:
        found: Document = json.loads(message)
    except ValueError:
        return {"Say": message}
    return found
