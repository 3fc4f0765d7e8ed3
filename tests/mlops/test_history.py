"""What the ledger says about one version, in words."""

from typing import Any

import pytest

from mlops.history import about, why
from model_deploy.promotion.state import State, fold

ARN = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/credit/{}"


def status(version: int, word: str, **more: str) -> dict[str, Any]:
    return {"kind": "status", "versions": {str(version): {"arn": ARN.format(version), "status": word, **more}}}


def opened(version: int) -> list[dict[str, Any]]:
    return [
        {
            "kind": "opened", "version": version, "arn": ARN.format(version), "reason": "approval", "request": 0,
            "why": "It was approved",
        },
        {"kind": "started", "execution": f"x{version}"},
    ]  # fmt: skip


def ended(outcome: str, *, deployed: bool = True, by: str = "") -> dict[str, Any]:
    promoted = {"by": by, "summary": "go"} if by else {}
    return {
        "kind": "ended", "outcome": outcome, "deployed": deployed, "finished": 9.0, "promoted": promoted,
        "proof": {"ProdReport": "s3://b/report"} if outcome == "succeeded" else {}, "why": "Both stages were proved",
    }  # fmt: skip


RECORDS = [
    {"sequence": number, "at": 1000.0 * number, **record}
    for number, record in enumerate(
        [
            status(1, "Approved", by="Ada", note="as discussed"),
            *opened(1),
            ended("succeeded", by="Eve"),
            status(2, "Approved"),
            *opened(2),
            ended("failed", deployed=False),
            {"kind": "told", "message": 4},
        ],
        1,
    )
]


def state() -> State:
    now = State()
    for record in RECORDS:
        now = fold(now, record)
    return now


def test_the_records_of_one_version() -> None:
    first = list(about(RECORDS, 1))
    assert [entry["Said"] for entry in first] == [
        "Approved",
        "a deployment was opened: it was approved",
        "the deployment started",
        "the deployment succeeded: both stages were proved",
    ]
    assert (first[0]["By"], first[0]["Note"]) == ("Ada", "as discussed")
    assert first[2]["Execution"] == "x1"
    assert first[3]["Proof"] == {"ProdReport": "s3://b/report"}
    second = list(about(RECORDS, 2))
    assert [entry["Event"] for entry in second] == ["status", "opened", "started", "ended"]
    assert second[-1]["Outcome"] == "failed"
    assert "Proof" not in second[-1]
    assert list(about(RECORDS, 3)) == []


@pytest.mark.parametrize("version", [2, 3], ids=["failed before", "new"])
def test_what_is_under_way_is_said_to_be(version: int) -> None:
    now = state()
    for record in [status(version, "Approved"), *opened(version)]:
        now = fold(now, {"sequence": now.sequence + 1, "at": 9000.0, **record})
    assert why(now, [], version, "Approved").startswith(f"Version {version} is on its way: mlops deployments ")


def test_why_it_is_live_or_not() -> None:
    now = state()
    live = why(now, list(about(RECORDS, 1)), 1, "Approved")
    assert live.startswith("Version 1 is live; approved 1970-01-01 ")
    assert "by Ada (“as discussed”)" in live
    assert "promoted by Eve (“go”), the deployment succeeded: both stages were proved" in live
    assert live.endswith("It was proved in production.")
    assert why(now, [], 2, "PendingManualApproval") == (
        "Version 2 is not live: its approval status is PendingManualApproval."
    )
    assert why(now, list(about(RECORDS, 2)), 2, "Approved").startswith("The last deployment of version 2 failed")
    assert "waits for nothing and is not deployed" in why(now, [], 3, "Approved")
