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
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; kept beside the decision.")]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow what begins, or return at once.")]
StageOption = Annotated[str, typer.Option("--stage", metavar="STAGE", help="staging or prod.")]
