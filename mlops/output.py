"""What a command shows: one JSON document, or text for a person. Never both."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

#: How a status looks: AWS's words, coloured by whether somebody has to act.
STYLES = {
    "Succeeded": "green", "Completed": "green", "Approved": "green", "Running": "green", "ok": "green",
    "Executing": "cyan", "InProgress": "cyan", "Starting": "cyan",
    "PendingManualApproval": "yellow", "Stopping": "yellow", "Stopped": "yellow", "warning": "yellow",
    "Failed": "red", "Rejected": "red", "missing": "red",
}  # fmt: skip


def document(value: Any) -> None:
    """Print `value` as the one JSON document on standard output; times in ISO 8601."""
    sys.stdout.write(json.dumps(value, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a JSON document.")


def say(*, quiet: bool) -> Callable[[str], None]:
    """A line at a time for a person who waits; nothing when `quiet`."""
    return (lambda _: None) if quiet else (lambda line: console.print(line, style="dim", markup=False, soft_wrap=True))


def status(word: str) -> Text:
    return Text(word, style=STYLES.get(word, ""))


def table(*columns: str) -> Table:
    """An empty table in the house style; where the terminal is narrow, only the last column folds."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="bold dim")
    for column in columns:
        made.add_column(column, no_wrap=column != columns[-1], overflow="fold")
    return made


def seconds(value: float | None) -> str:
    """A duration for a person: `0.4 s`, `12 s`, `3 min 05 s`; empty when it is not known."""
    if value is None:
        return ""
    if value < 10:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    return f"{int(value // 60)} min {int(value % 60):02d} s"


def moment(value: datetime | None) -> str:
    """A local time without fractions; empty when there is none."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M:%S") if value else ""
