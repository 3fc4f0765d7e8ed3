"""Checks against endpoints in this process that answer as the version does, or otherwise."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError

from contract.documents import sha256
from contract.errors import InputError
from contract.package import Golden
from model_deploy import config
from model_deploy.config import Limits, Serverless, Stage
from model_deploy.project import Project
from model_deploy.proof import bodies, live, report, storage
from model_deploy.proof import prove as prove_module
from model_deploy.proof.batch import Batch
from model_deploy.proof.checks import Check
from model_deploy.proof.load import Sent, held, percentile
from model_deploy.proof.prove import Subject, prove

VERSION = 3


def score(record: dict[str, Any]) -> float:
    return float(record["age"] or 40) / 100


def golden(age: float | None, city: str | None) -> Golden:
    record = {"age": age, "city": city}
    return Golden(record, score(record), "yes" if score(record) >= 0.5 else "no")


MANY = [golden(float(age), "Bern") for age in range(30, 55)]
RECORDS = [golden(20.0, "Bern"), golden(80.0, "Basel, BS"), golden(None, "Zürich"), golden(50.0, None), golden(7.5, "")]


def model_error(status: int, message: str) -> ClientError:
    response: Any = {
        "Error": {"Code": "ModelError", "Message": "Received client error"},
        "ResponseMetadata": {"HTTPStatusCode": 424},
        "OriginalStatusCode": status,
        "OriginalMessage": json.dumps({"error": message}),
    }
    return ClientError(response, "InvokeEndpoint")


def answer(record: dict[str, Any]) -> dict[str, Any]:
    found = score(record)
    return {"decision": "yes" if found >= 0.5 else "no", "score": found, "model_version": VERSION}


@dataclass
class Runtime:
    """The runtime client of an endpoint whose model is `answer`."""

    answer: Callable[[dict[str, Any]], dict[str, Any]] = answer
    requests: list[dict[str, Any]] = field(default_factory=list)

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        lines = [json.dumps(self.answer(record)) for record in self.records(request["ContentType"], request["Body"])]
        return {"Body": io.BytesIO("\n".join(lines).encode())}

    def records(self, content_type: str, body: bytes) -> list[dict[str, Any]]:
        if content_type not in (bodies.CSV, bodies.JSON, bodies.JSON_LINES):
            raise model_error(415, f"{content_type} is not known.")
        try:
            text = body.decode()
            found = self._csv(text) if content_type == bodies.CSV else [json.loads(line) for line in text.splitlines()]
        except ValueError as error:
            raise model_error(400, str(error)) from None
        for record in found:
            if set(record) != {"age", "city"}:
                raise model_error(400, "Record 0: a field is missing.")
            if isinstance(record["age"], str):
                raise model_error(400, "Record 0, age: no number.")
        return found

    def _csv(self, text: str) -> list[dict[str, Any]]:
        found = []
        for row in csv.reader(io.StringIO(text)):
            age, city = row
            found.append({"age": float(age) if age else None, "city": city or None})
        return found


class S3:
    """Holds the artefact."""

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(b"artefact")}


class CloudFormationAndSageMaker:
    """An endpoint that serves the configuration `live`."""

    def __init__(self, live: str, status: str) -> None:
        self.live, self.status = live, status

    def describe_endpoint(self, **_: str) -> dict[str, Any]:
        return {"EndpointStatus": self.status, "EndpointConfigName": self.live}


@dataclass
class Account:
    runtime: Runtime
    live: str = "config-3"
    status: str = "InService"

    def client(self, _: str) -> CloudFormationAndSageMaker:
        return CloudFormationAndSageMaker(self.live, self.status)


PACKAGE = {
    "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111122223333:model-package/credit/3",
    "ModelPackageVersion": VERSION,
    "CustomerMetadataProperties": {"artefact-sha256": sha256(b"artefact")},
    "InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://bucket/model.tar.gz"}]},
}
STACK = {
    "StackStatus": "UPDATE_COMPLETE",
    "Parameters": {"ModelPackageName": PACKAGE["ModelPackageArn"]},
    "Outputs": {"RealTimeEndpointName": "credit-staging", "RealTimeEndpointConfigName": "config-3"},
}


def subject(
    name: Any = "staging", answering: Callable[..., dict[str, Any]] = answer, serving: str = "config-3"
) -> Subject:
    project = Project("credit", "p-demo", "us-east-1", "arn:aws:iam::111122223333:role/m", "credit", "bucket")
    stage = Stage(name=name, modes=("real_time",), limits=Limits(requests=20, concurrency=2, p50_ms=2000, p95_ms=5000))
    return Subject(project, stage, PACKAGE, RECORDS, Account(Runtime(answering), serving), S3(), STACK)


def results(of: Subject) -> dict[str, Check]:
    return {check.name: check for check in prove(of)}


def failed(of: Subject) -> dict[str, str]:
    return {name: check.said for name, check in results(of).items() if not check.passed}


def test_a_version_that_answers_as_at_training_time_is_proved() -> None:
    found = results(subject())
    assert list(found) == ["stack", "live", "artefact", "golden", "malformed", "load"]
    assert all(check.passed for check in found.values()), found
    assert found["load"].measured["requests"] == 20
    assert found["golden"].measured == {"records": 5, "wrong": 0}


def test_in_production_nothing_is_malformed_and_there_is_no_load() -> None:
    of = subject("prod")
    assert list(results(of)) == ["stack", "live", "artefact", "golden"]
    assert len(of.account.runtime.requests) == 1  # type: ignore[attr-defined]


def test_one_other_score_fails_the_golden_records_and_the_load() -> None:
    def answers(record: dict[str, Any]) -> dict[str, Any]:
        return answer(record) | ({"score": 0.81} if record["age"] == 80 else {})

    said = failed(subject(answering=answers))
    assert said["golden"] == (
        "1 of 5 golden records are answered otherwise: golden record 1: the score was 0.8 at training time and is 0.81"
    )
    assert said["load"].startswith("error_share is 0.2, the limit is 0; the first error: the score was 0.8")
    assert set(said) == {"golden", "load"}


def test_another_version_behind_the_endpoint_fails() -> None:
    said = failed(subject(answering=lambda record: answer(record) | {"model_version": 2}))
    assert "version 2 answered, version 3 is meant to be there" in said["golden"]


def test_an_endpoint_that_sagemaker_rolled_back_silently_fails() -> None:
    said = failed(subject(serving="config-2"))
    assert said == {"live": "credit-staging is InService with the configuration config-2; config-3 is meant to be live"}


@pytest.mark.parametrize("status", ["Updating", "RollingBack", "Failed"])
def test_an_endpoint_that_is_not_in_service_is_not_live(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SECONDS", -1.0)
    of = subject()
    said = failed(replace(of, account=replace(of.account, status=status)))
    assert said == {"live": f"credit-staging is {status} with the configuration config-3; config-3 is meant to be live"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"FailureReason": "The alarm credit-errors is in the state ALARM."},
            "The alarm credit-errors is in the state",
        ),
        (
            {"LastDeploymentConfig": {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "credit-p99"}]}}},
            "these alarms watched the update: credit-p99",
        ),
        ({}, "config-3 is meant to be live"),
    ],
    ids=["SageMaker says", "SageMaker says nothing", "no alarms"],
)
def test_an_endpoint_that_was_taken_back_names_the_alarm(
    more: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = CloudFormationAndSageMaker("config-3", "")
    monkeypatch.setattr(
        found,
        "describe_endpoint",
        lambda **_: {"EndpointStatus": "InService", "EndpointConfigName": "config-2", **more},
    )
    monkeypatch.setattr(Account, "client", lambda *_: found)
    assert said in failed(subject())["live"]


def test_an_endpoint_that_is_being_scaled_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAUSE", 0.0)
    statuses = ["Updating", "Updating", "InService"]
    found = CloudFormationAndSageMaker("config-3", "")
    monkeypatch.setattr(
        found, "describe_endpoint", lambda **_: {"EndpointStatus": statuses.pop(0), "EndpointConfigName": "config-3"}
    )
    monkeypatch.setattr(Account, "client", lambda *_: found)
    assert results(subject())["live"].passed
    assert statuses == []


@pytest.mark.parametrize(("mode", "expected"), [("serverless", 2), ("real_time", 7)])
def test_a_serverless_endpoint_is_asked_no_more_than_it_admits(
    monkeypatch: pytest.MonkeyPatch, mode: Any, expected: int
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        prove_module, "load", lambda mode, *given: asked.append(given[3]) or Check(mode, "load", True, "")
    )
    stage = Stage(name="staging", modes=(mode,), limits=Limits(concurrency=7), serverless=Serverless(max_concurrency=2))
    assert dict(prove_module.STEPS["staging"][mode])["load"](mode, replace(subject(), stage=stage)).passed
    assert asked == [expected]


class FakeBatch(Batch):
    """Answers the lines of CSV with `results`, or fails."""

    answered: ClassVar[list[str] | InputError] = []

    def results(self, lines: Any) -> list[str]:
        if isinstance(self.answered, InputError):
            raise self.answered
        return self.answered


def batch_checks(monkeypatch: pytest.MonkeyPatch, answered: list[str] | InputError, containers: int = 1) -> Any:
    monkeypatch.setattr(FakeBatch, "answered", answered)
    monkeypatch.setattr(Subject, "batch", lambda self: FakeBatch(None, "", self.stage.batch, None))  # type: ignore[arg-type]
    parts = [{"ModelDataUrl": "s3://bucket/model.tar.gz"}] * containers
    of = subject()
    stage = Stage(name="staging", modes=("batch",), batch=config.Batch())
    package = {**of.package, "InferenceSpecification": {"Containers": parts}}
    broken = Golden({"age": 1.0, "city": "Bi\nel"}, 0.01, "no")
    return results(replace(of, stage=stage, package=package, records=[*RECORDS[:2], broken]))


GOOD_LINES = ["no,0.2,3", "yes,0.8,3"]
BAD_LINE = "ERROR: no age,,3"


def test_a_line_break_cannot_travel_in_csv_and_the_check_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = batch_checks(monkeypatch, GOOD_LINES)["golden"]
    assert found.passed
    assert found.said == "2 golden records are answered as at training time; 1 hold a line break, which CSV cannot"


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (["no,0.2,3", BAD_LINE, "yes,0.8,3"], None),
        (["no,0.2,3", "no,0.2,3", "yes,0.8,3"], "the malformed record: it was not refused: 'no' is the answer"),
        (["no,0.2,3", BAD_LINE, "yes,0.7,3"], "the malformed record is one error row, yet 1 others are answered"),
        (["no,0.2,3", "yes,0.8,3"], "3 lines, one of them malformed, have 2 results"),
        ([BAD_LINE] * 3, "the malformed record is one error row, yet 2 others are answered otherwise: it was refused"),
        (InputError("the job failed"), "the job failed"),
    ],
    ids=["good", "answered", "others", "lost", "all", "failed"],
)
def test_a_bad_record_costs_one_error_row(monkeypatch: pytest.MonkeyPatch, answered: Any, said: str | None) -> None:
    check = batch_checks(monkeypatch, answered)["bad record"]
    assert check.passed == (said is None)
    assert (said or "a bad record costs one error row") in check.said


def test_between_containers_a_bad_record_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    check = batch_checks(monkeypatch, InputError("Record 2: no number"), containers=3)["bad record"]
    assert (check.passed, check.said) == (True, "a bad record fails the run of a chain: Record 2: no number")
    assert not batch_checks(monkeypatch, ["no,0.2,3", "no,0.2,3", "yes,0.8,3"], containers=3)["bad record"].passed


def test_a_stack_of_another_version_and_another_artefact_fail() -> None:
    of = subject()
    other = {**STACK, "Parameters": {"ModelPackageName": "arn:2"}}
    assert set(failed(replace(of, stack=other))) == {"stack"}
    changed = {**PACKAGE, "CustomerMetadataProperties": {"artefact-sha256": sha256(b"another")}}
    assert set(failed(replace(of, package=changed))) == {"artefact"}
    without = {**PACKAGE, "CustomerMetadataProperties": {}}
    assert "names no hash" in failed(replace(of, package=without))["artefact"]


def test_whoever_answers_malformed_requests_or_refuses_them_badly_fails() -> None:
    class Lenient(Runtime):
        def records(self, content_type: str, body: bytes) -> list[dict[str, Any]]:
            try:
                return super().records(content_type, body)
            except ClientError as error:
                message = error.response["OriginalMessage"]  # type: ignore[typeddict-item]
                if "missing" in message:
                    return [{"age": 1.0}]
                raise model_error(500 if "no number" in message else 400, "" if "known" in message else "no") from None

    of = replace(subject(), records=[*RECORDS, *MANY])
    said = failed(replace(of, account=Account(Lenient())))["malformed"]
    assert "an unknown content type was refused without a reason" in said
    assert "a field that is missing was answered with 200, a 4xx is expected" in said
    assert "text where a number belongs was answered with 500, a 4xx is expected" in said


def test_a_call_that_aws_refuses_is_a_failed_check_and_the_others_go_on() -> None:
    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "ValidationError", "Message": "no such endpoint"}}, "InvokeEndpoint")

    of = subject(answering=refuse)
    assert "no such endpoint" in failed(of)["golden"]
    assert results(of)["artefact"].passed


def test_latency_is_held_to_the_limits() -> None:
    limits = Limits(p50_ms=10, p95_ms=20, error_share=0.1)
    fast = [Sent(0.009, None)] * 19 + [Sent(0.1, "reset")]
    assert held("real_time", fast, 1.0, limits).passed
    slow = [Sent(0.009, None)] * 10 + [Sent(0.021, None)] * 10
    assert held("real_time", slow, 1.0, limits).said == "p95_ms is 21, the limit is 20"
    failing = [Sent(0.001, "reset")] * 3 + [Sent(0.001, None)] * 17
    check = held("real_time", failing, 2.0, limits)
    assert check.said == "error_share is 0.15, the limit is 0.1; the first error: reset"
    assert check.measured["requests_per_second"] == 10


def test_codes_of_few_values_are_not_taken_for_numbers() -> None:
    names = [request.name for request in bodies.malformed([one.record for one in RECORDS])]
    assert "text where a number belongs" not in names
    assert "text where a number belongs" in [one.name for one in bodies.malformed([one.record for one in MANY])]


@pytest.mark.parametrize(("percent", "expected"), [(50, 2.0), (95, 4.0), (100, 4.0), (1, 1.0)])
def test_percentiles_are_values_that_were_measured(percent: int, expected: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == expected


def test_the_report_says_what_failed() -> None:
    good, bad = Check("real_time", "live", True, "in | service"), Check("batch", "golden", False, "wrong")
    found = report.document("staging", PACKAGE, [good, bad])
    assert found["passed"] is False
    text = report.markdown(found)
    assert text.startswith("# Version 3 in staging: NOT proved\n")
    assert "| real_time | live | passed | in \\| service |" in text
    assert report.document("staging", PACKAGE, [good])["passed"] is True
    assert report.document("staging", PACKAGE, [])["passed"] is False  # nothing was proved
