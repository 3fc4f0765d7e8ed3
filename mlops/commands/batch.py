"""`mlops batch`: score a file."""

from pathlib import Path
from typing import Annotated

import typer

from mlops import batches, output, progress, projects
from mlops import target as targets
from mlops.failures import RunError
from mlops.options import JsonOption, NameArgument, StageOption, TargetOption


def batch(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="The records, in the format of the stage's batches.")],
    output_folder: Annotated[Path, typer.Option("--output", metavar="DIR", help="Where the results go.")],
    stage: StageOption = "prod",
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Score a file with a stage's transform job and download the results. Exits 1 when the job fails."""
    batches.check_free(output_folder, file)
    targets.reach(target)
    project = projects.find(name)
    projects.check_stage(stage)
    arn = batches.start(project, stage, file, output.say(quiet=as_json))
    report = progress.follow(arn, quiet=as_json)
    written: list[Path] = []
    if report["PipelineExecutionStatus"] == "Succeeded":
        written = batches.results(project, stage, arn, output_folder)
        if not written:
            raise RunError(f"The job of {arn} succeeded and wrote nothing.")
    if as_json:
        output.document(report | {"Files": [str(path) for path in written]})
    else:
        progress.show_result(report)
        for path in written:
            output.console.print(str(path), soft_wrap=True)
    raise typer.Exit(0 if written else 1)
