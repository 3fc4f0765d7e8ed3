"""AWS as promotion uses it. Thin: what is read becomes a `World`, what is done is one call."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
from botocore.exceptions import ClientError

from contract.documents import Document
from contract.errors import InputError
from model_deploy.promotion.ledger import Ledger
from model_deploy.promotion.world import APPROVE, Action, Execution, Version

#: The world changed between the look and the act: look again.
OVERTAKEN = (
    "ApprovalAlreadyCompletedException",
    "DuplicatedStopRequestException",
    "InvalidApprovalTokenException",
    "InvalidJobStateException",
    "JobNotFoundException",
    "PipelineExecutionNotStoppableException",
)


@dataclass(frozen=True)
class Registry:
    """`sagemaker` is boto3's client."""

    sagemaker: Any
    group: str

    def versions(self) -> dict[int, Version]:
        """Every version of the group, by its number."""
        pages = self.sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.group, ModelPackageType="Versioned"
        )
        rows = [row for page in pages for row in page["ModelPackageSummaryList"]]
        return {row["ModelPackageVersion"]: Version(row["ModelPackageArn"], row["ModelApprovalStatus"]) for row in rows}

    def detailed(self, version: Version) -> Version:
        """The same with who changed it last, when, and the note; its status is the one read now."""
        answer = self.sagemaker.describe_model_package(ModelPackageName=version.arn)
        by = answer.get("LastModifiedBy", {})
        changed = answer.get("LastModifiedTime", answer["CreationTime"])
        detail = {
            "by": by.get("IamIdentity", {}).get("Arn") or by.get("UserProfileName", ""),
            "note": answer.get("ApprovalDescription", ""),
            "modified": changed.timestamp(),
        }
        return replace(version, status=answer["ModelApprovalStatus"], detail=detail)

    def life_cycle(self, arn: str) -> tuple[str, str]:
        """(stage, status), empty where none was set."""
        found = self.sagemaker.describe_model_package(ModelPackageName=arn).get("ModelLifeCycle", {})
        return found.get("Stage", ""), found.get("StageStatus", "")

    def mark(self, arn: str, stage: str, status: str) -> None:
        self.sagemaker.update_model_package(ModelPackageArn=arn, ModelLifeCycle={"Stage": stage, "StageStatus": status})


@dataclass(frozen=True)
class Pipeline:
    """`codepipeline` is boto3's client."""

    codepipeline: Any
    name: str

    def executions(self, known: tuple[str, ...], wanted: str) -> tuple[Execution, ...]:
        """Of the newest hundred: those that are active, not `known`, or `wanted`; oldest first."""
        page = self.codepipeline.list_pipeline_executions(pipelineName=self.name, maxResults=100)
        rows = [
            row
            for row in sorted(page["pipelineExecutionSummaries"], key=lambda row: row["startTime"])
            if row["pipelineExecutionId"] not in known
            or row["pipelineExecutionId"] == wanted
            or row["status"] in ("InProgress", "Stopping")
        ]
        waiting = self._waiting() if rows else {}
        return tuple(self._execution(row, waiting.get(row["pipelineExecutionId"], "")) for row in rows)

    def start(self, arn: str, token: str) -> str:
        """The execution's id; the same for the same token."""
        started = self.codepipeline.start_pipeline_execution(
            name=self.name, variables=[{"name": "ModelPackageArn", "value": arn}], clientRequestToken=token
        )
        return str(started["pipelineExecutionId"])

    def stop(self, execution: str, reason: str) -> None:
        """The action under way ends by itself: a stack that CloudFormation updates is never left to its own."""
        with _Overtaken():
            self.codepipeline.stop_pipeline_execution(
                pipelineName=self.name, pipelineExecutionId=execution, abandon=False, reason=reason[:200]
            )

    def answer(self, token: str, approved: bool, summary: str) -> None:
        with _Overtaken():
            self.codepipeline.put_approval_result(
                pipelineName=self.name,
                stageName=APPROVE[0],
                actionName=APPROVE[1],
                result={"summary": summary[:512], "status": "Approved" if approved else "Rejected"},
                token=token,
            )

    def end_job(self, job: str) -> None:
        with _Overtaken():
            self.codepipeline.put_job_success_result(jobId=job)

    def _waiting(self) -> dict[str, str]:
        """Execution → the token of the approval that it waits for; at most one."""
        stages = self.codepipeline.get_pipeline_state(name=self.name)["stageStates"]
        stage: Document = next(
            (one for one in stages if one["stageName"] == APPROVE[0] and "latestExecution" in one), {}
        )
        for action in stage.get("actionStates", []):
            latest = action.get("latestExecution", {})
            if action["actionName"] == APPROVE[1] and latest.get("status") == "InProgress" and "token" in latest:
                return {stage["latestExecution"]["pipelineExecutionId"]: latest["token"]}
        return {}

    def _execution(self, row: Document, approval: str) -> Execution:
        asked = {"pipelineName": self.name, "pipelineExecutionId": row["pipelineExecutionId"]}
        whole = self.codepipeline.get_pipeline_execution(**asked)["pipelineExecution"]
        values = {one["name"]: one["resolvedValue"] for one in whole.get("variables", [])}
        return Execution(
            id=row["pipelineExecutionId"],
            status=whole["status"],
            arn=values.get("ModelPackageArn", ""),
            updated=row["lastUpdateTime"].timestamp(),
            actions=self._actions(row["pipelineExecutionId"]),
            approval=approval,
        )

    def _actions(self, execution: str) -> dict[tuple[str, str], Action]:
        pages = self.codepipeline.get_paginator("list_action_executions").paginate(
            pipelineName=self.name, filter={"pipelineExecutionId": execution}
        )
        rows = [row for page in pages for row in page["actionExecutionDetails"]]
        rows.sort(key=lambda row: row["startTime"])
        return {(row["stageName"], row["actionName"]): _action(row) for row in rows}


