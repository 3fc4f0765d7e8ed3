"""The strict check of definitions, with planted faults: each must be found, and named with step, path and reason."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from pipelines_kit import ROLE, definition, processing

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.pipelines import catalogue, parameters
from local_aws.pipelines.check import check
from local_aws.pipelines.definition import read
from local_aws.pipelines.steps import KINDS, NOT_SUPPORTED
from local_aws.s3 import objects

Document = dict[str, Any]

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"


def whole() -> Document:
    """A definition with a step of every kind and every form of expression; each fault below is planted in it."""
    prep = processing(
        "Prep",
        "print()",
        outputs={"train": {"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Parameters.Bucket"}, "train"]}}},
        CacheConfig={"Enabled": True, "ExpireAfter": "P30D"},
        RetryPolicies=[{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 3}],
        PropertyFiles=[{"PropertyFileName": "Gate", "OutputName": "train", "FilePath": "gate.json"}],
        DisplayName="Prepare",
    )
    prep["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = {"Get": "Parameters.Count"}
    uri = {"Get": "Steps.Prep.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}
    train = {
        "Name": "Train",
        "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/model"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10},
            "RoleArn": ROLE,
            "HyperParameters": {"eta": "0.1"},
            "InputDataConfig": [
                {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}
            ],
        },
    }
    data = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    model = {
        "Name": "Model",
        "Type": "Model",
        "Arguments": {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": data}},
    }
    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": "credit",
            "ModelApprovalStatus": {"Get": "Parameters.Approval"},
            "InferenceSpecification": {"Containers": [{"Image": IMAGE, "ModelDataUrl": data}]},
        },
    }
    value = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Prep.PropertyFiles.Gate"}, "Path": "auc.lower"}}
    other = {"Std:JsonGet": {"S3Uri": {"Std:Join": {"On": "/", "Values": [uri, "g.json"]}}, "Path": "$['auc']"}}
    comparison = {"Type": "GreaterThan", "LeftValue": value, "RightValue": 0.5}
    either = {
        "Type": "Or",
        "Conditions": [comparison, {"Type": "Not", "Condition": comparison | {"RightValue": other}}],
    }
    fail = {"Name": "Reject", "Type": "Fail", "Arguments": {"ErrorMessage": value}}
    gate = {
        "Name": "Gate",
        "Type": "Condition",
        "Arguments": {"Conditions": [either], "IfSteps": [model, register], "ElseSteps": [fail]},
        "DependsOn": ["Train"],
    }
    parameters = [
        {"Name": "Bucket", "Type": "String", "DefaultValue": "bucket"},
        {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
        {"Name": "Approval", "Type": "String", "DefaultValue": "PendingManualApproval"},
    ]
    return definition([prep, train, gate], parameters)


def test_a_sound_definition_passes() -> None:
    assert check(whole()) == []
    assert set(read(json.dumps(whole())).steps) == {"Prep", "Train", "Gate", "Model", "Register", "Reject"}


def prep(document: Document) -> Document:
    return document["Steps"][0]  # type: ignore[no-any-return]


def train(document: Document) -> Document:
    return document["Steps"][1]  # type: ignore[no-any-return]


def gate(document: Document) -> Document:
    return document["Steps"][2]["Arguments"]  # type: ignore[no-any-return]


def put(place: Callable[[Document], Document], path: str, value: Any) -> Callable[[Document], None]:
    """Plant `value` at a dotted path; a fault that is a missing member is planted as `...`."""

    def plant(document: Document) -> None:
        found: Any = place(document)
        *way, last = path.split(".")
        for part in way:
            found = found[int(part)] if isinstance(found, list) else found[part]
        key: Any = int(last) if isinstance(found, list) else last
        if value is ...:
            del found[key]
        else:
            found[key] = value

    return plant


def get(text: str) -> Document:
    return {"Get": text}


CLUSTER = "Arguments.ProcessingResources.ClusterConfig"

FAULTS: list[tuple[Callable[[Document], None], str]] = [
    # the document
    (put(lambda d: d, "Version", "2021-01-01"), "Version"),
    (put(lambda d: d, "Stages", []), "Stages"),
    (put(lambda d: d, "Steps", []), "at least one step"),
    (put(lambda d: d, "MlflowConfig", {"Arn": "x"}), "MlflowConfig"),
    (put(lambda d: d, "PipelineExperimentConfig.TrialName", get("Execution.Id")), "TrialName"),
    (put(lambda d: d, "Metadata", "x"), "Metadata: an object"),
    # parameters
    (put(lambda d: d, "Parameters.1", {"Name": "F", "Type": "Float", "DefaultValue": float("nan")}), "nan is no Float"),
    (put(lambda d: d, "Parameters.1.DefaultValue", "1"), "Count: the default '1' is no Integer"),
    (put(lambda d: d, "Parameters.1.Type", "Int"), "'Int' is not one of"),
    (put(lambda d: d, "Parameters.1.Name", "Bucket"), "declared twice"),
    (put(lambda d: d, "Parameters.1.DefaultValue", 0), "Prep: ProcessingResources.ClusterConfig.InstanceCount: 0"),
    (put(lambda d: d, "Parameters.2.DefaultValue", "Perhaps"), "Register: ModelApprovalStatus: 'Perhaps'"),
    (put(lambda d: d, "Parameters.0.EnumValues", ["x"]), "'bucket' is not one of x"),
    # steps
    (put(prep, "Name", ...), "Steps[0]"),
    (put(prep, "Name", "Pre p"), "'Pre p'"),
    (put(prep, "Name", "x" * 65), "1 to 64"),
    (put(prep, "Name", "Train"), "another step has this name"),
    (put(prep, "Type", "Preprocessing"), "'Preprocessing': there is none"),
    (put(prep, "Arguments", ...), "Prep: Arguments"),
    (put(prep, "Cache", {}), "Cache is not a member of a Processing step"),
    (put(train, "PropertyFiles", []), "PropertyFiles is not a member of a Training step"),
    (put(gate, "IfSteps.0.CacheConfig", {"Enabled": True}), "CacheConfig is not a member of a Model step"),
    (put(prep, "DisplayName", 1), "DisplayName"),
    (put(prep, "CacheConfig", {"Enabled": "yes"}), "Enabled"),
    (put(prep, "CacheConfig", {"Enabled": True}), "ExpireAfter is needed"),
    (put(prep, "CacheConfig.ExpireAfter", "a month"), "ISO 8601"),
    (put(prep, "RetryPolicies.0.MaxAttempts", -1), "MaxAttempts"),
    (put(prep, "RetryPolicies.0.ExceptionType", ["Step.ANY"]), "Step.ANY"),
    (put(prep, "PropertyFiles.0.OutputName", "test"), "no output 'test'"),
    (put(prep, "PropertyFiles.0.FilePath", ...), "PropertyFiles"),
    (put(train, "DependsOn", ["Preparation"]), "no step 'Preparation'"),
    (put(train, "DependsOn", "Prep"), "DependsOn"),
    (put(train, "DependsOn", [{"Step": "Prep", "Trigger": "Maybe"}]), "Trigger"),
    (put(prep, "DependsOn", ["Gate"]), "in a circle"),
    # references
    (put(prep, f"{CLUSTER}.InstanceCount", get("Parameters.Counts")), "the parameter Counts is not declared"),
    (put(prep, f"{CLUSTER}.InstanceCount", get("Param.Count")), "'Param.Count'"),
    (put(prep, f"{CLUSTER}.InstanceCount", get("Execution.Instances")), "no such variable"),
    (put(prep, f"{CLUSTER}.InstanceCount", get("Steps.Prep.ProcessingJobName")), "in a circle"),
    (put(train, "Arguments.RoleArn", get("Steps.Preparation.RoleArn")), "no step Preparation"),
    (put(train, "Arguments.RoleArn", get("Steps.Prep.Role")), "'Role' is not in DescribeProcessingJobResponse"),
    (put(train, "Arguments.RoleArn", get("Steps.Prep.RoleArn.Name")), "'Name' is not in RoleArn"),
    (put(train, "Arguments.RoleArn", get("Steps.Gate.Result")), "one property, Outcome"),
    (put(gate, "Conditions.0.Conditions.0.LeftValue", get("Steps.Reject.Message")), "has no properties"),
    (put(prep, "Arguments.RoleArn", {"Std:Join": {"On": "/"}}), "Std:Join"),
    (put(gate, "Conditions.0.Conditions.0.LeftValue.Std:JsonGet.Path", "a["), "not a path"),
    (put(gate, "Conditions.0.Conditions.0.LeftValue.Std:JsonGet.Path", ...), "needs a Path"),
    (
        put(gate, "Conditions.0.Conditions.0.LeftValue.Std:JsonGet.PropertyFile", get("Steps.Prep.PropertyFiles.G")),
        "no property file 'G'",
    ),
    (put(gate, "Conditions.0.Conditions.1.Condition.RightValue.Std:JsonGet.S3Uri", 5), "S3Uri: 5 is neither"),
    # conditions and Fail
    (put(gate, "Conditions", []), "at least one condition"),
    (put(gate, "Conditions.0.Conditions", []), "Conditions[0].Conditions: at least one condition"),
    (put(prep, "Arguments.RoleArn", {"Std:Join": {"On": 5, "Values": []}}), "On: 5 is not a string"),
    (put(gate, "ElseSteps.0.Arguments.ErrorMessage", 5), "ErrorMessage: a string or an expression"),
    (put(gate, "Conditions.0.Type", "And"), "'And' is not a type"),
    (put(gate, "Conditions.0.Conditions.0.RightValue", ...), "RightValue is missing"),
    (put(gate, "ThenSteps", []), "ThenSteps"),
    (put(gate, "ElseSteps.0.Arguments.Message", "x"), "Message is not a member"),
    # arguments against the request shapes
    (put(prep, f"{CLUSTER}.InstanceType", "ml.m5.tiny"), "ClusterConfig.InstanceType: 'ml.m5.tiny' is not one of"),
    (put(prep, f"{CLUSTER}.VolumeSizeInGB", 0), "VolumeSizeInGB: 0 is below the minimum"),
    (put(prep, f"{CLUSTER}.VolumeSizeInGB", "30"), "VolumeSizeInGB: str '30' stands where an integer belongs"),
    (put(prep, f"{CLUSTER}.Volume", 1), "Volume is not a member"),
    (put(prep, "Arguments.RoleArn", "pipelines"), "RoleArn"),
    (put(prep, "Arguments.RoleArn", ...), "Prep: The request: the required member RoleArn is missing"),
    (put(prep, "Arguments.AppSpecification.ContainerEntrypoint", "python3"), "where a list belongs"),
    (put(prep, "Arguments.Environment", {"A": "x" * 257}), "above the maximum of 256"),
    (put(prep, "Arguments.Environment", {"A": 1}), "Environment.A"),
    (put(train, "Arguments.HyperParameters.eta", 0.1), "HyperParameters.eta: float"),
    (put(train, "Arguments.HyperParameters.eta", get("Parameters.Count")), "HyperParameters.eta: int '1'"),
    (put(train, "Arguments.AlgorithmSpecification.TrainingInputMode", "Files"), "'Files' is not one of"),
    (put(train, "Arguments.StoppingCondition.MaxRuntimeInSeconds", 0), "below the minimum"),
    (put(train, "Arguments.OutputDataConfig.S3OutputPath", "/tmp/model"), "does not match the pattern"),
    (put(gate, "IfSteps.1.Arguments.ModelPackageGroupName", "my group"), "does not match the pattern"),
    (put(gate, "IfSteps.0.Arguments.ExecutionRoleArn", "role"), "Model: ExecutionRoleArn"),
]


@pytest.mark.parametrize(("plant", "sentence"), FAULTS, ids=[sentence for _, sentence in FAULTS])
def test_a_planted_fault_is_found(plant: Callable[[Document], None], sentence: str) -> None:
    document = whole()
    plant(document)
    found = check(document)
    assert any(sentence in item for item in found), found


@pytest.mark.parametrize("kind", sorted(NOT_SUPPORTED))
def test_what_does_not_run_here_is_refused_by_name(aws: Aws, kind: str) -> None:
    document = whole()
    document["Steps"].append({"Name": "Later", "Type": kind, "Arguments": {}})
    with pytest.raises(AwsError) as caught:
        catalogue.create(aws, {"PipelineName": "p", "PipelineDefinition": json.dumps(document), "RoleArn": ROLE})
    assert caught.value.code == "ValidationException"
    assert f"The step Later: Type '{kind}': local_aws does not support" in caught.value.message
    assert not KINDS.keys() & NOT_SUPPORTED


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "{}"])
def test_what_is_no_definition_is_refused(aws: Aws, text: str) -> None:
    with pytest.raises(AwsError) as caught:
        catalogue.create(aws, {"PipelineName": "p", "PipelineDefinition": text, "RoleArn": ROLE})
    assert caught.value.code == "ValidationException"


@pytest.mark.parametrize("junk", [None, 1, "x", [], {}, [None], {"a": 1}, {"Get": []}, {"Get": {}}])
def test_junk_in_any_place_ends_in_sentences(junk: Any) -> None:
    """Whatever stands at whatever place of a definition, the check answers and does not break."""
    document = whole()

    def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        items = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
        return [(*way, key) for key, _ in items] + [place for key, item in items for place in places(item, (*way, key))]

    for way in places(document):
        broken = copy.deepcopy(document)
        target: Any = broken
        for part in way[:-1]:
            target = target[part]
        target[way[-1]] = junk
        assert all(isinstance(sentence, str) for sentence in check(broken))


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_definition_that_is_nested_too_deeply_is_refused(aws: Aws, depth: int) -> None:
    text = json.dumps(whole()).replace('"print()"', "[" * depth + "]" * depth)
    with pytest.raises(AwsError) as caught:
        catalogue.create(aws, {"PipelineName": "p", "PipelineDefinition": text, "RoleArn": ROLE})
    assert caught.value.code == "ValidationException"


def test_a_definition_in_s3_that_is_not_utf8_is_refused(aws: Aws) -> None:
    with aws.store.transaction():
        aws.store.sql("INSERT INTO buckets VALUES ('b', 0, '{}')")
        objects.put(aws, "b", "p.json", objects.stage(aws, b'{"Version": "\xff"}'))
    location = {"Bucket": "b", "ObjectKey": "p.json"}
    with pytest.raises(AwsError, match=r"s3://b/p.json is not UTF-8"):
        catalogue.create(aws, {"PipelineName": "p", "PipelineDefinitionS3Location": location, "RoleArn": ROLE})


@pytest.mark.parametrize("given", [["nan"], ["inf"], ["1e999"], ["x"], [""], ["1", "1"]])
def test_values_that_no_parameter_takes(given: list[str]) -> None:
    declared = [{"Name": "F", "Type": "Float", "DefaultValue": 0.5}]
    with pytest.raises(AwsError, match=r"The parameter F is (of type Float|given twice)"):
        parameters.bind(declared, [{"Name": "F", "Value": value} for value in given])
