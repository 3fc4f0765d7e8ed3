"""Lists in pages, and things that only have to be remembered."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.crud import Resource, cut, page
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations

MODEL = Resource(
    "sagemaker",
    "sagemaker:Model",
    "ModelName",
    ("ModelArn", "model/{}"),
    "CreateModel",
    "DescribeModel",
    "ListModels",
    "DeleteModel",
    into="Models",
)


def item(name: str, created: float, **more: Any) -> dict[str, Any]:
    return {"Name": name, "CreationTime": created, **more}


def pages(items: list[dict[str, Any]], size: int, **request: Any) -> list[list[str]]:
    found: list[list[str]] = []
    token = None
    while token is not None or not found:
        answer = page(items, request | {"MaxResults": size, "NextToken": token}, into="Items", name="Name")
        found.append([each["Name"] for each in answer["Items"]])
        token = answer["NextToken"]
    return found


def test_newest_first_in_pages() -> None:
    items = [item("a", 1.0), item("b", 3.0), item("c", 2.0)]
    assert pages(items, 2) == [["b", "c"], ["a"]]
    assert pages(items, 3, SortBy="Name", SortOrder="Ascending") == [["a", "b", "c"]]


def test_filters() -> None:
    items = [item("train-A", 1.0), item("train-b", 2.0), item("other", 3.0)]
    assert pages(items, 9, NameContains="TRAIN") == [["train-b", "train-A"]]
    assert pages(items, 9, CreationTimeAfter=2.0) == [["other", "train-b"]]
    assert pages(items, 9, CreationTimeBefore=1.5) == [["train-A"]]


@given(st.lists(st.tuples(st.integers(0, 5), st.text(max_size=3)), unique=True), st.integers(1, 4), st.booleans())
def test_pages_hold_each_item_once_and_in_order(raw: list[tuple[int, str]], size: int, descending: bool) -> None:
    items = [{"At": list(pair)} for pair in raw]
    found: list[Any] = []
    token = None
    while True:
        some, token = cut(items, lambda each: each["At"], token, size, descending=descending)
        found += some
        if token is None:
            break
    assert found == sorted(items, key=lambda each: each["At"], reverse=descending)


def test_what_comes_and_goes_between_two_pages_neither_repeats_nor_hides() -> None:
    items = [item(name, float(number)) for number, name in enumerate("abcd")]
    first = page(items, {"MaxResults": 2}, into="Items", name="Name")
    later = [item("new", 9.0), *[each for each in items if each["Name"] != "d"]]
    second = page(later, {"MaxResults": 2, "NextToken": first["NextToken"]}, into="Items", name="Name")
    assert [each["Name"] for each in second["Items"]] == ["b", "a"]


@pytest.mark.parametrize("token", ["x", "bm90IGpzb24=", "Im90aGVyIg=="])
def test_a_token_of_somebody_else_is_refused(token: str) -> None:
    with pytest.raises(AwsError, match="not given out"):
        page([item("a", 1.0)], {"NextToken": token}, into="Items", name="Name")


def test_a_resource_lives_from_create_to_delete(aws: Aws) -> None:
    operations = Operations("sagemaker")
    MODEL.register(operations)
    act = operations.handlers
    assert act["CreateModel"](aws, {"ModelName": "Credit"}) == {
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/credit"
    }
    with pytest.raises(AwsError, match="already existing Model"):
        act["CreateModel"](aws, {"ModelName": "Credit"})
    described: Any = act["DescribeModel"](aws, {"ModelName": "Credit"})
    assert described["CreationTime"] == pytest.approx(aws.clock.now(), abs=5)
    listed: Any = act["ListModels"](aws, {})
    assert [model["ModelName"] for model in listed["Models"]] == ["Credit"]
    act["DeleteModel"](aws, {"ModelName": "Credit"})
    for operation in ("DescribeModel", "DeleteModel"):
        with pytest.raises(AwsError, match="Could not find Model"):
            act[operation](aws, {"ModelName": "Credit"})
