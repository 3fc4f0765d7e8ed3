"""`mlops destroy`: away with a deployment."""

from pathlib import Path
from typing import Annotated

import typer

from contract.errors import InputError
from mlops import belongings, destruction, output, projects, runs, versions
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
    there = sorted(f"{kind} {what}" for kind, what in belongings.left(project))
    if not (there or _known(project)):
        raise InputError(f"{name!r} is no pipeline here, and nothing of a deployment of it is there: is it misspelt?")
    if there and not yes:
        for line in there:
            output.errors.print(f"  {line}", markup=False, soft_wrap=True)
        typer.confirm(f"Remove all of it, with the ledger of {name}'s deployments?", abort=True, err=True)
    try:
        after = destruction.destroy(project, output.say(quiet=as_json))
    except RunError as error:
        raise RunError(
            f"{error} `mlops destroy {name}` goes on from here; until then its rules are off, and `mlops bootstrap "
            f"{name}` would switch them on again."
        ) from None
    remains = belongings.remains(project)
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


def _known(project: projects.Project) -> bool:
    """Whether there is such a pipeline: its folder, itself in SageMaker, or versions of it."""
    folders = (Path(folder, project.name) for folder in targets.PROJECT)
    own = project.group == project.name  # a group that the environment names says nothing of this name
    return (
        any(path.is_dir() for path in folders)
        or project.name in runs.pipelines()
        or (own and bool(versions.known(project)))
    )
