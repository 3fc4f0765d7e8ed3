"""Event rules: a pattern that no real event matches fires never, and nothing says so. So patterns meet sample events.

Source of the events: EventBridge's reference of events from AWS services.
"""

import copy
from collections.abc import Iterator

from contract.documents import Document
from model_deploy.verify.event_patterns import faults, matches
from model_deploy.verify.findings import Finding
from model_deploy.verify.policies import of
from model_deploy.verify.resolve import Resource, Stack

RULE = "AWS::Events::Rule"


def check(stack: Stack) -> Iterator[Finding]:
    for rule in stack.of(RULE):
        yield from _rule(rule, stack)
        for target in rule.properties.get("Targets", []):
            yield from _target(rule, target, stack)
    yield from _approvals(stack)
    yield from _loops(stack)


def _loops(stack: Stack) -> Iterator[Finding]:
    """What a build writes below the project's name must not start the next one."""
    key = {"key": f"{stack.parameters.get('SageMakerProjectName')}/executions/1/model.tar.gz"}
    written = [
        _event("aws.s3", "Object Created", {"bucket": {"name": bucket.name}, "object": key})
        for bucket in stack.of("AWS::S3::Bucket")
    ]
    for rule in stack.of(RULE):
        pattern = rule.properties.get("EventPattern")
        if pattern is not None and any(matches(pattern, event) for event in written):
            yield Finding(rule.logical, "event-loop", "what a build writes starts the next one")


def _rule(rule: Resource, stack: Stack) -> Iterator[Finding]:
    place, pattern = rule.logical, rule.properties.get("EventPattern")
    if rule.properties.get("State", "ENABLED") != "ENABLED":
        yield Finding(place, "event-state", "the rule is switched off")
    if not rule.properties.get("Targets"):
        yield Finding(place, "event-target", "the rule has no target")
    if pattern is None:
        if not rule.properties.get("ScheduleExpression"):
            yield Finding(place, "event-pattern", "a rule needs an EventPattern or a ScheduleExpression")
        return
    for fault in faults(pattern):
        yield Finding(place, "event-pattern", fault)
    matched = [event for event in samples(stack) if matches(pattern, event)]
    if not matched:
        yield Finding(place, "event-pattern", "the pattern matches no event that this project's services send")
    for event in matched:
        for path in ("source", "detail-type", *IDENTIFYING.get(event["detail-type"], ())):
            if matches(pattern, _other(event, path)):
                yield Finding(place, "event-wide", f"the pattern takes events whose {path} is another one, too")


#: Kind of event → the fields without which a rule would act on what others do.
IDENTIFYING: dict[str, tuple[str, ...]] = {
    "SageMaker Model Package State Change": ("detail.ModelPackageGroupName",),
    "CodePipeline Pipeline Execution State Change": ("detail.pipeline", "detail.state"),
    "SageMaker Model Building Pipeline Execution Status Change": (
        "detail.pipelineArn",
        "detail.currentPipelineExecutionStatus",
    ),
    "Object Created": ("detail.bucket.name", "detail.object.key"),
    "CodeCommit Repository State Change": (
        "resources",
        "detail.event",
        "detail.referenceType",
        "detail.referenceName",
    ),
}


def _other(event: Document, path: str) -> Document:
    """The event with another value at the path."""
    changed = copy.deepcopy(event)
    *above, last = path.split(".")
    inside = changed
    for part in above:
        inside = inside[part]
    inside[last] = ["another"] if isinstance(inside[last], list) else "another"
    return changed


def _event(source: str, kind: str, detail: Document, resources: tuple[str, ...] = ()) -> Document:
    return {"source": source, "detail-type": kind, "detail": detail, "resources": list(resources), "account": "1"}


def package_event(group: str, status: str) -> Document:
    """A version's change, as the registry sends it."""
    return _event(
        "aws.sagemaker",
        "SageMaker Model Package State Change",
        {
            "ModelPackageGroupName": group,
            "ModelPackageVersion": 3,
            "ModelPackageArn": f"arn:aws:sagemaker:us-east-1:111122223333:model-package/{group}/3",
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": status,
            "UpdatedModelPackageFields": ["ModelApprovalStatus"],
        },
    )


def deployment_events(pipeline: str) -> Iterator[Document]:
    """What CodePipeline sends when an execution begins, is retried, waits for its approval, and ends."""
    for state in ("STARTED", "RESUMED", "STOPPING", "FAILED", "STOPPED", "SUCCEEDED"):
        detail: Document = {"pipeline": pipeline, "state": state, "execution-id": "1"}
        yield _event("aws.codepipeline", "CodePipeline Pipeline Execution State Change", detail)
    action: Document = {"stage": "ApproveDeployment", "action": "Approve", "type": {"category": "Approval"}}
    detail = {"pipeline": pipeline, "state": "STARTED", "execution-id": "1", **action}
    yield _event("aws.codepipeline", "CodePipeline Action Execution State Change", detail)


