"""Which version is deployed, by boto3's own client and recorded answers."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from contract.errors import InputError
from model_deploy import build
from model_deploy.registry import chosen, newest_approved

GROUP = "credit-p-demo"
ARN = f"arn:aws:sagemaker:us-east-1:111122223333:model-package/{GROUP}/"
ASKED = {"ModelPackageGroupName": GROUP, "ModelApprovalStatus": "Approved", "ModelPackageType": "Versioned"}


@pytest.fixture
def stubbed() -> Any:
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def summary(version: int) -> dict[str, Any]:
    return {
        "ModelPackageArn": f"{ARN}{version}",
        "ModelPackageVersion": version,
        "CreationTime": 0,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
    }


def described(version: int) -> dict[str, Any]:
    return {**summary(version), "ModelPackageName": GROUP, "ModelPackageStatusDetails": {"ValidationStatuses": []}}


def test_the_highest_version_wins_over_pages_and_orders(stubbed: Any) -> None:
    client, stubber = stubbed
    first = {"ModelPackageSummaryList": [summary(9), summary(10)], "NextToken": "more"}
    stubber.add_response("list_model_packages", first, ASKED)
    stubber.add_response(
        "list_model_packages", {"ModelPackageSummaryList": [summary(2)]}, {**ASKED, "NextToken": "more"}
    )
    stubber.add_response("describe_model_package", described(10), {"ModelPackageName": f"{ARN}10"})
    assert newest_approved(client, GROUP)["ModelPackageVersion"] == 10


def test_nothing_approved_is_said(stubbed: Any) -> None:
    client, stubber = stubbed
    stubber.add_response("list_model_packages", {"ModelPackageSummaryList": []}, ASKED)
    with pytest.raises(InputError, match="No version of credit-p-demo is approved"):
        newest_approved(client, GROUP)


def test_a_named_version_is_taken_as_it_is(stubbed: Any) -> None:
    client, stubber = stubbed
    stubber.add_response("describe_model_package", described(4), {"ModelPackageName": f"{ARN}4"})
    assert chosen(client, GROUP, f"{ARN}4")["ModelPackageVersion"] == 4


def test_an_execution_without_a_version_is_left_to_promotion(stubbed: Any) -> None:
    with pytest.raises(InputError, match="names no version; promotion starts one that does"):
        chosen(stubbed[0], GROUP, "newest")


def test_the_build_without_its_environment_ends_in_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SAGEMAKER_PROJECT_NAME", raising=False)
    assert build.main([]) == 2
    assert "The environment lacks SAGEMAKER_PROJECT_NAME" in capsys.readouterr().err
