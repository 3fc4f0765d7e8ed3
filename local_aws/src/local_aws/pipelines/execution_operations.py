"""The operations on executions."""

from typing import Any

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.idempotency import once
from local_aws.operations import Aws, Operations, Request, Result
from local_aws.pipelines import catalogue, executions, parameters, selection
from local_aws.pipelines.definition import read
from local_aws.pipelines.engine import Engine
from local_aws.pipelines.expressions import as_text, evaluate
from local_aws.pipelines.scope import ExecutionScope

Document = dict[str, Any]

operations = Operations("sagemaker")

#: Members of the request that an execution keeps as they are.
_KEPT = (
    "PipelineExecutionDisplayName",
    "PipelineExecutionDescription",
    "ParallelismConfiguration",
    "SelectiveExecutionConfig",
    "RoleArn",
)

#: Those of them that it takes from the pipeline when the request has none.
_INHERITED: tuple[str, ...] = ("ParallelismConfiguration", "RoleArn")


@operations("StartPipelineExecution")
def start(aws: Aws, request: Request) -> Result:
    for member in ("MlflowExperimentName", "PipelineVersionAlias"):
        if member in request:
            raise NotSupported(f"{member} of StartPipelineExecution")
    token = request.pop("ClientRequestToken")
    arn = once(aws, "StartPipelineExecution", token, request, lambda: _start(aws, request))
    return {"PipelineExecutionArn": arn}


def _start(aws: Aws, request: Request) -> str:
    pipeline = catalogue.get(aws, request["PipelineName"])
    name = pipeline["PipelineName"]
    number: int = request.get("PipelineVersionId") or pipeline["LastVersion"]
    definition = read(catalogue.version(aws, name, number)["PipelineDefinition"])
    values = parameters.bind(definition.parameters, request.get("PipelineParameters", []))
    given = {member: pipeline[member] for member in _INHERITED if member in pipeline} | request
    more = {member: given[member] for member in _KEPT if member in given}
    execution = executions.new(aws, pipeline, number, values, more)
    scope = ExecutionScope(aws, definition, execution)
    execution["PipelineExperimentConfig"] = evaluate(definition.experiment, scope)
    if chosen := request.get("SelectiveExecutionConfig"):
        execution["Steps"] = selection.entries(aws, name, definition, chosen)
    aws.store.put(catalogue.KIND, name, pipeline | {"LastRunTime": execution["CreationTime"]})
    aws.part(Engine).advance(execution)
    return str(execution["PipelineExecutionArn"])


@operations("StopPipelineExecution")
def stop(aws: Aws, request: Request) -> Result:
    token = request.pop("ClientRequestToken")
    arn = once(aws, "StopPipelineExecution", token, request, lambda: _stop(aws, request["PipelineExecutionArn"]))
    return {"PipelineExecutionArn": arn}


def _stop(aws: Aws, arn: str) -> str:
    execution = executions.load(aws, arn)
    _require(execution, ("Executing",), "stopped")
    aws.part(Engine).halt(execution)
    return arn


@operations("RetryPipelineExecution")
def retry(aws: Aws, request: Request) -> Result:
    """Under the same ARN and with the definition of the start: steps that succeeded stay, the others run."""
    token = request.pop("ClientRequestToken")
    arn = once(aws, "RetryPipelineExecution", token, request, lambda: _retry(aws, request))
    return {"PipelineExecutionArn": arn}


def _retry(aws: Aws, request: Request) -> str:
    execution = executions.load(aws, request["PipelineExecutionArn"])
    _require(execution, ("Failed", "Stopped"), "retried")
    definition = executions.definition_of(aws, execution)
    unfinished = {name for name, entry in execution["Steps"].items() if entry["StepStatus"] != "Succeeded"}
    execution["Retries"] = execution.get("Retries", 0) + 1
    execution["Steps"] = {
        name: entry
        for name, entry in execution["Steps"].items()
        if name not in unfinished and not definition.upstream(name) & unfinished
    }
    execution |= {"PipelineExecutionStatus": "Executing"}
    execution.pop("FailureReason", None)
    if "ParallelismConfiguration" in request:
        execution["ParallelismConfiguration"] = request["ParallelismConfiguration"]
    aws.part(Engine).advance(execution)
    return str(execution["PipelineExecutionArn"])


def _require(execution: Document, states: tuple[str, ...], what: str) -> None:
    if execution["PipelineExecutionStatus"] not in states:
        raise AwsError(
            "ConflictException",
            f"{execution['PipelineExecutionArn']} is {execution['PipelineExecutionStatus']}:"
            f" only executions that are {' or '.join(states)} can be {what}.",
        )


@operations("DescribePipelineExecution")
def describe(aws: Aws, request: Request) -> Result:
    return executions.load(aws, request["PipelineExecutionArn"])


@operations("UpdatePipelineExecution")
def update(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        execution = executions.load(aws, request["PipelineExecutionArn"])
        aws.part(Engine).advance(execution | {member: request[member] for member in _KEPT if member in request})
    return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}


@operations("ListPipelineExecutions")
def list_executions(aws: Aws, request: Request) -> Result:
    if "PipelineVersionAlias" in request:
        raise NotSupported("PipelineVersionAlias of ListPipelineExecutions")
    name = catalogue.get(aws, request["PipelineName"])["PipelineName"]
    found = [
        item | {"StartTime": item["CreationTime"], "PipelineExecutionFailureReason": item.get("FailureReason")}
        for item in executions.of_pipeline(aws, name)
    ]
    sort_by = {"CreationTime": "CreationTime", "PipelineExecutionArn": "PipelineExecutionArn"}
    return crud.page(found, request, into="PipelineExecutionSummaries", name="PipelineExecutionArn", sort_by=sort_by)


@operations("ListPipelineExecutionSteps")
def list_steps(aws: Aws, request: Request) -> Result:
    """The steps that have started, the newest first unless the request says otherwise."""
    if "PipelineExecutionArn" not in request:
        raise AwsError("ValidationException", "PipelineExecutionArn is needed.")
    steps = executions.load(aws, request["PipelineExecutionArn"])["Steps"].values()
    found, token = crud.cut(
        [entry | {"Order": index} for index, entry in enumerate(steps)],
        lambda entry: entry["Order"],
        request.get("NextToken"),
        request.get("MaxResults", 100),
        descending=request.get("SortOrder", "Descending") == "Descending",
    )
    return {"PipelineExecutionSteps": found, "NextToken": token}


@operations("ListPipelineParametersForExecution")
def list_parameters(aws: Aws, request: Request) -> Result:
    values = executions.load(aws, request["PipelineExecutionArn"])["Parameters"]
    found, token = crud.cut(
        [{"Name": name, "Value": as_text(value)} for name, value in values.items()],
        lambda item: item["Name"],
        request.get("NextToken"),
        request.get("MaxResults", 100),
    )
    return {"PipelineParameters": found, "NextToken": token}


@operations("DescribePipelineDefinitionForExecution")
def describe_definition(aws: Aws, request: Request) -> Result:
    execution = executions.load(aws, request["PipelineExecutionArn"])
    return {
        "PipelineDefinition": executions.definition_text(aws, execution),
        "CreationTime": execution["CreationTime"],
    }
