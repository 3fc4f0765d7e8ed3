"""`mlops batch`: score a file."""

from pathlib import Path
from typing import Annotated, Any

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
    """Score a file with a stage's transform job and download the results. Exits 1 when no record is answered."""
    batches.check_free(output_folder, file)
    targets.reach(target)
    project = projects.find(name)
    projects.check_stage(stage)
    arn = batches.start(project, stage, file, output.say(quiet=as_json))
    report = _followed(arn, quiet=as_json)
    written: list[Path] = []
    if report["PipelineExecutionStatus"] == "Succeeded":
        written = batches.results(project, stage, arn, output_folder)
        if not written:
            raise RunError(f"The job of {arn} succeeded and wrote nothing.")
    rows, reasons = batches.refused(written, batches.settings(project, stage)["BatchContentType"])
    if as_json:
        output.document(report | {"Files": [str(path) for path in written], "Rows": rows, "Refused": len(reasons)})
    else:
        progress.show_result(report)
        for path in written:
            output.console.print(str(path), soft_wrap=True)
    if reasons:
        output.errors.print(
            f"{len(reasons)} of {rows} records could not be answered; the first: {reasons[0]}",
            style="yellow", markup=False, soft_wrap=True,
        )  # fmt: skip
    raise typer.Exit(0 if len(reasons) < rows else 1)


def _followed(arn: str, *, quiet: bool) -> dict[str, Any]:
    try:
        return progress.follow(arn, quiet=quiet)
    except KeyboardInterrupt:
        output.errors.print(f"The job goes on without you: `mlops execution {arn.rpartition('/')[2]}` shows it.")
        raise typer.Exit(130) from None