def samples(stack: Stack) -> Iterator[Document]:
    """Events of the kinds that this project's services send, with the names of this stack."""
    given = stack.parameters
    for status in ("Approved", "Rejected"):
        yield package_event(group(stack), status)
    for pipeline in stack.of("AWS::CodePipeline::Pipeline"):
        yield from deployment_events(pipeline.name)
    for pipeline in stack.of("AWS::SageMaker::Pipeline"):
        detail: Document = {"pipelineArn": pipeline.arn, "currentPipelineExecutionStatus": "Failed"}
        yield _event("aws.sagemaker", "SageMaker Model Building Pipeline Execution Status Change", detail)
    root = f"deployments/{given.get('SageMakerProjectName')}/{given.get('StageName')}/batch/in/"
    bucket = {
        "bucket": {"name": given.get("DataBucketName")},
        "object": {"key": f"{root}today.csv"},
        "reason": "PutObject",
    }
    yield _event("aws.s3", "Object Created", bucket)
    incoming = {"key": f"{given.get('SageMakerProjectName')}/incoming/today.csv"}
    for one in stack.of("AWS::S3::Bucket"):
        yield _event("aws.s3", "Object Created", {"bucket": {"name": one.name}, "object": incoming})
    for repository in ("BuildRepository", "DeployRepository"):
        arn = f"arn:aws:codecommit:us-east-1:111122223333:{given.get(repository)}"
        detail = {"event": "referenceUpdated", "referenceType": "branch", "referenceName": given.get("BranchName")}
        yield _event("aws.codecommit", "CodeCommit Repository State Change", detail, (arn,))


def group(stack: Stack) -> str:
    """The project's group in the registry."""
    given = stack.parameters
    return (
        given.get("ModelPackageGroupName") or f"{given.get('SageMakerProjectName')}-{given.get('SageMakerProjectId')}"
    )


def _approvals(stack: Stack) -> Iterator[Finding]:
    """An approval and a rejection reach the promotion; what waits, and other groups, do not."""
    functions = {function.arn for function in stack.of("AWS::Lambda::Function")}
    rules = [
        rule
        for rule in stack.of(RULE)
        if functions & {str(target.get("Arn")) for target in rule.properties.get("Targets", [])}
    ]
    if not functions:
        return
    for name, status, wanted in (
        (group(stack), "Approved", True),
        (group(stack), "Rejected", True),
        (group(stack), "PendingManualApproval", False),
        ("another-group", "Approved", False),
    ):
        event = package_event(name, status)
        hit = [rule for rule in rules if matches(rule.properties.get("EventPattern", {}), event)]
        if bool(hit) != wanted:
            place = hit[0].logical if hit else next(iter(stack.of("AWS::Lambda::Function"))).logical
            verb = "must" if wanted else "must not"
            yield Finding(place, "event-approval", f"a version of {name} that is {status} {verb} reach the promotion")
    for function in stack.of("AWS::Lambda::Function"):
        for event in deployment_events(function.properties["Environment"]["Variables"].get("DEPLOY_PIPELINE_NAME", "")):
            if not any(matches(rule.properties.get("EventPattern", {}), event) for rule in rules):
                said = f"{event['detail-type']} {event['detail']['state']} must reach the promotion"
                yield Finding(function.logical, "event-deployment", said)


def _target(rule: Resource, target: Document, stack: Stack) -> Iterator[Finding]:
    place, arn = f"{rule.logical}.{target.get('Id')}", str(target.get("Arn"))
    if ":function:" in arn:
        if arn not in {function.arn for function in stack.of("AWS::Lambda::Function")}:
            yield Finding(place, "event-target", "the function is none of this template")
        permitted = [one for one in stack.of("AWS::Lambda::Permission") if one.properties.get("SourceArn") == rule.arn]
        for one in permitted:
            if (one.properties.get("Action"), one.properties.get("Principal")) != (
                "lambda:InvokeFunction",
                "events.amazonaws.com",
            ):
                yield Finding(one.logical, "event-permission", "events.amazonaws.com needs lambda:InvokeFunction")
        if not permitted:
            yield Finding(place, "event-permission", "no AWS::Lambda::Permission lets this rule call the function")
    elif ":codepipeline:" in arn:
        roles = {role.arn for role in stack.of("AWS::IAM::Role")}
        if arn not in {one.arn for one in stack.of("AWS::CodePipeline::Pipeline")}:
            yield Finding(place, "event-target", "the pipeline is none of this template")
        if target.get("RoleArn") not in roles:
            yield Finding(place, "event-permission", "RoleArn is no role of this template")
    elif ":sns:" in arn:
        topics = {one.arn for one in stack.of("AWS::SNS::Topic")} | {stack.parameters.get("NotificationTopicArn")}
        if arn not in topics:
            yield Finding(place, "event-target", "the topic is none of this project")
    elif arn not in {one.arn for one in stack.of("AWS::SageMaker::Pipeline")}:
        yield Finding(place, "event-target", f"{arn} is no function, pipeline or topic of this template")
    yield from _dead_letters(place, rule, target, stack)


def _dead_letters(place: str, rule: Resource, target: Document, stack: Stack) -> Iterator[Finding]:
    pattern = str(rule.properties.get("EventPattern"))
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if "Model Package State Change" in pattern and queue is None:
        yield Finding(place, "event-dead-letter", "an approval that cannot be delivered must end in a queue")
    if queue is None:
        return
    senders = [
        one
        for policy in stack.of("AWS::SQS::QueuePolicy")
        for one in of(policy)
        if queue in one.resources and "Service:events.amazonaws.com" in one.principals and one.effect == "Allow"
    ]
    if not any(rule.arn in one.condition_of("aws:SourceArn") for one in senders):
        yield Finding(place, "event-dead-letter", "the queue's policy does not let this rule send")
