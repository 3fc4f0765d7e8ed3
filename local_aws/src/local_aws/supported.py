"""What this machine can do, as the README shows it: read off the handlers, so that it cannot promise more."""

from pathlib import Path

from local_aws.errors import StartError
from local_aws.machine import OPERATIONS

BEGIN, END = "<!-- operations: begin -->", "<!-- operations: end -->"


def table() -> str:
    """A Markdown table: a service a row, its operations by name."""
    found: dict[str, list[str]] = {}
    for group in OPERATIONS:
        found.setdefault(group.service, []).extend([*group.handlers, *group.raws])
    rows = [f"| {service} | {len(names)} | {', '.join(sorted(names))} |" for service, names in sorted(found.items())]
    return "\n".join(["| Service | | Operations |", "| --- | --- | --- |", *rows])


def write(path: Path) -> None:
    """Put the table between the marks in `path`. Raises StartError when they are not there."""
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise StartError(f"{path} has no place for the table: {BEGIN} and {END} are needed.")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")
