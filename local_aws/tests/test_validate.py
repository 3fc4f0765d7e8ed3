"""The strict check of values against botocore's shapes, held by planted faults."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.wire.models import operation_model, service_model
from local_aws.wire.validate import tag_violations, violations

Document = dict[str, Any]

SOUND: Document = {
    "TrainingJobName": "train-1",
    "RoleArn": "arn:aws:iam::123456789012:role/builder",
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "HyperParameters": {"eta": "0.1"},
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/model"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "EnableManagedSpotTraining": True,
}


def check(document: Document) -> list[str]:
    return list(violations(operation_model("sagemaker", "CreateTrainingJob").input_shape, document))


def test_a_sound_request_has_no_violation() -> None:
    assert check(SOUND) == []


FAULTS: list[tuple[Callable[[Document], Any], str]] = [
    (lambda d: d.pop("TrainingJobName"), "The request: the required member TrainingJobName is missing."),
    (lambda d: d["OutputDataConfig"].pop("S3OutputPath"), "required member S3OutputPath is missing"),
    (
        lambda d: d.update(TrainingJobname="x"),
        "TrainingJobname is not a member of CreateTrainingJobRequest",
    ),
    (lambda d: d["AlgorithmSpecification"].update(TrainingInputMode="Fast"), "'Fast' is not one of Pipe, File"),
    (lambda d: d["ResourceConfig"].update(InstanceType="ml.m5.tiny"), "ResourceConfig.InstanceType: 'ml.m5.tiny'"),
    (lambda d: d["ResourceConfig"].update(InstanceCount="1"), "stands where an integer belongs"),
    (lambda d: d["ResourceConfig"].update(InstanceCount=True), "stands where an integer belongs"),
    (lambda d: d["ResourceConfig"].update(InstanceCount=-1), "-1 is below the minimum of 0"),
    (lambda d: d["StoppingCondition"].update(MaxRuntimeInSeconds=0), "0 is below the minimum of 1"),
    (lambda d: d.update(EnableManagedSpotTraining="yes"), "stands where a boolean belongs"),
    (lambda d: d.update(RoleArn="builder"), "RoleArn: 7 characters is below the minimum of 20"),
    (lambda d: d.update(TrainingJobName="a_b"), "TrainingJobName: 'a_b' does not match the pattern"),
    (lambda d: d.update(TrainingJobName="a" * 64), "64 characters is above the maximum of 63"),
    (lambda d: d.update(HyperParameters=[]), "stands where an object belongs"),
    (
        lambda d: d.update(HyperParameters={"eta": 0.1}),
        "HyperParameters.eta: float '0.1' stands where a string",
    ),
    (lambda d: d.update(InputDataConfig=[]), "0 items is below the minimum of 1"),
    (lambda d: d.update(InputDataConfig={}), "stands where a list belongs"),
    (lambda d: d["InputDataConfig"][0].pop("DataSource"), "InputDataConfig[0]: the required member DataSource"),
    (lambda d: d["OutputDataConfig"].update(S3OutputPath="bucket/model"), "does not match the pattern"),
    (lambda d: d.update(OutputDataConfig="s3://bucket/model"), "stands where an object belongs"),
]


@pytest.mark.parametrize(("plant", "sentence"), FAULTS)
def test_every_planted_fault_is_found_and_named(plant: Callable[[Document], Any], sentence: str) -> None:
    document = copy.deepcopy(SOUND)
    plant(document)
    assert any(sentence in found for found in check(document)), check(document)


def test_each_fault_has_its_own_sentence() -> None:
    assert len(check({**SOUND, "RoleArn": 1, "Wrong": 2, "InputDataConfig": 3})) == 3


def test_what_is_known_later_is_not_checked() -> None:
    shape = operation_model("sagemaker", "CreateTrainingJob").input_shape
    document = SOUND | {"RoleArn": {"Get": "Parameters.Role"}, "InputDataConfig": {"Get": "Parameters.Inputs"}}
    deferred = lambda value: isinstance(value, dict) and "Get" in value  # noqa: E731
    assert list(violations(shape, document, deferred=deferred)) == []
    assert len(list(violations(shape, document))) >= 2


def test_exactly_one_member_of_a_union() -> None:
    shape = service_model("sagemaker").shape_for("MetricSpecification")
    assert shape.is_tagged_union
    assert any("exactly one member" in found for found in violations(shape, {}, "it"))


@pytest.mark.parametrize(
    "service", ["sagemaker", "logs", "iam", "sts", "cloudformation", "codepipeline", "events", "s3", "lambda"]
)
def test_every_pattern_of_the_models_compiles_and_is_used(service: str) -> None:
    """botocore carries Java's spelling: a pattern that Python cannot read would fail a user's request."""
    model = service_model(service)
    for name in model.shape_names:
        shape = model.shape_for(name)
        if shape.type_name == "string" and "pattern" in shape.metadata:
            list(violations(shape, "x", name))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("Passed: über 5 €, 3 × ₹ — 中文。 [a]^-~\\ \U0001f600\u2028", True),
        ("a\nb", False),
        ("a\tb", False),
        ("\x1b[31m", False),
        ("a\u200bb", False),
        ("\ud800", False),
    ],
    ids=["symbols", "newline", "tab", "escape", "zero width", "surrogate"],
)
def test_categories_of_unicode_are_those_of_unicode(text: str, allowed: bool) -> None:
    shape = operation_model("sagemaker", "CreateModelPackage").input_shape
    found = list(violations(shape, {"ModelPackageDescription": text}))
    assert (not found) is allowed


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ([{"Key": "aws:mine", "Value": "x"}], "aws: prefixed tag key names are not allowed"),
        ([{"key": "AWS:mine", "value": "x"}], "aws: prefixed tag key names are not allowed"),
        ({"aws:mine": "x"}, "aws: prefixed tag key names are not allowed"),
        ([{"TagKey": "a", "TagValue": "x"}, {"TagKey": "a", "TagValue": "y"}], "the key 'a' is given more than once"),
    ],
    ids=["list", "another case", "map", "twice"],
)
def test_tags_that_aws_refuses(tags: Any, said: str) -> None:
    (found,) = tag_violations(tags)
    assert said in found


@pytest.mark.parametrize("tags", [None, [], {}, [{"Key": "a"}, {"Key": "A"}, {"Key": "my:aws:tag"}], {"a": "x"}, ["a"]])
def test_tags_that_it_takes(tags: Any) -> None:
    assert list(tag_violations(tags)) == []


def test_the_server_refuses_them_of_every_service(client: Callable[..., Any], fresh: Callable[[str], str]) -> None:
    name, tags = fresh("tagged"), [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    with pytest.raises(ClientError, match="the key 'a' is given more than once"):
        client("sagemaker").create_model_package_group(ModelPackageGroupName=name, Tags=tags)
    with pytest.raises(ClientError, match="aws: prefixed tag key names are not allowed"):
        client("sns").create_topic(Name=name, Tags=[{"Key": "aws:x", "Value": "1"}])
