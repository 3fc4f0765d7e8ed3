"""Golden records re-sent while a stage is deployed."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contract.package import Golden
from model_deploy.config import Stage
from model_deploy.project import Project
from model_deploy.proof import watch
from model_deploy.proof.checks import Check
from model_deploy.proof.prove import Subject

ARN = "arn:aws:sagemaker:us-east-1:111122223333:model-package/credit/3"


@dataclass
class Account:
    """A stage whose stack goes through `stack`, a status and a version at each look, the last one for ever.

    answers  what the endpoint says to each request, round about
    live     its configuration in the end, "new" is meant
    """

    stack: list[tuple[str, str]]
    answers: list[dict[str, Any]]
    live: str = "new"
    metrics: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0

    @property
    def runtime(self) -> "Account":
        return self

    def client(self, _: str) -> "Account":
        return self

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        status, version = self.stack.pop(0) if len(self.stack) > 1 else self.stack[0]
        if not status:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")
        parameters = [{"ParameterKey": "ModelPackageName", "ParameterValue": version}]
        outputs = {"RealTimeEndpointName": "credit-prod", "RealTimeEndpointConfigName": "new"}
        made = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        return {"Stacks": [{"StackStatus": status, "Parameters": parameters, "Outputs": made}]}

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        pending = {"PendingDeploymentSummary": {"EndpointConfigName": "new"}}
        return {"EndpointStatus": "InService", "EndpointConfigName": self.live, **pending}

    def invoke_endpoint(self, **_: Any) -> dict[str, Any]:
        self.asked += 1
        return {"Body": io.BytesIO(json.dumps(self.answers[self.asked % len(self.answers)]).encode())}

    def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        assert Namespace == "MLOps/Proof"
        self.metrics += MetricData


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "INTERVAL", 0.02)
    monkeypatch.setattr(watch, "RATE", 500.0)


def subject(account: Account, *modes: Any) -> Subject:
    project = Project("credit", "p-demo", "us-east-1", "arn:aws:iam::111122223333:role/m", "credit", "bucket")
    package = {"ModelPackageArn": ARN, "ModelPackageVersion": 3}
    stage = Stage(name="prod", modes=modes or ("real_time",))
    return Subject(project, stage, package, [Golden({"age": 1}, 0.2, "no")], account, None)


DEPLOYMENT = [("UPDATE_COMPLETE", ARN)]
GOOD = {"decision": "no", "score": 0.2, "model_version": 3}
OLD = {"decision": "yes", "score": 0.9, "model_version": 2}


def watched(of: Subject) -> list[Check]:
    """The watch of a deployment that ends when it is looked at for the fourth time."""
    looks = iter([False] * 3)
    return watch.watch(of, lambda: None, lambda: next(looks, True))


def test_wrong_answers_of_the_new_version_become_a_metric_of_its_configuration() -> None:
    account = Account(list(DEPLOYMENT), [OLD, GOOD | {"score": 0.3}])
    check, _ = watched(subject(account))
    assert not check.passed
    assert check.measured["wrong"] == check.measured["by_version"] > 0
    assert "the score was 0.2 at training time and is 0.3" in check.said
    assert sum(one["Value"] for one in account.metrics) == check.measured["wrong"]
    dimensions = {one["Name"]: one["Value"] for one in account.metrics[0]["Dimensions"]}
    assert dimensions == {"EndpointName": "credit-prod", "VariantName": "AllTraffic", "EndpointConfigName": "new"}


def test_the_old_version_may_answer_otherwise_and_a_good_new_one_passes() -> None:
    account = Account(list(DEPLOYMENT), [OLD, GOOD])
    check, _ = watched(subject(account))
    assert check.passed
    assert check.measured["sent"] > check.measured["by_version"] > 0
    assert {one["Value"] for one in account.metrics} == {0}


def test_an_endpoint_that_was_taken_back_without_a_word_fails_its_watch() -> None:
    checks = watched(subject(Account(list(DEPLOYMENT), [OLD], live="old")))
    assert [(one.name, one.passed) for one in checks] == [("watch", True), ("live", False)]


def test_a_stack_that_rolled_back_is_no_concern_of_the_watch() -> None:
    account = Account([("UPDATE_ROLLBACK_COMPLETE", "2")], [OLD], live="old")
    assert [one.passed for one in watched(subject(account))] == [True]


def test_who_waits_for_it_hears_of_the_first_records() -> None:
    account = Account([("UPDATE_COMPLETE", ARN)], [GOOD])
    asked: list[int] = []
    watch.watch(subject(account), lambda: asked.append(account.asked), lambda: True)
    assert asked == [1]


def test_modes_that_do_not_answer_at_once_are_named() -> None:
    checks = watched(subject(Account(list(DEPLOYMENT), [GOOD]), "real_time", "batch"))
    assert [(check.mode, check.passed) for check in checks] == [
        ("real_time", True),
        ("batch", True),
        ("real_time", True),
    ]
    assert "nothing was re-sent" in checks[1].said
