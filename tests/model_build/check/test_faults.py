"""Faults planted in a good definition, one at a time: each must be found, at its place, and it alone."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from contract.errors import InputError
from model_build.check import refuse, violations

Definition = dict[str, Any]


def step(definition: Definition, name: str) -> dict[str, Any]:
    waiting = list(definition["Steps"])
    for one in waiting:
        if one["Name"] == name:
            found: dict[str, Any] = one
            return found
        if one["Type"] == "Condition":
            waiting += one["Arguments"]["IfSteps"] + one["Arguments"]["ElseSteps"]
    raise KeyError(name)


def arguments(definition: Definition, name: str) -> dict[str, Any]:
    found: dict[str, Any] = step(definition, name)["Arguments"]
    return found


def put(name: str, path: str, value: Any) -> Callable[[Definition], None]:
    """A fault that sets a member of a step's arguments; None removes it."""

    def plant(definition: Definition) -> None:
        *above, last = path.split("/")
        inside: Any = arguments(definition, name)
        for part in above:
            inside = inside[int(part) if part.isdigit() else part]
        if value is None:
            del inside[last]
        elif isinstance(inside, list):
            inside[int(last)] = value
        else:
            inside[last] = value

    return plant


def member(name: str, key: str, value: Any) -> Callable[[Definition], None]:
    """A fault in a step beside its arguments."""
    return lambda definition: step(definition, name).__setitem__(key, value)


def top(change: Callable[[Definition], Any]) -> Callable[[Definition], None]:
    return lambda definition: change(definition) and None


def parameter(name: str, **changes: Any) -> Callable[[Definition], None]:
    return lambda definition: next(one for one in definition["Parameters"] if one["Name"] == name).update(changes)


def get(target: str) -> dict[str, str]:
    return {"Get": target}


GATE = "Steps.Verdict.PropertyFiles.Gate"

