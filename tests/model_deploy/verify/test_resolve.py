"""Intrinsics, conditions and the texts that stand for what does not exist yet."""

from typing import Any

import pytest

from contract.errors import InputError
from model_deploy.verify.resolve import resolve


def outcome(value: Any, given: dict[str, str] | None = None, **sections: Any) -> Any:
    """What a property becomes."""
    document = {
        "Parameters": {
            "Count": {"Type": "Number", "Default": 3},
            "Names": {"Type": "CommaDelimitedList", "Default": "a,b"},
            "Word": {"Type": "String", "Default": ""},
        },
        "Conditions": {"HasWord": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Word"}, ""]}]}},
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key"},
            "Model": {"Type": "AWS::SageMaker::Model"},
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": {"Fn::Sub": "${Count}-errors"}}},
            "Maybe": {"Type": "AWS::SNS::Topic", "Condition": "HasWord"},
            "Tried": {"Type": "AWS::SQS::Queue", "Properties": {"Value": value}},
        },
        **sections,
    }
    return resolve(document, given or {}).resources["Tried"].properties.get("Value", "nothing")


NO_VALUE = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Count"}, 3),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Alarm"}, "3-errors"),
        ({"Fn::GetAtt": ["Alarm", "Arn"]}, "arn:aws:cloudwatch:us-east-1:111122223333:alarm:3-errors"),
        ({"Fn::Sub": "${Count} ${!Literal} ${AWS::Partition}"}, "3 ${Literal} aws"),
        ({"Fn::Sub": ["${A}/${Count}", {"A": {"Fn::Join": ["+", {"Ref": "Names"}]}}]}, "a+b/3"),
        ({"Fn::Join": ["-", ["x", {"Ref": "Count"}]]}, "x-3"),
        ({"Fn::Select": [1, {"Ref": "Names"}]}, "b"),
        ({"Fn::Split": ["/", "a/b"]}, ["a", "b"]),
        ({"Fn::If": ["HasWord", "yes", "no"]}, "no"),
        ({"Fn::If": ["HasWord", "yes", NO_VALUE]}, "nothing"),
        (["a", {"Fn::If": ["HasWord", "yes", NO_VALUE]}], ["a"]),
        ({"x": NO_VALUE, "y": 1}, {"y": 1}),
    ],
)
def test_values(value: Any, expected: Any) -> None:
    assert outcome(value) == expected


def test_ref_of_a_model_is_its_arn() -> None:
    assert str(outcome({"Ref": "Model"})).startswith("arn:aws:sagemaker:us-east-1:111122223333:model/Model-")
    assert ":" not in str(outcome({"Fn::GetAtt": ["Model", "ModelName"]}))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"Ref": "Nobody"}, "neither a parameter nor a resource Nobody"),
        ({"Ref": "Maybe"}, "under these parameters it is not made"),
        ({"Fn::If": ["Nothing", 1, 2]}, "no condition Nothing"),
        ({"Fn::If": ["HasWord", 1]}, "a condition and two values"),
        ({"Fn::GetAtt": ["Alarm"]}, "arguments that CloudFormation does not take"),
        ({"Fn::ImportValue": "x"}, "does not know"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(value: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        outcome(value)


def test_parameters_are_typed() -> None:
    with pytest.raises(InputError, match="Count is a number"):
        outcome({"Ref": "Count"}, {"Count": "three"})
    with pytest.raises(InputError, match="Size has no value"):
        resolve({"Parameters": {"Size": {"Type": "Number"}}, "Resources": {}}, {})
