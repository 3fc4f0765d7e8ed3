"""The strict walker against botocore's own shapes."""

from typing import Any

import botocore.session
import pytest

from contract.shapes import _compiled, violations

SERVICES = (
    "sagemaker",
    "application-autoscaling",
    "cloudwatch",
    "events",
    "scheduler",
    "codepipeline",
    "codebuild",
    "iam",
)


def shape(operation: str) -> Any:
    return botocore.session.Session().get_service_model("sagemaker").operation_model(operation).input_shape


@pytest.mark.parametrize("service", SERVICES)
def test_every_pattern_of_the_service_compiles(service: str) -> None:
    model = botocore.session.Session().get_service_model(service)
    patterns = {model.shape_for(name).metadata.get("pattern") for name in model.shape_names} - {None}
    assert all(_compiled(pattern) for pattern in patterns)


GOOD = {"EndpointName": "credit-staging", "EndpointConfigName": "credit-1"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"EndpointName": "credit_staging"}, "EndpointName"),
        ({"EndpointName": "c" * 64}, "EndpointName"),
        ({"EndpointName": 7}, "EndpointName"),
        ({"EndpointNam": "x"}, "EndpointNam"),
        ({"Tags": {"Key": "a"}}, "Tags"),
        ({"Tags": [{"Key": "a"}]}, "Tags[0].Value"),
        ({"DeploymentConfig": {"AutoRollbackConfiguration": {"Alarms": []}}}, "Alarms"),
    ],
)
def test_what_aws_refuses_is_a_violation_at_its_place(change: dict[str, Any], place: str) -> None:
    assert not list(violations(GOOD, shape("CreateEndpoint"), "Endpoint"))
    found = list(violations({**GOOD, **change}, shape("CreateEndpoint"), "Endpoint"))
    assert len(found) >= 1
    assert any(place in sentence.split(":")[0] for sentence in found)


def test_a_deferred_value_is_left_to_its_judge() -> None:
    judged = list(
        violations(
            {**GOOD, "EndpointName": {"Ref": "X"}},
            shape("CreateEndpoint"),
            "Endpoint",
            lambda place, value, _: iter([f"{place}: later"]) if value == {"Ref": "X"} else None,
        )
    )
    assert judged == ["Endpoint.EndpointName: later"]


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
    found = list(violations({"ModelPackageDescription": text}, shape("CreateModelPackage"), "Package"))
    assert (not found) is allowed
