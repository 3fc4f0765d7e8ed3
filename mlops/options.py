"""The options that commands share."""

from typing import Annotated

import typer

from mlops.target import Target

TargetOption = Annotated[
    Target, typer.Option("--target", envvar="MLOPS_TARGET", help="Work on this machine or in your AWS account.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
NameArgument = Annotated[str, typer.Argument(help="The pipeline: its folder's name.")]
OptionalName = Annotated[str | None, typer.Argument(help="The pipeline; without it, all of them.")]
