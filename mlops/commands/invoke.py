"""`mlops invoke`: ask an endpoint."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from contract.errors import InputError
from mlops import invocations
from mlops import target as targets
from mlops.options import TargetOption


def invoke(
    endpoint: Annotated[
        str, typer.Argument(help="The endpoint: NAME-STAGE, NAME-STAGE-serverless, …-async; NAME for NAME-prod.")
    ],
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="What to send; standard input without, or with -.")
    ] = "-",
    content_type: Annotated[
        str | None,
        typer.Option("--content-type", metavar="TYPE", help="Of what is sent; by the file's ending without."),
    ] = None,
    accept: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Of the answer; as that of the request without.")
    ] = None,
    target: TargetOption = targets.Target.local,
) -> None:
    """Print an endpoint's answer to a file of records. A refusal's reason goes to standard error, with exit code 1."""
    body = _read(file)
    targets.reach(target)
    answer = invocations.invoke(endpoint, body, content_type or invocations.content_type(file, body), accept)
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()


def _read(file: str) -> bytes:
    if file == "-":
        if sys.stdin.isatty():
            raise InputError("What shall be sent? Name a file, or pipe records in: mlops invoke ENDPOINT < FILE.")
        return sys.stdin.buffer.read()
    path = Path(file)
    if not path.exists() or path.is_dir():
        raise InputError(f"There is no file {path}.")
    return path.read_bytes()
