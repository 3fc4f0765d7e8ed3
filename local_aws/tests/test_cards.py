"""Model cards: versions and statuses, beside moto where it agrees, and content that does not fit its schema."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cards import content
from local_aws.errors import AwsError

CARD = {
    "model_overview": {"model_name": "credit", "model_owner": "Risk"},
    "intended_uses": {"risk_rating": "High"},
    "evaluation_details": [
        {
            "name": "test",
            "metric_groups": [
                {
                    "name": "figures",
                    "metric_data": [
                        {"name": "auc", "type": "number", "value": 0.8},
                        {"name": "note", "type": "string", "value": "undefined"},
                        {"name": "matrix", "type": "matrix", "value": [[1, 2], [3, 4]], "x_axis_name": ["a", "b"]},
                        {"name": "bars", "type": "bar_chart", "value": [1, 2.5], "x_axis_name": ["a", "b"]},
                        {"name": "line", "type": "linear_graph", "value": [[0, 1], [1, 2]]},
                    ],
                }
            ],
        }
    ],
}


def test_a_card_and_its_versions(aws_target: Any, fresh: Callable[[str], str]) -> None:
    client, name = aws_target.client("sagemaker"), fresh("card")
    arn = client.create_model_card(ModelCardName=name, Content=json.dumps(CARD), ModelCardStatus="Draft")[
        "ModelCardArn"
    ]
    assert arn.endswith(f":model-card/{name}")
    with pytest.raises(ClientError) as error:
        client.create_model_card(ModelCardName=name, Content="{}", ModelCardStatus="Draft")
    assert error.value.response["Error"]["Code"] == "ConflictException"
    client.update_model_card(ModelCardName=name, Content="{}")
    described = client.describe_model_card(ModelCardName=name)
    assert (described["ModelCardVersion"], described["Content"]) == (2, "{}")
    assert json.loads(client.describe_model_card(ModelCardName=name, ModelCardVersion=1)["Content"]) == CARD
    versions = client.list_model_card_versions(ModelCardName=name)["ModelCardVersionSummaryList"]
    assert {one["ModelCardVersion"] for one in versions} == {1, 2}
    assert name in {one["ModelCardName"] for one in client.list_model_cards()["ModelCardSummaries"]}
    client.delete_model_card(ModelCardName=name)
    with pytest.raises(ClientError) as error:
        client.describe_model_card(ModelCardName=name)
    assert error.value.response["Error"]["Code"] == "ResourceNotFound"


def test_a_status_is_no_version(client: Callable[..., Any], fresh: Callable[[str], str]) -> None:
    sagemaker, name = client("sagemaker"), fresh("card")
    arn = sagemaker.create_model_card(ModelCardName=name, Content="{}", ModelCardStatus="Draft")["ModelCardArn"]
    sagemaker.update_model_card(ModelCardName=name, ModelCardStatus="Approved")
    described = sagemaker.describe_model_card(ModelCardName=arn)
    assert (described["ModelCardVersion"], described["ModelCardStatus"]) == (1, "Approved")
    assert [
        one["ModelCardName"]
        for one in sagemaker.list_model_cards(NameContains=name, ModelCardStatus="Approved")["ModelCardSummaries"]
    ] == [name]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    for refused, said in (
        ({"Content": "{}", "ModelCardStatus": "Draft"}, "and not both"),
        ({"Content": '{"risk": 1}'}, "risk is not known"),
    ):
        with pytest.raises(ClientError, match=said):
            sagemaker.update_model_card(ModelCardName=name, **refused)
    with pytest.raises(ClientError, match="CreateModelCardExportJob"):
        sagemaker.create_model_card_export_job(
            ModelCardName=name, ModelCardExportJobName="x", OutputConfig={"S3OutputPath": "s3://b/x"}
        )


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ([], "the content is no object"),
        ({"model_overview": {"model_creator": 3}}, "model_overview.model_creator is no text"),
        ({"intended_uses": {"risk_rating": "Huge"}}, "risk_rating is 'Huge', it must be one of High, Medium, Low"),
        ({"business_details": {"line_of_business": "x" * 2049}}, "has 2049 characters, 0 to 2048 are allowed"),
        ({"evaluation_details": [{}]}, r"evaluation_details\[0\].name is missing"),
        ({"additional_information": {"custom_details": {"a": 1}}}, "custom_details.a is no text"),
        ({"model_overview": {"model_name": "x"}}, "model_name is not known"),
    ],
)
def test_what_does_not_fit_a_packages_card(card: Any, said: str) -> None:
    with pytest.raises(AwsError, match=said):
        content.require(json.dumps(card), content.PACKAGE, "ModelCardContent")


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ({"name": "x", "type": "pie", "value": 1}, "type is 'pie'"),
        ({"name": "x", "type": "number", "value": "1"}, "value is no number"),
        ({"name": "x", "type": "boolean", "value": 1}, "neither true nor false"),
        ({"name": "x", "type": "matrix", "value": [[1] * 21]}, "has 21 items"),
        ({"name": "x", "type": "linear_graph", "value": [[1]]}, "has 1 items"),
        ({"type": "bar_chart", "value": [1]}, "name is missing"),
    ],
)
def test_metrics_that_are_none(metric: dict[str, Any], said: str) -> None:
    groups = [{"name": "g", "metric_data": [metric]}]
    card = {"evaluation_details": [{"name": "e", "metric_groups": groups}]}
    with pytest.raises(AwsError, match=said):
        content.require(json.dumps(card), content.PACKAGE, "ModelCardContent")


def test_many_faults_are_counted() -> None:
    with pytest.raises(AwsError, match="; and 3 more"):
        content.require(json.dumps(dict.fromkeys("abcdefgh", 1)), content.CARD, "Content")
