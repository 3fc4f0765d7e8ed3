"""`mlops executions`: what ran."""

from typing import Any

from mlops import output, runs
from mlops import target as targets
from mlops.options import JsonOption, OptionalName, TargetOption


def executions(
    name: OptionalName = None, target: TargetOption = targets.Target.local, as_json: JsonOption = False
) -> None:
    """List executions, newest first."""
    targets.connect(target)
    found = [{"PipelineName": each} | entry for each in _names(name) for entry in runs.executions(each)]
    found.sort(key=lambda entry: entry["StartTime"], reverse=True)
    if as_json:
        output.document(found)
        return
    table = output.table("Pipeline", "Execution", "Status", "Started")
    for entry in found:
        table.add_row(*_row(entry))
    output.console.print(table if found else "Nothing ran yet: `mlops run NAME` starts an execution.")


def _names(name: str | None) -> list[str]:
    return [name] if name else runs.pipelines()


def _row(entry: dict[str, Any]) -> tuple[Any, ...]:
    identifier = entry["PipelineExecutionArn"].rpartition("/")[2]
    status = output.status(entry["PipelineExecutionStatus"])
    return entry["PipelineName"], identifier, status, output.moment(entry["StartTime"])
