"""`mlops debug`: run a step by hand, with what it had."""

import shlex
from typing import Annotated

import typer

from contract.errors import InputError
from mlops import output, runs
from mlops import target as targets
from mlops.options import JsonOption, NameArgument


def debug(
    name: NameArgument,
    step: Annotated[str, typer.Argument(help="The step's name.")],
    as_json: JsonOption = False,
) -> None:
    """Print the folder, the environment and the command of a step's last job on this machine, ready to run by hand."""
    targets.connect(targets.Target.local)
    arn = _job(name, step)
    hosts = targets.job(arn)
    if as_json:
        output.document(hosts)
        return
    for host in hosts:
        output.console.print(f"# {arn.rpartition('/')[2]}", markup=False, soft_wrap=True)
        variables = " ".join(f"{key}={shlex.quote(value)}" for key, value in sorted(host["Environment"].items()))
        line = f"cd {shlex.quote(host['Folder'])} && env -i {variables} {shlex.join(host['Command'])}"
        output.console.print(line, markup=False, soft_wrap=True)


def _job(name: str, step: str) -> str:
    """The ARN of the step's newest job."""
    for entry in runs.executions(name):
        steps = {each["StepName"]: each for each in runs.steps(entry["PipelineExecutionArn"])}
        if step not in steps:
            continue
        metadata = steps[step].get("Metadata") or {}
        for kind in runs.LOG_GROUPS:
            if kind in metadata:
                return str(metadata[kind]["Arn"])
        raise InputError(f"{step} is a {steps[step]['StepType']} step: it has no job to run by hand.")
    raise InputError(f"No execution of {name} has begun a step {step!r}; `mlops execution` lists the steps.")
