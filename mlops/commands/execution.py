"""`mlops execution`: one execution, step by step."""

from typing import Annotated

import typer

from mlops import output, progress, runs, trainings
from mlops import target as targets
from mlops.options import JsonOption, TargetOption


def execution(
    identifier: Annotated[str | None, typer.Argument(metavar="[ID]", help="Its id or ARN; the newest without.")] = None,
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Show an execution: steps, times, what was cached, what tuning tried, what Spot saved, why it failed."""
    targets.connect(target)
    arn = runs.find(identifier)
    report = runs.report(arn)
    if as_json:
        output.document(report | trainings.of(report))
        return
    output.console.print(output.status(report["PipelineExecutionStatus"]), arn)
    output.console.print(progress.steps_table(report["Steps"]))
    progress.show_result(report)
