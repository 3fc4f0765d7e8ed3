"""Deployments: CloudFormation's stacks and change sets out of the files of artifacts.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local_aws.cloudformation import change_sets, stack_operations, stacks
from local_aws.cloudformation.engine import Stacks
from local_aws.delivery.pipelines import artifacts, documents, records
from local_aws.delivery.pipelines.actions import stack_requests
from local_aws.delivery.pipelines.actions.kind import ActionKind, Document, Ended, Job, Outcome
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import objects
from local_aws.store import DISK_FULL
from local_aws.wire.models import operation_model
from local_aws.wire.validate import violations

#: Statuses of stacks that REPLACE_ON_FAILURE replaces.
_BROKEN = (
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "CREATE_FAILED",
    "DELETE_FAILED",
    "UPDATE_ROLLBACK_FAILED",
)

_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", stacks.DELETED)


_HANDLERS = stack_operations.operations.handlers | change_sets.operations.handlers


def _call(aws: Aws, operation: str, request: Document) -> Document:
    """As strict as a client's call. Raises AwsError."""
    if found := list(violations(operation_model("cloudformation", operation).input_shape, request)):
        raise AwsError("ValidationError", " ".join(found))
    answer = _HANDLERS[operation](aws, request)
    return answer if isinstance(answer, dict) else {}


def _waits(stack_id: str, **members: Any) -> Outcome:
    return Outcome("InProgress", key=f"stack/{stack_id}", identity=stack_id, members=members)


def _create_or_update(job: Job, request: Document) -> Outcome:
    found = stacks.by_name(job.aws, request["StackName"])
    if found is None:
        made = _call(job.aws, "CreateStack", request)
        return _waits(made["StackId"])
    try:
        _call(job.aws, "UpdateStack", request)
    except AwsError as error:
        if error.message != "No updates are to be performed.":
            raise
        return Outcome(
            identity=found["StackId"], summary="There was nothing to update.", variables=stack_requests.outputs(found)
        )
    return _waits(found["StackId"])


def _replace_on_failure(job: Job, request: Document) -> Outcome:
    found = stacks.by_name(job.aws, request["StackName"])
    if found and found["StackStatus"] in _BROKEN:
        _call(job.aws, "DeleteStack", {"StackName": found["StackId"]})
        return _waits(found["StackId"], Replacing=True)
    return _create_or_update(job, request)


def _delete(job: Job, request: Document) -> Outcome:
    found = stacks.by_name(job.aws, request["StackName"])
    if found is None:
        return Outcome(summary=f"There is no stack {request['StackName']}.")
    _call(job.aws, "DeleteStack", {"StackName": found["StackId"]})
    if (stacks.by_name(job.aws, request["StackName"]) or {}).get("StackStatus") != "DELETE_IN_PROGRESS":
        return Outcome(identity=found["StackId"])
    return _waits(found["StackId"])


def _replace_change_set(job: Job, request: Document) -> Outcome:
    name, stack = job.configuration["ChangeSetName"], request["StackName"]
    found = stacks.by_name(job.aws, stack)
    try:
        _call(job.aws, "DeleteChangeSet", {"ChangeSetName": name, "StackName": stack})
    except AwsError as error:
        if error.code != "ChangeSetNotFound":
            raise
    fresh = found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS"
    more = {"ChangeSetName": name, "ChangeSetType": "CREATE" if fresh else "UPDATE"}
    made = _call(job.aws, "CreateChangeSet", request | more)
    return Outcome(identity=made["Id"], summary=f"Change set {name} was created.")


def _execute_change_set(job: Job, request: Document) -> Outcome:
    where = {"ChangeSetName": job.configuration["ChangeSetName"], "StackName": request["StackName"]}
    shown = _call(job.aws, "DescribeChangeSet", where)
    stack = stacks.find(job.aws, shown["StackId"])
    if shown["Status"] == "FAILED" and not shown["Changes"]:  # nothing to do is no failure
        return Outcome(identity=stack["StackId"], variables=stack_requests.outputs(stack))
    _call(job.aws, "ExecuteChangeSet", where)
    return _waits(stack["StackId"])


