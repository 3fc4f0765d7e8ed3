"""`mlops debug`: run a step by hand, with what it had."""

import shlex
from typing import Annotated, Any

import typer

from contract.errors import InputError
from mlops import output, runs
from mlops import target as targets
from mlops.options import JsonOption, NameArgument

Document = dict[str, Any]


def debug(
    name: NameArgument,
    step: Annotated[str, typer.Argument(help="The step's name.")],
    as_json: JsonOption = False,
) -> None:
    """Print the folder, the environment and the command of a step's last job on this machine, ready to run by hand."""
    targets.connect(targets.Target.local)
    found = _job(name, step)
    if as_json:
        output.document(found)
        return
    output.console.print(f"# {found['JobName']}: {found['Folder']}", soft_wrap=True)
    variables = " ".join(f"{key}={shlex.quote(value)}" for key, value in sorted(found["Environment"].items()))
    command = shlex.join(found["Command"])
    output.console.print(
        f"cd {shlex.quote(found['WorkingDirectory'])} && env -i {variables} {command}", soft_wrap=True, markup=False
    )


def _job(name: str, step: str) -> Document:
    for entry in runs.executions(name):
        steps = {each["StepName"]: each for each in runs.steps(entry["PipelineExecutionArn"])}
        if step not in steps:
            continue
        metadata = steps[step].get("Metadata") or {}
        arn = next((metadata[kind]["Arn"] for kind in runs.LOG_GROUPS if kind in metadata), None)
        if arn is None:
            raise InputError(f"{step} is a {steps[step]['StepType']} step: it has no job to run by hand.")
        return targets.job(arn)
    raise InputError(f"No execution of {name} has begun a step {step!r}; `mlops execution` lists the steps.")
