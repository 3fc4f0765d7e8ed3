"""CodePipeline through boto3: what is declared, what is refused, what starts an execution and what is told of it."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from delivery_kit import Delivery, action, approval, plain, refused, source, stage, until

Client = Callable[..., Any]


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


def names(delivery: Delivery) -> set[str]:
    pages = delivery.pipelines.get_paginator("list_pipelines").paginate()
    return {one["name"] for page in pages for one in page["pipelines"]}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_refused(delivery: Delivery, fresh: Client, fault: str) -> None:
    code, said, stages = FAULTS[fault]
    name = fresh("bad")
    refused(code, lambda: delivery.create(name, *stages("r")), match=said)
    assert name not in names(delivery)


def test_parallel_mode_and_triggers_are_refused_by_name(delivery: Delivery, fresh: Client) -> None:
    name = fresh("bad")
    refused("NotImplemented", lambda: delivery.create(name, *plain("r"), executionMode="PARALLEL"), "PARALLEL")
    git = {"sourceActionName": "Source", "push": [{"branches": {"includes": ["main"]}}]}
    trigger = {"providerType": "CodeStarSourceConnection", "gitConfiguration": git}
    refused("NotImplemented", lambda: delivery.create(name, *plain("r"), triggers=[trigger]), "triggers")
    assert name not in names(delivery)


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
