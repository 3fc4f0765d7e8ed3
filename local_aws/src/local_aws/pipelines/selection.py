"""Selective execution: some steps run, what they need comes from an earlier execution of the pipeline.

Source: "Selective execution of pipeline steps", developer guide.
"""

from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.pipelines import executions
from local_aws.pipelines.definition import Definition

Document = dict[str, Any]


def entries(aws: Aws, pipeline: str, definition: Definition, config: Document) -> Document:
    """The entries of steps that were not selected and that selected ones need, as the reference execution left them.

    Raises AwsError "ValidationException" when a step is unknown, when a step between two selected ones is left out, or
    when the reference execution does not have what is needed.
    """
    chosen = {item["StepName"] for item in config["SelectedSteps"]}
    for name in sorted(chosen - set(definition.steps)):
        raise _invalid(f"SelectedSteps: the pipeline has no step {name}.")
    upstream = {name: definition.upstream(name) for name in definition.steps}
    needed = set().union(*(upstream[name] for name in chosen)) - chosen
    for name in sorted(needed):
        if between := upstream[name] & chosen:
            raise _invalid(
                f"SelectedSteps: {name} lies between {sorted(between)[0]} and other selected steps: select it."
            )
    if not needed:
        return {}
    if "SourcePipelineExecutionArn" not in config:
        raise _invalid(f"SourcePipelineExecutionArn is needed: the selected steps need {', '.join(sorted(needed))}.")
    source = executions.load(aws, config["SourcePipelineExecutionArn"])
    if source["PipelineName"] != pipeline or source["PipelineExecutionStatus"] in ("Executing", "Stopping"):
        raise _invalid(f"{source['PipelineExecutionArn']} is not an ended execution of the pipeline {pipeline}.")
    return _copies(definition, source, chosen, needed)


def _copies(definition: Definition, source: Document, chosen: set[str], needed: set[str]) -> Document:
    found = {}
    for name in (name for name in definition.steps if name in needed):
        entry = source["Steps"].get(name, {})
        if entry.get("StepStatus") != "Succeeded":
            raise _invalid(f"The step {name}, which the selected steps need, did not succeed in the source execution.")
        result = {"SourcePipelineExecutionArn": source["PipelineExecutionArn"]}
        found[name] = entry | {"SelectiveExecutionResult": result}
    for name in sorted(chosen):
        for branch in definition.steps[name].branches:
            taken = found.get(branch.owner, {}).get("Resource", branch.outcome)
            if taken != branch.outcome:
                raise _invalid(f"The step {name} stands in a branch of {branch.owner} that the source did not take.")
    return found


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
