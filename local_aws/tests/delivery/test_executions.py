"""CodePipeline through boto3: executions from their source to their end."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from delivery_kit import Delivery, approval, plain, refused, source, stage, until

Client = Callable[..., Any]


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
