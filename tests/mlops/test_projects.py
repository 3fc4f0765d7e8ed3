"""Names that follow from a pipeline and an account."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import InputError
from mlops import invocations, projects, versions
from model_deploy import render, template
from model_deploy.modes import MODES

ACCOUNT, REGION = "111122223333", "us-east-1"

letters = "abcdefghijklmnopqrstuvwxyz"
names = st.builds(
    str.__add__, st.sampled_from(letters), st.text("-" + letters + "0123456789", max_size=projects.LONGEST - 1)
).filter(lambda name: not name.endswith("-"))


FOUNDATION = template.read("project/foundation.yml")["Parameters"]


def pattern(parameter: str) -> str:
    return str(FOUNDATION[parameter]["AllowedPattern"])


@given(names, st.integers(0, 10**12 - 1).map("{:012d}".format))
def test_ids_are_stable_and_the_templates_take_them(name: str, account: str) -> None:
    made = projects.identifier(account, REGION, name)
    assert made == projects.identifier(account, REGION, name)
    assert re.fullmatch(pattern("SageMakerProjectId"), made)
    assert made != projects.identifier(account, "eu-west-1", name)
    assert made != projects.identifier(account, REGION, name + "x")
    project = projects.Project(name, made, account, REGION)
    assert len(f"{project.bucket}-artifacts") <= 63
    assert re.fullmatch(pattern("SageMakerProjectName"), name)
    assert projects.deployable(name)
    assert len(project.pipeline) <= 100


def test_the_longest_name_fits_every_role_rule_and_schedule() -> None:
    """64 characters for each, in IAM, EventBridge and Scheduler."""
    known = {
        "SageMakerProjectName": "n" * projects.LONGEST,
        "SageMakerProjectId": "p-0123456789ab",
        "StageName": "staging",
    }
    parts = [template.read(mode.template) for mode in MODES.values()]
    found = [
        re.sub(r"\$\{(\w+)\}", lambda one: known[one[1]], named["Fn::Sub"])
        for resource in [entry for part in (render.project_template(), *parts) for entry in part["Resources"].values()]
        for key in ("RoleName", "Name")
        if resource["Type"] in ("AWS::IAM::Role", "AWS::Events::Rule", "AWS::Scheduler::Schedule")
        and (named := resource["Properties"].get(key))
    ]
    assert len(found) > 20
    assert max(map(len, found)) == 64, "one character more would not fit"


@given(st.text(max_size=40))
def test_what_is_deployable_the_template_takes(name: str) -> None:
    assert not projects.deployable(name) or re.fullmatch(pattern("SageMakerProjectName"), name)


@pytest.mark.parametrize(
    "name", ["", "Credit", "my_data", "1st", "a-", "-a", "a b", "n" * (projects.LONGEST + 1), "a\n"]
)
def test_what_is_not(name: str) -> None:
    assert not projects.deployable(name)


def test_the_id_that_others_are_known_by_stays() -> None:
    assert projects.identifier(ACCOUNT, REGION, "credit") == "p-268c4e4f20dc"


def test_versions_by_name() -> None:
    assert versions.split("credit") == ("credit", None)
    assert versions.split("credit:12") == ("credit", 12)
    for text in ("credit:", "credit:x", "credit:0", "credit:-1", "credit:1.5"):
        with pytest.raises(InputError, match="names no version"):
            versions.split(text)


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("a.csv", b"{", "text/csv"),
        ("a.JSONL", b"", "application/jsonlines"),
        ("a.parquet", b"PAR1", "application/x-parquet"),
        ("-", b'  {"a": 1}', "application/json"),
        ("-", b"[1]", "application/json"),
        ("records", b"1,2", "text/csv"),
        ("-", b"", "text/csv"),
    ],
)
def test_content_types(name: str, body: bytes, expected: str) -> None:
    assert invocations.content_type(name, body) == expected
