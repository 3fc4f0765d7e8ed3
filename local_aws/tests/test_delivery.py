"""CodePipeline through boto3: executions from their source to their end."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from delivery_kit import Delivery, action, approval, source, stage, until

Client = Callable[..., Any]


@pytest.fixture
def delivery(client: Client, bucket: str) -> Delivery:
    return Delivery(client, bucket)


@pytest.fixture
def name(delivery: Delivery, fresh: Client) -> str:
    """A name, and a CodeCommit repository of that name with one commit."""
    found: str = fresh("pipeline")
    delivery.repository(found, {"run": b"#!", "a/b": b"1"})
    return found


def refused(code: str, call: Callable[[], Any], match: str | None = None) -> None:
    with pytest.raises(ClientError, match=match) as error:
        call()
    assert error.value.response["Error"]["Code"] == code, error.value


def plain(name: str, **more: Any) -> list[dict[str, Any]]:
    """Source, a stage that waits for a person, and one more."""
    return [stage("Source", source(name)), stage("Approve", approval(), **more), stage("Last", approval("End"))]


def test_from_a_commit_over_approvals_to_the_end(delivery: Delivery, name: str) -> None:
    code = delivery.client("codecommit")
    tip = code.get_branch(repositoryName=name, branchName="main")["branch"]["commitId"]
    execution = delivery.create(name, *plain(name))
    found = delivery.get(name, execution)
    assert (found["trigger"]["triggerType"], found["executionMode"]) == ("CreatePipeline", "QUEUED")
    token = delivery.answer(name, execution)
    held = delivery.stage(name, "Last")["latestExecution"]
    assert held == {"pipelineExecutionId": execution, "status": "InProgress", "type": "STANDARD"}
    delivery.answer(name, execution, where="Last")
    assert delivery.end(name, execution) == "Succeeded"
    assert [one["revisionId"] for one in delivery.get(name, execution)["artifactRevisions"]] == [tip]
    records = delivery.actions(name, execution)
    assert [(one["stageName"], one["status"]) for one in records] == [
        ("Source", "Succeeded"),
        ("Approve", "Succeeded"),
        ("Last", "Succeeded"),
    ]
    where = records[0]["output"]["outputArtifacts"][0]["s3location"]
    assert where["key"].startswith(f"{name[:20]}/Source/")
    content = delivery.client("s3").get_object(Bucket=where["bucket"], Key=where["key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {one: archive.read(one) for one in archive.namelist()} == {"run": b"#!", "a/b": b"1"}
    answer = {"pipelineName": name, "stageName": "Approve", "actionName": "Approve", "token": token}
    result = {"summary": "again", "status": "Rejected"}
    put = delivery.pipelines.put_approval_result
    refused("ApprovalAlreadyCompletedException", lambda: put(result=result, **answer))


def test_a_rejection_fails_and_tokens_are_checked(delivery: Delivery, name: str) -> None:
    execution = delivery.create(name, *plain(name))
    token = delivery.token(name, execution)
    put = delivery.pipelines.put_approval_result
    answer = {"pipelineName": name, "stageName": "Approve", "actionName": "Approve", "token": token}
    result = {"summary": "no", "status": "Rejected"}
    wrong = "00000000-0000-0000-0000-000000000000"
    refused("InvalidApprovalTokenException", lambda: put(**answer | {"token": wrong}, result=result))
    refused("StageNotFoundException", lambda: put(**answer | {"stageName": "None"}, result=result))
    refused("ActionNotFoundException", lambda: put(**answer | {"actionName": "None"}, result=result))
    refused("PipelineNotFoundException", lambda: put(**answer | {"pipelineName": "None"}, result=result))
    assert delivery.status(name, execution) == "InProgress"
    put(**answer, result=result)
    assert delivery.end(name, execution) == "Failed"
    state = delivery.stage(name, "Approve")
    assert state["latestExecution"]["status"] == "Failed"
    latest = state["actionStates"][0]["latestExecution"]
    assert (latest["status"], latest["summary"]) == ("Failed", "no")
    assert "token" not in latest
    assert "latestExecution" not in delivery.stage(name, "Last")


def test_executions_queue_one_in_a_stage(delivery: Delivery, name: str) -> None:
    executions = [delivery.create(name, *plain(name)), *(delivery.start(name) for _ in range(4))]
    delivery.token(name, executions[0])

    def waiting() -> list[str]:
        held = delivery.stage(name, "Approve").get("inboundExecutions", [])
        return [one["pipelineExecutionId"] for one in held]

    until(lambda: waiting() == executions[1:], "the later ones wait in order")
    delivery.answer(name, executions[0])
    delivery.token(name, executions[1])  # the first stands in the last stage, the second may enter
    assert waiting() == executions[2:]
    delivery.pipelines.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=executions[2])
    assert delivery.end(name, executions[2]) == "Stopped"  # it waited between two stages
    delivery.answer(name, executions[1], "Rejected")
    delivery.token(name, executions[3])
    delivery.answer(name, executions[0], where="Last")
    assert delivery.end(name, executions[0]) == "Succeeded"
    delivery.pipelines.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=executions[3], abandon=True)
    assert delivery.end(name, executions[3]) == "Stopped"
    assert delivery.action(name, executions[3], "Approve")["status"] == "Abandoned"
    delivery.token(name, executions[4])
    assert [delivery.status(name, one) for one in executions] == [
        "Succeeded",
        "Failed",
        "Stopped",
        "Stopped",
        "InProgress",
    ]


def test_newer_executions_supersede_those_that_wait(delivery: Delivery, name: str) -> None:
    first = delivery.create(name, *plain(name), executionMode="SUPERSEDED")
    delivery.token(name, first)
    second = delivery.start(name)
    until(lambda: delivery.stage(name, "Approve").get("inboundExecution"), "the second waits")
    third = delivery.start(name)
    assert delivery.end(name, second) == "Superseded"
    delivery.answer(name, first)
    delivery.answer(name, third)
    delivery.answer(name, first, where="Last")
    delivery.answer(name, third, where="Last")
    assert delivery.end(name, third) == "Succeeded"


def test_stopping_waits_for_what_runs_or_abandons_it(delivery: Delivery, name: str) -> None:
    execution = delivery.create(name, *plain(name))
    stop = delivery.pipelines.stop_pipeline_execution
    token = delivery.token(name, execution)
    stop(pipelineName=name, pipelineExecutionId=execution, reason="enough")
    assert delivery.status(name, execution) == "Stopping"
    refused("DuplicatedStopRequestException", lambda: stop(pipelineName=name, pipelineExecutionId=execution))
    result = {"summary": "yes", "status": "Approved"}
    delivery.pipelines.put_approval_result(
        pipelineName=name, stageName="Approve", actionName="Approve", token=token, result=result
    )
    assert delivery.end(name, execution) == "Stopped"
    assert "latestExecution" not in delivery.stage(name, "Last")
    refused("PipelineExecutionNotStoppableException", lambda: stop(pipelineName=name, pipelineExecutionId=execution))
    listed = delivery.pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    assert listed[0]["stopTrigger"] == {"reason": "enough"}


def test_a_failed_stage_is_retried(delivery: Delivery, name: str) -> None:
    two = stage("Approve", approval(runOrder=2), approval("Other", runOrder=1), approval("Third", runOrder=1))
    execution = delivery.create(name, stage("Source", source(name)), two)
    retry = delivery.pipelines.retry_stage_execution
    where = {"pipelineName": name, "stageName": "Approve", "pipelineExecutionId": execution}

    def answer(wanted: str, status: str) -> None:
        def look() -> str | None:
            states = delivery.stage(name, "Approve")["actionStates"]
            latest = next(one for one in states if one["actionName"] == wanted).get("latestExecution", {})
            found: str | None = latest.get("token")
            return found

        token = until(look, wanted)
        result = {"summary": status, "status": status}
        delivery.pipelines.put_approval_result(
            pipelineName=name, stageName="Approve", actionName=wanted, token=token, result=result
        )

    until(lambda: delivery.stage(name, "Approve").get("latestExecution"))
    refused("StageNotRetryableException", lambda: retry(retryMode="FAILED_ACTIONS", **where))
    answer("Other", "Approved")
    answer("Third", "Rejected")
    assert delivery.end(name, execution) == "Failed"
    assert {one["actionName"] for one in delivery.actions(name, execution)} == {"Source", "Other", "Third"}
    retry(retryMode="FAILED_ACTIONS", **where)
    answer("Third", "Approved")
    answer("Approve", "Rejected")
    assert delivery.end(name, execution) == "Failed"
    retry(retryMode="ALL_ACTIONS", **where)
    for wanted in ("Third", "Other", "Approve"):
        answer(wanted, "Approved")
    assert delivery.end(name, execution) == "Succeeded"
    names = [one["actionName"] for one in delivery.actions(name, execution)]
    assert [names.count(one) for one in ("Source", "Other", "Third", "Approve")] == [1, 2, 3, 2]
    latest = delivery.pipelines.list_action_executions(
        pipelineName=name,
        filter={"latestInPipelineExecution": {"pipelineExecutionId": execution, "startTimeRange": "Latest"}},
    )["actionExecutionDetails"]
    assert {one["status"] for one in latest} == {"Succeeded"}
    assert len(latest) == 4
    assert delivery.stage(name, "Approve")["retryStageMetadata"]["manualStageRetryAttempt"] == 2
    refused("StageNotRetryableException", lambda: retry(retryMode="FAILED_ACTIONS", **where))
    later = delivery.start(name)
    until(lambda: delivery.stage(name, "Approve")["latestExecution"]["pipelineExecutionId"] == later)
    refused("NotLatestPipelineExecutionException", lambda: retry(retryMode="FAILED_ACTIONS", **where))


@pytest.mark.parametrize("result", ["RETRY", "ROLLBACK", "FAIL"])
def test_what_a_stage_does_after_a_failure(delivery: Delivery, name: str, result: str) -> None:
    good = delivery.create(name, *plain(name, onFailure={"result": result}))
    delivery.answer(name, good)
    delivery.answer(name, good, where="Last")
    assert delivery.end(name, good) == "Succeeded"
    bad = delivery.start(name)
    first = delivery.answer(name, bad, "Rejected")
    if result == "RETRY":
        until(lambda: delivery.stage(name, "Approve")["retryStageMetadata"]["autoStageRetryAttempt"] == 1)
        assert delivery.token(name, bad) != first
        delivery.answer(name, bad, "Rejected")
    assert delivery.end(name, bad) == "Failed"
    listed = delivery.pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    assert len(listed) == (3 if result == "ROLLBACK" else 2)
    if result == "ROLLBACK":
        back = listed[0]
        assert back["executionType"] == "ROLLBACK"
        assert back["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == good
        assert back["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": bad}
        delivery.answer(name, back["pipelineExecutionId"])
        assert delivery.end(name, back["pipelineExecutionId"]) == "Succeeded"
        assert {one["stageName"] for one in delivery.actions(name, back["pipelineExecutionId"])} == {"Approve"}


def test_a_stage_is_rolled_back_by_hand(delivery: Delivery, name: str) -> None:
    good = delivery.create(name, *plain(name))
    delivery.answer(name, good)
    delivery.answer(name, good, where="Last")
    assert delivery.end(name, good) == "Succeeded"
    roll = delivery.pipelines.rollback_stage
    refused(
        "UnableToRollbackStageException",
        lambda: roll(pipelineName=name, stageName="Source", targetPipelineExecutionId=good),
    )
    bad = delivery.start(name)
    delivery.answer(name, bad, "Rejected")
    assert delivery.end(name, bad) == "Failed"
    refused(
        "UnableToRollbackStageException",
        lambda: roll(pipelineName=name, stageName="Approve", targetPipelineExecutionId=bad),
    )
    back = roll(pipelineName=name, stageName="Approve", targetPipelineExecutionId=good)["pipelineExecutionId"]
    delivery.answer(name, back)
    assert delivery.end(name, back) == "Succeeded"
    listed = delivery.pipelines.list_pipeline_executions(
        pipelineName=name, filter={"succeededInStage": {"stageName": "Approve"}}
    )["pipelineExecutionSummaries"]
    assert [one["pipelineExecutionId"] for one in listed] == [back, good]


def test_variables_namespaces_and_tokens(delivery: Delivery, name: str, client: Client, fresh: Client) -> None:
    topic, queue = fresh("topic"), fresh("queue")
    arn = client("sns").create_topic(Name=topic)["TopicArn"]
    url = client("sqs").create_queue(QueueName=queue)["QueueUrl"]
    client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:123456789012:{queue}")
    text = "#{variables.Version} of #{SourceVariables.CommitId} in #{codepipeline.PipelineExecutionId}"
    asking = approval(given={"NotificationArn": arn, "CustomData": text}, timeoutInMinutes=5)
    declared = [
        stage("Source", source(name, namespace="SourceVariables")),
        stage("Approve", asking),
    ]
    created = delivery.create(name, *declared, variables=[{"name": "Version", "defaultValue": "newest"}])
    start = {"variables": [{"name": "Version", "value": "7"}], "clientRequestToken": "one"}
    execution = delivery.start(name, **start)
    assert delivery.start(name, **start) == execution
    refused("ConflictException", lambda: delivery.start(name, clientRequestToken="one"))
    refused("ValidationException", lambda: delivery.start(name, variables=[{"name": "None", "value": "1"}]))
    assert delivery.get(name, execution)["variables"] == [{"name": "Version", "resolvedValue": "7"}]
    delivery.token(name, created)
    delivery.answer(name, created)
    token = delivery.token(name, execution)
    commit = delivery.action(name, execution, "Source")["output"]["outputVariables"]["CommitId"]
    told: list[dict[str, Any]] = []
    while len(told) < 2:
        found = client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10).get("Messages", [])
        assert found, "no message in ten seconds"
        told += [json.loads(json.loads(one["Body"])["Message"]) for one in found]
        for one in found:
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    asked = told[1]["approval"]
    assert asked["customData"] == f"7 of {commit} in {execution}"
    assert (asked["token"], asked["stageName"], asked["pipelineName"]) == (token, "Approve", name)
    assert asked["approvalReviewLink"].endswith(token)


def test_a_source_revision_is_taken(delivery: Delivery, name: str) -> None:
    code = delivery.client("codecommit")
    old = code.get_branch(repositoryName=name, branchName="main")["branch"]["commitId"]
    delivery.commit(name, {"a/b": b"2"})
    delivery.create(name, *plain(name))
    revision = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": old}
    execution = delivery.start(name, sourceRevisions=[revision])
    until(lambda: delivery.get(name, execution).get("artifactRevisions"))
    assert delivery.get(name, execution)["artifactRevisions"][0]["revisionId"] == old
    listed = delivery.pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    assert listed[0]["sourceRevisions"][0]["revisionId"] == old
    wrong = revision | {"revisionType": "S3_OBJECT_KEY"}
    refused("ValidationException", lambda: delivery.start(name, sourceRevisions=[wrong]))


def test_a_closed_transition_holds(delivery: Delivery, name: str) -> None:
    pipelines = delivery.pipelines
    where = {"pipelineName": name, "stageName": "Approve", "transitionType": "Inbound"}
    first = delivery.create(name, *plain(name))
    delivery.answer(name, first, "Rejected")
    delivery.end(name, first)
    pipelines.disable_stage_transition(**where, reason="a freeze")
    execution = delivery.start(name)
    held = until(
        lambda: delivery.stage(name, "Approve") if "inboundExecution" in delivery.stage(name, "Approve") else 0
    )
    assert held["inboundTransitionState"]["enabled"] is False
    assert held["inboundTransitionState"]["disabledReason"] == "a freeze"
    pipelines.enable_stage_transition(**where | {"stageName": "Source", "transitionType": "Outbound"})
    delivery.answer(name, execution)
    refused("StageNotFoundException", lambda: pipelines.enable_stage_transition(**where | {"stageName": "None"}))


def test_a_commit_starts_what_polls_and_what_a_rule_targets(delivery: Delivery, name: str, client: Client) -> None:
    polled = f"{name}-polled"
    delivery.create(
        polled, stage("Source", source(name, given={"PollForSourceChanges": "true"})), stage("A", approval())
    )
    delivery.create(name, *plain(name))
    events = client("events")
    pattern = {"source": ["aws.codecommit"], "detail": {"repositoryName": [name]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:codepipeline:us-east-1:123456789012:{name}"
    events.put_targets(Rule=name, Targets=[{"Id": "p", "Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/start"}])
    delivery.commit(name, {"a/b": b"3"})

    def triggers(which: str) -> list[str]:
        found = delivery.pipelines.list_pipeline_executions(pipelineName=which)["pipelineExecutionSummaries"]
        return [one["trigger"]["triggerType"] for one in reversed(found)]

    until(lambda: len(triggers(name)) == 2, "the rule's execution")
    assert triggers(name) == ["CreatePipeline", "CloudWatchEvent"]
    newest = delivery.pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"][0]
    assert newest["trigger"]["triggerDetail"] == f"arn:aws:events:us-east-1:123456789012:rule/{name}"
    assert triggers(polled) == ["CreatePipeline", "PollForSourceChanges"]


def test_events_tell_every_state(delivery: Delivery, name: str, client: Client) -> None:
    events, url = client("events"), client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:codepipeline:us-east-1:123456789012:{name}"
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.codepipeline"], "resources": [arn]}))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:123456789012:{name}"}])
    execution = delivery.create(name, *plain(name))
    delivery.answer(name, execution, "Rejected")
    delivery.end(name, execution)
    told: list[tuple[str, str, str]] = []
    while len(told) < 10:
        found = client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10).get("Messages")
        assert found, told
        for one in found:
            event = json.loads(one["Body"])
            assert event["detail"]["execution-id"] == execution
            kind = event["detail-type"].removeprefix("CodePipeline ").removesuffix(" Execution State Change")
            told.append((kind, event["detail"].get("stage", ""), event["detail"]["state"]))
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    assert told == [
        ("Pipeline", "", "STARTED"),
        ("Stage", "Source", "STARTED"),
        ("Action", "Source", "STARTED"),
        ("Action", "Source", "SUCCEEDED"),
        ("Stage", "Source", "SUCCEEDED"),
        ("Stage", "Approve", "STARTED"),
        ("Action", "Approve", "STARTED"),
        ("Action", "Approve", "FAILED"),
        ("Stage", "Approve", "FAILED"),
        ("Pipeline", "", "FAILED"),
    ]


def test_pipelines_are_kept_changed_and_removed(delivery: Delivery, name: str) -> None:
    pipelines = delivery.pipelines
    delivery.create(name, *plain(name), variables=[{"name": "V", "defaultValue": "1"}])
    refused("PipelineNameInUseException", lambda: delivery.create(name, *plain(name)))
    held = pipelines.get_pipeline(name=name)
    arn = held["metadata"]["pipelineArn"]
    assert (held["pipeline"]["version"], arn) == (1, f"arn:aws:codepipeline:us-east-1:123456789012:{name}")
    changed = held["pipeline"] | {"stages": held["pipeline"]["stages"][:2]}
    assert pipelines.update_pipeline(pipeline=changed)["pipeline"]["version"] == 2
    assert len(pipelines.get_pipeline(name=name, version=1)["pipeline"]["stages"]) == 3
    refused("PipelineVersionNotFoundException", lambda: pipelines.get_pipeline(name=name, version=3))
    assert name in [
        one["name"]
        for page in pipelines.get_paginator("list_pipelines").paginate(PaginationConfig={"PageSize": 3})
        for one in page["pipelines"]
    ]
    pipelines.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    pipelines.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert pipelines.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]
    pipelines.delete_pipeline(name=name)
    pipelines.delete_pipeline(name=name)
    refused("PipelineNotFoundException", lambda: pipelines.get_pipeline_state(name=name))


RULE = {"name": "R", "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "CloudWatchAlarm"}}

FAULTS: dict[str, tuple[str, str, Callable[[str], list[dict[str, Any]]]]] = {
    "one stage": ("InvalidStructureException", "between 2", lambda n: [stage("Source", source(n))]),
    "no source": (
        "InvalidStageDeclarationException",
        "only contains source",
        lambda n: [stage("A", approval()), stage("B", approval())],
    ),
    "late source": (
        "InvalidStageDeclarationException",
        "Only first stage",
        lambda n: [stage("Source", source(n)), stage("B", source(n))],
    ),
    "stages of one name": (
        "InvalidStructureException",
        "twice",
        lambda n: [stage("Source", source(n)), stage("Source", approval())],
    ),
    "unknown configuration": (
        "InvalidActionDeclarationException",
        "unknown configuration 'X'",
        lambda n: [stage("Source", source(n)), stage("B", approval(given={"X": "1"}))],
    ),
    "missing configuration": (
        "InvalidActionDeclarationException",
        "'ProjectName'",
        lambda n: [stage("Source", source(n)), stage("B", action("B", "Build CodeBuild", inputs=["Source"]))],
    ),
    "unknown artifact": (
        "InvalidStructureException",
        "not declared",
        lambda n: [
            stage("Source", source(n)),
            stage("B", action("B", "Build CodeBuild", {"ProjectName": "p"}, inputs=["None"])),
        ],
    ),
    "undeclared variable": (
        "InvalidActionDeclarationException",
        "not declared",
        lambda n: [stage("Source", source(n)), stage("B", approval(given={"CustomData": "#{variables.X}"}))],
    ),
    "no primary source": (
        "InvalidActionDeclarationException",
        "PrimarySource",
        lambda n: [
            stage("Source", source(n), action("S2", "Source CodeCommit", source(n)["configuration"], outputs=["Two"])),
            stage("B", action("B", "Build CodeBuild", {"ProjectName": "p"}, inputs=["Source", "Two"])),
        ],
    ),
    "conditions": (
        "NotImplemented",
        "beforeEntry",
        lambda n: [
            stage("Source", source(n)),
            stage("B", approval(), beforeEntry={"conditions": [{"result": "FAIL", "rules": [RULE]}]}),
        ],
    ),
    "unknown provider": (
        "NotImplemented",
        "Deploy AWS ECS 1",
        lambda n: [stage("Source", source(n)), stage("B", action("B", "Deploy ECS", inputs=["Source"]))],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_refused(delivery: Delivery, fresh: Client, fault: str) -> None:
    code, said, stages = FAULTS[fault]
    refused(code, lambda: delivery.create(fresh("bad"), *stages("r")), match=said)


def test_parallel_mode_and_triggers_are_refused_by_name(delivery: Delivery, fresh: Client) -> None:
    refused("NotImplemented", lambda: delivery.create(fresh("bad"), *plain("r"), executionMode="PARALLEL"), "PARALLEL")
    git = {"sourceActionName": "Source", "push": [{"branches": {"includes": ["main"]}}]}
    trigger = {"providerType": "CodeStarSourceConnection", "gitConfiguration": git}
    refused("NotImplemented", lambda: delivery.create(fresh("bad"), *plain("r"), triggers=[trigger]), "triggers")


def test_sources_that_are_not_there_fail_by_name(delivery: Delivery, fresh: Client, client: Client) -> None:
    name = fresh("pipeline")
    connection = {
        "ConnectionArn": "arn:aws:codeconnections:us-east-1:123456789012:connection/one",
        "FullRepositoryId": f"someone/{name}",
        "BranchName": "main",
    }
    hub = action("Source", "Source CodeStarSourceConnection", connection, outputs=["Source"])
    execution = delivery.create(name, stage("Source", hub), stage("Approve", approval()))
    assert delivery.end(name, execution) == "Failed"
    details = delivery.action(name, execution, "Source")["output"]["executionResult"]["errorDetails"]
    assert "reaches no GitHub" in details["message"]
    delivery.repository(name, {"a": b"1"})  # stands in from now on, and its commit is heard

    def triggers() -> list[str]:
        found = delivery.pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
        return [one["trigger"]["triggerType"] for one in found]

    until(lambda: triggers() == ["WebhookV2", "CreatePipeline"])
    listed = delivery.pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    delivery.token(name, listed[0]["pipelineExecutionId"])


def test_an_object_in_s3_is_a_source(delivery: Delivery, fresh: Client, client: Client, bucket: str) -> None:
    name, s3 = fresh("pipeline"), client("s3")
    given = {"S3Bucket": bucket, "S3ObjectKey": "in.zip"}
    polling = action("Source", "Source S3", given, outputs=["Source"])
    refused(
        "NotImplemented", lambda: delivery.create(name, stage("Source", polling), stage("B", approval())), "polling"
    )
    quiet = action("Source", "Source S3", given | {"PollForSourceChanges": "false"}, outputs=["Source"])
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a", "1")
    version = s3.put_object(Bucket=bucket, Key="in.zip", Body=content.getvalue())["VersionId"]
    execution = delivery.create(name, stage("Source", quiet), stage("Approve", approval()))
    delivery.token(name, execution)
    assert delivery.get(name, execution)["artifactRevisions"][0]["revisionId"] == version