_MODES: Mapping[str, Callable[[Job, Document], Outcome]] = {
    "CREATE_UPDATE": _create_or_update,
    "REPLACE_ON_FAILURE": _replace_on_failure,
    "DELETE_ONLY": _delete,
    "CHANGE_SET_REPLACE": _replace_change_set,
    "CHANGE_SET_EXECUTE": _execute_change_set,
}


class CloudFormation(ActionKind):
    def check(self, action: Document) -> None:
        super().check(action)
        stack_requests.check(action, _MODES)

    def prepare(self, job: Job) -> stack_requests.Read:
        return stack_requests.read(job)

    def begin(self, job: Job, prepared: Any) -> Outcome:
        outcome = _MODES[job.configuration["ActionMode"]](job, stack_requests.named(job, prepared))
        if outcome.status == "Succeeded":
            _put_outputs(job.aws, job.declared, job.record, outcome)
        return outcome


def _put_outputs(aws: Aws, declared: Document, record: Document, outcome: Outcome) -> None:
    """The stack's outputs as the file OutputFileName of the output artifact."""
    name = record["input"]["resolvedConfiguration"].get("OutputFileName")
    for one in record["output"]["outputArtifacts"] if name else []:
        text = json.dumps(dict(outcome.variables), indent=2)
        staged = objects.stage(aws, stack_requests.zipped(name, text))
        artifacts.put(aws, declared, one["s3location"], staged)


def listen(aws: Aws, ended: Ended) -> None:
    """Hear of operations on stacks that end."""

    def stack_ended(stack: Document) -> None:
        key = records.waiting_for(aws, f"stack/{stack['StackId']}")
        if key is None:
            return
        execution = documents.load(aws, key[0], key[1])
        record = execution["Actions"][key[2]]
        if record.get("Replacing") and stack["StackStatus"] == stacks.DELETED:
            ended(key, Outcome("InProgress", members={"Begun": False, "Replacing": False}))
            return
        declared = documents.structure(aws, key[0], execution["pipelineVersion"])
        ended(key, _with_outputs(aws, declared, record, _outcome(aws, stack)))

    aws.part(Stacks).on_end(stack_ended)


def _with_outputs(aws: Aws, declared: Document, record: Document, outcome: Outcome) -> Outcome:
    """The outcome, or the failure to write the outputs: the stack's end must not be lost for want of a bucket."""
    try:
        if outcome.status == "Succeeded":
            _put_outputs(aws, declared, record, outcome)
    except AwsError as error:
        if error.status == DISK_FULL:
            raise
        return Outcome("Failed", identity=outcome.identity, code=error.code, message=error.message)
    return outcome


def _outcome(aws: Aws, stack: Document) -> Outcome:
    status = stack["StackStatus"]
    if status in _GOOD:
        summary = f"Stack {stack['StackName']} is {status}."
        return Outcome(identity=stack["StackId"], summary=summary, variables=stack_requests.outputs(stack))
    message = f"Stack {stack['StackName']} is {status}.{_first_failure(aws, stack)}"
    return Outcome("Failed", identity=stack["StackId"], code="JobFailed", message=message)


def _first_failure(aws: Aws, stack: Document) -> str:
    """The resource that failed first in the operation that has just ended, and why."""
    found = ""
    for event in stacks.events(aws, stack):
        if event["ResourceStatusReason"] == "User Initiated":
            break
        if event["ResourceStatus"].endswith("_FAILED") and event["LogicalResourceId"] != stack["StackName"]:
            found = f" {event['LogicalResourceId']}: {event['ResourceStatusReason']}"
    return found


DEPLOY = CloudFormation(
    "Deploy",
    "CloudFormation",
    frozenset({"ActionMode", "StackName"}),
    frozenset(
        {
            "Capabilities",
            "ChangeSetName",
            "OutputFileName",
            "ParameterOverrides",
            "RoleArn",
            "TemplateConfiguration",
            "TemplatePath",
        }
    ),
    inputs=(0, 10),
    outputs=(0, 1),
)