@dataclass(frozen=True)
class Topic:
    sns: Any
    arn: str

    def tell(self, subject: str, text: str) -> None:
        self.sns.publish(TopicArn=self.arn, Subject=subject[:100], Message=text)


@dataclass(frozen=True)
class Services:
    registry: Registry
    pipeline: Pipeline
    ledger: Ledger
    topic: Topic


#: Variables of the function's environment.
ENVIRONMENT = (
    "SAGEMAKER_PROJECT_NAME",
    "SOURCE_MODEL_PACKAGE_GROUP_NAME",
    "ARTIFACT_BUCKET",
    "LEDGER_PREFIX",
    "DEPLOY_PIPELINE_NAME",
    "NOTIFICATION_TOPIC_ARN",
)


def connect(environment: Mapping[str, str] = os.environ, session: Any = None) -> Services:
    """The services of the project that `environment` names, with the clients of `session` (boto3's, the default one
    when None). Raises InputError, which names what is missing.
    """
    if missing := [name for name in ENVIRONMENT if not environment.get(name)]:
        raise InputError(f"The environment lacks {', '.join(missing)}, which the project's stack sets.")
    aws = session or boto3
    return Services(
        registry=Registry(aws.client("sagemaker"), environment["SOURCE_MODEL_PACKAGE_GROUP_NAME"]),
        pipeline=Pipeline(aws.client("codepipeline"), environment["DEPLOY_PIPELINE_NAME"]),
        ledger=Ledger(aws.client("s3"), environment["ARTIFACT_BUCKET"], environment["LEDGER_PREFIX"]),
        topic=Topic(aws.client("sns"), environment["NOTIFICATION_TOPIC_ARN"]),
    )


def _action(row: Document) -> Action:
    output = row.get("output", {})
    result = output.get("executionResult", {})
    summary = result.get("errorDetails", {}).get("message") or result.get("externalExecutionSummary", "")
    artifacts = {
        one["name"]: f"s3://{one['s3location']['bucket']}/{one['s3location']['key']}"
        for one in output.get("outputArtifacts", [])
        if "s3location" in one and one["name"].endswith("Report")
    }
    return Action(row["status"], summary, row.get("updatedBy", ""), artifacts)


class _Overtaken:
    """Swallows AWS's refusals that only say that the world has moved on."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, ClientError) and error.response["Error"]["Code"] in OVERTAKEN
