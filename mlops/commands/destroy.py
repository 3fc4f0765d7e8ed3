"""`mlops destroy`: away with a deployment."""

from typing import Annotated

import typer

from mlops import destruction, output, projects
from mlops import target as targets
from mlops.failures import RunError
from mlops.options import JsonOption, NameArgument, TargetOption


def destroy(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Remove what a deployment made: stages, project stack, its buckets, repositories and logs. Versions stay."""
    targets.reach(target)
    project = projects.find(name)
    there = sorted(f"{kind} {what}" for kind, what in destruction.left(project))
    if there and not yes:
        for line in there:
            output.errors.print(f"  {line}", markup=False, soft_wrap=True)
        typer.confirm(f"Remove all of it, with the ledger of {name}'s deployments?", abort=True, err=True)
    after = destruction.destroy(project, output.say(quiet=as_json))
    remains = destruction.remains(project)
    if as_json:
        output.document({"Removed": [each for each in there if each not in after], "Left": after, "Remains": remains})
    else:
        output.console.print(
            f"Nothing of {name}'s deployment was there." if not there else f"Removed {name}'s deployment."
        )
        for sentence in remains:
            output.console.print(sentence, soft_wrap=True)
    if after:
        raise RunError("Still there: " + ", ".join(after) + ". Run the command again.")
