"""Expressions, conditions, parameters, durations and retries: the pure parts of the definition language."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.errors import AwsError
from local_aws.pipelines import durations, parameters, retries
from local_aws.pipelines.conditions import holds, violations
from local_aws.pipelines.expressions import (
    ExpressionError,
    Reference,
    as_text,
    evaluate,
    look_up,
    parse_get,
    parse_path,
    steps_in,
)

DESCRIBED = {
    "ProcessingOutputConfig": {"Outputs": [{"OutputName": "train", "S3Output": {"S3Uri": "s3://b/train"}}]},
    "FinalMetricDataList": [{"MetricName": "validation:auc", "Value": 0.5}],
    "HyperParameters": {"eta": "0.1", "a.b": "dotted"},
}
GATE = {"metrics": {"auc": {"lower": 0.75}}, "rows": [{"n": 3}], "odd key": True, "none": None}


class Scope:
    def parameter(self, name: str) -> Any:
        return {"Count": 2, "Rate": 0.5, "Flag": True, "Name": "x"}[name]

    def execution(self, name: str) -> str:
        return f"<{name}>"

    def properties(self, step: str) -> Any:
        assert step == "Prep-1_a"
        return DESCRIBED

    def property_file(self, step: str, name: str) -> Any:
        assert (step, name) == ("Prep-1_a", "gate")
        return GATE

    def json_object(self, uri: str) -> Any:
        assert uri == "s3://b/gate.json"
        return GATE


def value(expression: Any) -> Any:
    return evaluate(expression, Scope())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Steps.Prep-1_a.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri", "s3://b/train"),
        ('Steps.Prep-1_a.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri', "s3://b/train"),
        ("Steps.Prep-1_a.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri", "s3://b/train"),
        ("Steps.Prep-1_a.FinalMetricDataList['validation:auc'].Value", 0.5),
        ("Steps.Prep-1_a.HyperParameters['a.b']", "dotted"),
        ("Parameters.Count", 2),
        ("Execution.PipelineName", "<PipelineName>"),
    ],
)
def test_get(text: str, wanted: Any) -> None:
    assert value({"Get": text}) == wanted


@pytest.mark.parametrize("text", ["Steps", "Step.X.Y", "Parameters.A.B", "Steps.X.a[", "Steps.X.a[one]", "Steps.X[' ]"])
def test_get_that_is_malformed(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_get(text)


def test_a_missing_property_says_which_part() -> None:
    with pytest.raises(ExpressionError, match="no 'Absent'"):
        value({"Get": "Steps.Prep-1_a.ProcessingOutputConfig.Absent"})


def test_join_writes_scalars_as_json_does_and_text_as_it_is() -> None:
    parts = ["s3:/", {"Get": "Parameters.Name"}, {"Get": "Parameters.Count"}, {"Get": "Parameters.Flag"}, 0.5]
    assert value({"Std:Join": {"On": "/", "Values": parts}}) == "s3://x/2/true/0.5"
    with pytest.raises(ExpressionError):
        value({"Std:Join": {"On": "", "Values": [{"Get": "Steps.Prep-1_a.HyperParameters"}]}})


@pytest.mark.parametrize(
    ("path", "wanted"), [("metrics.auc.lower", 0.75), ("$.rows[0].n", 3), ("['odd key']", True), ("rows[0]['n']", 3)]
)
def test_both_forms_of_json_get(path: str, wanted: Any) -> None:
    file = {"Get": "Steps.Prep-1_a.PropertyFiles.gate"}
    assert value({"Std:JsonGet": {"PropertyFile": file, "Path": path}}) == wanted
    uri = {"Std:Join": {"On": "/", "Values": ["s3://b", "gate.json"]}}
    assert value({"Std:JsonGet": {"S3Uri": uri, "Path": path}}) == wanted


@pytest.mark.parametrize("path", ["metrics.absent", "rows[1].n", "metrics", "rows", "none"])
def test_json_get_of_what_is_no_scalar_or_not_there(path: str) -> None:
    with pytest.raises(ExpressionError):
        value({"Std:JsonGet": {"S3Uri": "s3://b/gate.json", "Path": path}})


def test_expressions_are_replaced_wherever_they_stand() -> None:
    tree = {"a": [{"b": {"Get": "Parameters.Count"}}], "Get": "no expression here", "c": None}
    assert value(tree) == {"a": [{"b": 2}], "Get": "no expression here", "c": None}
    assert steps_in([{"Std:Join": {"On": "", "Values": [{"Get": "Steps.A.X"}]}}, {"Get": "Steps.B.Y"}]) == {"A", "B"}


names = st.text(st.characters(blacklist_characters=".[]'\"$", blacklist_categories=["Cs"]), min_size=1)
quoted = st.text(st.characters(blacklist_characters="'", blacklist_categories=["Cs"]), min_size=1)


@given(st.lists(st.one_of(names, st.integers(0, 99)), min_size=1))
def test_a_path_leads_back_to_its_parts(parts: list[str | int]) -> None:
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    assert parse_path(f"${dotted}") == tuple(parts)


@given(st.lists(quoted, min_size=1))
def test_quoted_keys_may_hold_anything_but_the_quote(keys: list[str]) -> None:
    path = parse_path("".join(f"['{key}']" for key in keys))
    assert path == tuple(keys)
    document: Any = "leaf"
    for key in reversed(keys):
        document = {key: document}
    assert look_up(document, path, "it") == "leaf"


@given(st.one_of(st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_joined_number_reads_back(number: Any) -> None:
    import json

    assert json.loads(as_text(number)) == number


def test_parse_get_splits_step_names_with_hyphens() -> None:
    assert parse_get("Steps.My-Step_1.A.B") == Reference("Steps", "My-Step_1", ("A", "B"))


# conditions


def compare(kind: str, left: Any, right: Any) -> bool:
    return holds({"Type": kind, "LeftValue": left, "RightValue": right}, lambda item: item)


def test_comparisons() -> None:
    assert compare("Equals", "a", "a")
    assert compare("Equals", 1, 1.0)
    assert not compare("Equals", True, False)
    assert compare("GreaterThan", 2, 1)
    assert not compare("GreaterThan", 1, 1)
    assert compare("GreaterThanOrEqualTo", 1, 1)
    assert compare("LessThan", 1, 1.5)
    assert compare("LessThanOrEqualTo", 1, 1)
    assert compare("LessThan", "a", "b")


@pytest.mark.parametrize(
    ("kind", "left", "right"),
    [("Equals", "1", 1), ("Equals", True, 1), ("GreaterThan", True, False), ("LessThan", "a", 1), ("Equals", None, 1)],
)
def test_values_of_two_types_are_not_compared(kind: str, left: Any, right: Any) -> None:
    with pytest.raises(ExpressionError):
        compare(kind, left, right)


def test_in_not_or() -> None:
    inside = {"Type": "In", "QueryValue": "a", "Values": ["a", "b"]}
    outside = {"Type": "In", "QueryValue": "c", "Values": ["a", "b"]}
    assert holds(inside, lambda item: item)
    assert holds({"Type": "Not", "Condition": outside}, lambda item: item)
    assert holds({"Type": "Or", "Conditions": [outside, inside]}, lambda item: item)
    assert not holds({"Type": "Or", "Conditions": [outside, outside]}, lambda item: item)


@pytest.mark.parametrize(
    "condition",
    [
        {"Type": "Near", "LeftValue": 1, "RightValue": 1},
        {"Type": "Equals", "LeftValue": 1},
        {"Type": "Equals", "LeftValue": 1, "RightValue": 1, "Tolerance": 0.1},
        {"Type": "In", "QueryValue": 1, "Values": 1},
        {"Type": "Not", "Condition": {"Type": "Nor"}},
        {"Type": "Or", "Conditions": [{}]},
        "Equals",
    ],
)
def test_conditions_that_are_malformed(condition: Any) -> None:
    assert list(violations(condition, "here"))


# parameters

DECLARED = [
    {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
    {"Name": "Rate", "Type": "Float", "DefaultValue": 1},
    {"Name": "Flag", "Type": "Boolean", "DefaultValue": False},
    {"Name": "Size", "Type": "String", "DefaultValue": "s", "EnumValues": ["s", "m"]},
    {"Name": "Data", "Type": "String"},
]


def bind(**texts: str) -> dict[str, Any]:
    return parameters.bind(DECLARED, [{"Name": name, "Value": text} for name, text in texts.items()])


def test_parameters_get_their_types() -> None:
    assert list(parameters.violations(DECLARED)) == []
    found = bind(Data="s3://b", Count="3", Rate="0.25", Flag="true", Size="m")
    assert found == {"Count": 3, "Rate": 0.25, "Flag": True, "Size": "m", "Data": "s3://b"}
    assert bind(Data="d")["Count"] == 1


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"Data": "d", "Count": "three"},
        {"Data": "d", "Count": "1.5"},
        {"Data": "d", "Flag": "yes"},
        {"Data": "d", "Size": "xl"},
        {"Data": "d", "Absent": "1"},
    ],
)
def test_parameters_that_are_refused(texts: dict[str, str]) -> None:
    with pytest.raises(AwsError) as caught:
        bind(**texts)
    assert caught.value.code == "ValidationException"


@pytest.mark.parametrize(
    "declared",
    [
        [{"Name": "A", "Type": "Number"}],
        [{"Name": "A", "Type": "Integer", "DefaultValue": "1"}],
        [{"Name": "A", "Type": "Integer", "DefaultValue": True}],
        [{"Name": "A", "Type": "Boolean", "DefaultValue": 1}],
        [{"Name": "A", "Type": "String", "DefaultValue": "x", "EnumValues": ["y"]}],
        [{"Name": "A", "Type": "Integer", "EnumValues": [1]}],
        [{"Name": "A", "Type": "String"}, {"Name": "A", "Type": "String"}],
        [{"Type": "String"}],
        {"A": "String"},
    ],
)
def test_declarations_that_are_wrong(declared: Any) -> None:
    assert list(parameters.violations(declared))


# durations and retries


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("PT1H", 3600),
        ("P30D", 30 * 86400),
        ("30d", 30 * 86400),
        ("T16m", 960),
        ("30dT5h", 30 * 86400 + 5 * 3600),
        ("P1M", 30 * 86400),
        ("PT1M", 60),
        ("P2MT3M", 60 * 86400 + 180),
        ("P1Y2W", 379 * 86400),
        ("PT9S", 9),
    ],
)
def test_durations(text: str, wanted: float) -> None:
    assert durations.seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "P", "T", "1 hour", "PT", "P1H", "-P1D"])
def test_durations_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        durations.seconds(text)


def test_retries_back_off_and_end() -> None:
    kind = "SageMaker.JOB_INTERNAL_ERROR"
    policy = {"ExceptionType": [kind], "IntervalSeconds": 10, "BackoffRate": 2.0, "MaxAttempts": 2}
    assert [retries.delay([policy], kind, tries, 0) for tries in (1, 2, 3)] == [10, 20, None]
    bounded = {"ExceptionType": [kind], "IntervalSeconds": 30, "ExpireAfterMin": 1}
    assert retries.delay([bounded], kind, 1, 0) == 30
    assert retries.delay([bounded], kind, 2, 31) is None
    assert retries.delay([], kind, 1, 0) is None
    assert retries.delay([], "Step.THROTTLING", 1, 0) == 1
    assert retries.delay([], "Step.THROTTLING", 6, 0) is None
    never = {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 0}
    assert retries.delay([never], "Step.THROTTLING", 1, 0) is None


def test_which_failures_are_tried_again() -> None:
    assert retries.type_of_error(AwsError("ResourceLimitExceeded", "")) == "SageMaker.RESOURCE_LIMIT"
    assert retries.type_of_error(AwsError("InternalFailure", "", status=500)) == "Step.SERVICE_FAULT"
    assert retries.type_of_error(AwsError("ValidationException", "")) is None
    assert retries.type_of_error(AwsError("NotImplemented", "", status=501)) is None
    assert retries.type_of_reason("AlgorithmError: no, exit code: 1") is None
    assert retries.type_of_reason("InternalServerError: once more") == "SageMaker.JOB_INTERNAL_ERROR"


@pytest.mark.parametrize(
    "policies",
    [
        [{"ExceptionType": ["Step.OTHER"], "MaxAttempts": 1}],
        [{"ExceptionType": ["Step.THROTTLING"], "Attempts": 1}],
        [{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 21}],
        [{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 2, "ExpireAfterMin": 1}],
        [{"ExceptionType": "Step.THROTTLING", "MaxAttempts": 1}],
        {},
    ],
)
def test_policies_that_are_wrong(policies: Any) -> None:
    assert list(retries.violations(policies, "here"))