FAULTS: dict[str, tuple[Callable[[Definition], None], str]] = {
    # types, required and unknown members
    "text for a number": (put("Train", "ResourceConfig/VolumeSizeInGB", "30"), "VolumeSizeInGB"),
    "number for a text": (put("Train", "HyperParameters/max_depth", 6), "max_depth"),
    "text for a boolean": (put("Train", "EnableNetworkIsolation", "true"), "EnableNetworkIsolation"),
    "boolean for a number": (put("Train", "ResourceConfig/VolumeSizeInGB", True), "VolumeSizeInGB"),
    "object for a list": (put("Train", "InputDataConfig", {}), "InputDataConfig"),
    "list for an object": (put("Evaluate", "AppSpecification", []), "AppSpecification"),
    "role left out": (put("Train", "RoleArn", None), "RoleArn"),
    "image left out": (put("Evaluate", "AppSpecification/ImageUri", None), "ImageUri"),
    "output left out": (put("Train", "OutputDataConfig", None), "OutputDataConfig"),
    "member misspelt": (put("Evaluate", "Enviroment", {}), "Enviroment"),
    "nested member misspelt": (put("Train", "ResourceConfig/InstanceTyp", "ml.m5.large"), "InstanceTyp"),
    "member of another job": (put("Evaluate", "HyperParameters", {"a": "b"}), "HyperParameters"),
    "job named": (put("Train", "TrainingJobName", "credit"), "TrainingJobName"),
    # enums, patterns, ranges
    "instance type unknown": (parameter("TrainingInstanceType", DefaultValue="ml.m5.larg"), "InstanceType"),
    "distribution unknown": (
        put("PreprocessEncode", "ProcessingInputs/0/S3Input/S3DataDistributionType", "Sharded"),
        "S3DataDistributionType",
    ),
    "input mode unknown": (put("Train", "AlgorithmSpecification/TrainingInputMode", "Files"), "TrainingInputMode"),
    "role is no ARN": (put("Train", "RoleArn", "pipeline-role"), "RoleArn"),
    "S3 address without s3": (put("Evaluate", "ProcessingInputs/3/S3Input/S3Uri", "settings/"), "S3Uri"),
    "channel with a blank": (put("Train", "InputDataConfig/0/ChannelName", "train data"), "ChannelName"),
    "no instance": (put("Train", "ResourceConfig/InstanceCount", 0 - 1), "InstanceCount"),
    "volume beyond the limit": (
        put("Evaluate", "ProcessingResources/ClusterConfig/VolumeSizeInGB", 20_000),
        "VolumeSizeInGB",
    ),
    "runtime too long": (put("Evaluate", "StoppingCondition/MaxRuntimeInSeconds", 10_000_000), "MaxRuntimeInSeconds"),
    "environment value too long": (put("Evaluate", "Environment/MODEL", "m" * 257), "MODEL"),
    "empty entry point": (put("Evaluate", "AppSpecification/ContainerEntrypoint", []), "ContainerEntrypoint"),
    "hash too long": (put("Register", "CustomerMetadataProperties/code-sha256", "0" * 257), "code-sha256"),
    "metadata with a comma": (put("Register", "CustomerMetadataProperties/code-sha256", "a,b"), "code-sha256"),
    "task unknown": (put("Register", "SkipModelValidation", "Yes"), "SkipModelValidation"),
    "approval unknown": (
        parameter("ModelApprovalStatus", EnumValues=["PendingManualApproval", "Fine"]),
        "ModelApprovalStatus",
    ),
    # references
    "parameter undeclared": (put("Evaluate", "Environment/TEST", get("Parameters.Nothing")), "Nothing"),
    "execution variable unknown": (put("Evaluate", "Environment/TEST", get("Execution.Id")), "execution variable"),
    "step unknown": (put("Evaluate", "Environment/TEST", get("Steps.Nobody.TrainingJobArn")), "Nobody"),
    "property unknown": (put("Evaluate", "Environment/TEST", get("Steps.Train.ModelArtefacts")), "ModelArtefacts"),
    "output unknown": (
        put("Train", "InputDataConfig/0/DataSource/S3DataSource/S3Uri",
            get("Steps.PreprocessEncode.ProcessingOutputConfig.Outputs['training'].S3Output.S3Uri")),
        "training",
    ),
    "property is an object": (
        put("Evaluate", "Environment/TEST", get("Steps.Train.ModelArtifacts")),
        "structure",
    ),
    "text where a number belongs": (
        put("Train", "ResourceConfig/InstanceCount", get("Parameters.TrainingInstanceType")),
        "InstanceCount",
    ),
    "number where a text belongs": (
        put("Train", "ResourceConfig/InstanceType", get("Parameters.ProcessingInstanceCount")),
        "InstanceType",
    ),
    "expression for an object": (
        put("Train", "StoppingCondition", get("Parameters.InputDataUrl")),
        "StoppingCondition",
    ),
    "joined number": (
        put("Train", "ResourceConfig/InstanceCount", {"Std:Join": {"On": "", "Values": ["1"]}}),
        "InstanceCount",
    ),
    "join without a separator": (put("Evaluate", "Environment/TEST", {"Std:Join": {"Values": ["a"]}}), "Std:Join"),
    "path that is none": (
        put("Evaluate", "Environment/TEST", get("Steps.Train.ModelArtifacts[")),
        "ModelArtifacts",
    ),
    "root unknown": (put("Evaluate", "Environment/TEST", get("Pipeline.Name")), "Pipeline.Name"),
    "a step refers to itself": (put("Train", "Environment/A", get("Steps.Train.TrainingJobArn")), "itself"),
    "a step behind a condition": (
        put("Evaluate", "Environment/TEST", get("Steps.Register.ModelPackageArn")),
        "Register",
    ),
    "property file unknown": (
        put("Reject", "Conditions/0/LeftValue",
            {"Std:JsonGet": {"PropertyFile": get("Steps.Evaluate.PropertyFiles.Gates"), "Path": "passed"}}),
        "Gates",
    ),
    "property file of another step": (
        put("Reject", "Conditions/0/LeftValue",
            {"Std:JsonGet": {"PropertyFile": get("Steps.Train.PropertyFiles.Gate"), "Path": "passed"}}),
        "Train",
    ),
    "JSON path that is none": (
        put("Reject", "Conditions/0/LeftValue", {"Std:JsonGet": {"PropertyFile": get(GATE), "Path": "$[?]"}}),
        "path",
    ),
    "JSON without a source": (put("Reject", "Conditions/0/LeftValue", {"Std:JsonGet": {"Path": "passed"}}), "JsonGet"),
    "circle": (put("PreprocessFit", "Environment/A", get("Steps.Train.TrainingJobArn")), "wait for each other"),
    # steps and conditions
    "step type unknown": (member("Train", "Type", "Train"), "step type"),
    "two steps of one name": (member("PreprocessFit", "Name", "Evaluate"), "2 steps"),
    "name with a dot": (member("PreprocessFit", "Name", "Preprocess.Fit"), "step name"),
    "depends on nobody": (member("Train", "DependsOn", ["Nobody"]), "Nobody"),
    "unknown member of a step": (member("Train", "Cache", {}), "Cache"),
    "a cached registration": (member("Register", "CacheConfig", {"Enabled": True}), "CacheConfig"),
    "expiry that is no duration": (member("Train", "CacheConfig", {"Enabled": True, "ExpireAfter": "30d"}), "30d"),
    "caching by text": (member("Train", "CacheConfig", {"Enabled": "yes"}), "Enabled"),
    "property file of no output": (
        member("Verdict", "PropertyFiles", [{"PropertyFileName": "Gate", "OutputName": "gate", "FilePath": "g"}]),
        "PropertyFiles",
    ),
    "retry of an unknown exception": (
        member("Train", "RetryPolicies", [{"ExceptionType": ["Step.OOPS"], "MaxAttempts": 2}]),
        "Step.OOPS",
    ),
    "condition type unknown": (put("Reject", "Conditions/0/Type", "Equal"), "Equal"),
    "condition without a side": (put("Reject", "Conditions/0/RightValue", None), "Conditions[0]"),
    "no condition": (put("Reject", "Conditions", []), "Conditions"),
    "condition on a list": (put("Reject", "Conditions/0/RightValue", [True]), "RightValue"),
    "empty branches": (put("Reject", "IfSteps", []), "branches"),
    "failing without a word": (put("Fail", "ErrorMessage", None), "ErrorMessage"),
    # parameters and the whole
    "default of another type": (parameter("ProcessingInstanceCount", DefaultValue="1"), "ProcessingInstanceCount"),
    "parameter type unknown": (parameter("InputDataUrl", Type="Text"), "Text"),
    "default outside of its values": (parameter("ModelApprovalStatus", DefaultValue="Fine"), "Fine"),
    "parameter twice": (top(lambda d: d["Parameters"].append(dict(d["Parameters"][0]))), "2 parameters"),
    "no step": (top(lambda d: d.update(Steps=[])), "no step"),
    "version unknown": (top(lambda d: d.update(Version="2020-12-02")), "2020-12-02"),
    "unknown member of the whole": (top(lambda d: d.update(Outputs={})), "Outputs"),
    "experiment of nowhere": (
        top(lambda d: d.update(PipelineExperimentConfig={"ExperimentName": get("Execution.Nothing")})),
        "Nothing",
    ),
}  # fmt: skip


def test_the_definition_of_credit_is_good(credit: Definition) -> None:
    assert violations(credit) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(fault: str, credit: Definition) -> None:
    plant, where = FAULTS[fault]
    bad = copy.deepcopy(credit)
    plant(bad)
    found = violations(bad)
    assert any(where in line for line in found), found


def test_conditions_do_not_nest(credit: Definition) -> None:
    bad = copy.deepcopy(credit)
    gate, reject = step(bad, "Gate"), step(bad, "Reject")
    bad["Steps"].remove(reject)
    gate["Arguments"]["ElseSteps"] = [reject]
    assert any("inside of another" in line for line in violations(bad))


def test_what_is_no_definition() -> None:
    assert violations([]) == ["the definition: it is no object with a list of Steps"]
    with pytest.raises(InputError, match="would be refused: Steps: there is no step"):
        refuse(json.dumps({"Version": "2020-12-01", "Steps": []}))
