"""What a bootstrap publishes is what the deployment's builds use."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from mlops import bootstrapping, promotion_code, repository
from mlops.projects import Project
from tests.conftest import ROOT
from tests.model_build.conftest import SMALL


def packages() -> tuple[str, ...]:
    return tuple(path.parent.name for path in ROOT.glob("*/__init__.py"))


def test_the_parts_are_what_the_builds_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that `make setup-deploy` names, and the packages that the buildspecs' modules import."""
    specs = [yaml.safe_load(path.read_text()) for path in (ROOT / "model_deploy/buildspecs").iterdir()]
    commands = [one for spec in specs for phase in spec["phases"].values() for one in phase["commands"]]
    made = {one for one in commands if one.startswith("make ")}
    modules = {name for one in commands for name in re.findall(r" -m (\S+)", one)}
    assert made == {"make setup-deploy"}
    assert modules
    assert {name.partition(".")[0] for name in modules} == {"model_deploy"}

    recipe = subprocess.run(["make", "-n", "setup-deploy"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {word for word in recipe.split() if "/" not in word and (ROOT / word).is_file()}
    monkeypatch.setattr(promotion_code, "ENTRY", "model_deploy")
    monkeypatch.setattr(promotion_code, "OWN", packages())
    imported = {path.relative_to(ROOT).parts[0] for path in promotion_code.sources(ROOT)}
    assert set(bootstrapping.PARTS) == {"Makefile", *named, *imported}


def test_the_pipelines_buildspecs_are_among_them() -> None:
    text = (ROOT / "model_deploy/templates/project/delivery.yml").read_text()
    specs = re.findall(r"BuildSpec: ([^\s}]+)", text)
    published = {path.relative_to(ROOT).as_posix() for path in repository.files(ROOT, bootstrapping.PARTS)}
    assert specs
    assert set(specs) <= published


def test_data_in_the_root_stays_where_it_is_and_a_new_stage_goes(tmp_path: Path) -> None:
    for name in ("customers.csv", "out/a.csv", "model_deploy/stages/churn/base.toml", "Makefile", "docs/Makefile"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    published = [path.relative_to(tmp_path).as_posix() for path in repository.files(tmp_path, bootstrapping.PARTS)]
    assert published == ["Makefile", "model_deploy/stages/churn/base.toml"]


INCOMING = "s3://sagemaker-project-p-1/small/incoming/"


@pytest.mark.parametrize(
    ("text", "arrival", "clarify", "said"),
    [
        (SMALL, "false", "false", ""),
        (SMALL, "true", "false", f"What arrives below {INCOMING} starts a build, which reads other data"),
        (
            SMALL + '[pipeline]\ninput_data = "s3://elsewhere/rows/"\n',
            "true",
            "false",
            "name it in pipeline.input_data",
        ),
        (SMALL + f'[pipeline]\ninput_data = "{INCOMING}"\n', "true", "false", ""),
        (SMALL + f'[pipeline]\ninput_data = "{INCOMING}daily/"\n', "true", "false", ""),
        (SMALL + '[analysis]\nengine = "clarify"\n', "false", "true", ""),
        (SMALL + '[analysis]\nengine = "closed"\n', "false", None, "analysis.engine"),
        (None, "true", None, ""),
    ],
    ids=["usual", "unread", "read elsewhere", "read", "partly read", "clarify", "broken", "not here"],
)
def test_what_the_stack_is_told_of_the_pipeline(
    text: str | None, arrival: str, clarify: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role of its jobs allows Clarify's checks where there are any; data that nobody would read are named."""
    told: list[str] = []
    monkeypatch.setenv("MLOPS_PIPELINES", str(tmp_path))
    if text is not None:
        (tmp_path / "small").mkdir()
        (tmp_path / "small/config.toml").write_text(text)
    project = Project("small", "p-1", "123456789012", "us-east-1")
    found = bootstrapping._of_pipeline(project, {"BuildOnArrival": arrival}, told.append)
    assert found.get("ClarifyChecks") == clarify
    assert bool(found) is (clarify is not None)
    assert said in " ".join(told)
    assert bool(told) is bool(said)


def test_jobs_that_belong_into_a_vpc_are_kept_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_PIPELINES", str(tmp_path))
    (tmp_path / "small").mkdir()
    vpc = '[security]\nsubnets = ["subnet-0aaa", "subnet-0bbb"]\nsecurity_groups = ["sg-0ccc"]\n'
    (tmp_path / "small/config.toml").write_text(SMALL + vpc)
    project = Project("small", "p-1", "123456789012", "us-east-1")
    found = bootstrapping._of_pipeline(project, {"BuildOnArrival": "false"}, pytest.fail)
    assert found["JobSubnetIds"] == "subnet-0aaa,subnet-0bbb"


QUERY = '[pipeline]\nquery = "SELECT 1"\ndatabase = "shop"\nworkgroup = "builds"\n'


@pytest.mark.parametrize(
    ("text", "reads", "asks", "said"),
    [
        ("", ("", ""), ("", "primary"), ""),
        (f'[pipeline]\ninput_data = "{INCOMING}"\n', ("", ""), ("", "primary"), ""),
        ('[pipeline]\ninput_data = "s3://other/sales/"\n', ("other", "sales/"), ("", "primary"), ""),
        (
            '[pipeline]\ninput_data = "s3://sagemaker-project-p-1/smaller/a/"\n',
            ("sagemaker-project-p-1", "smaller/a/"),
            ("", "primary"),
            "",
        ),
        (QUERY + 'query_data = "s3://lake/shop/"\n', ("lake", "shop/"), ("shop", "builds"), ""),
        (QUERY + 'query_data = "s3://lake/"\n', ("lake", ""), ("shop", "builds"), ""),
        (QUERY, ("", ""), ("shop", "builds"), "name where they lie in pipeline.query_data"),
    ],
    ids=["sample", "own", "other bucket", "other pipeline", "query", "whole bucket", "query without its data"],
)
def test_the_stack_is_told_what_the_build_reads_elsewhere(
    text: str, reads: tuple[str, str], asks: tuple[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_PIPELINES", str(tmp_path))
    (tmp_path / "small").mkdir()
    (tmp_path / "small/config.toml").write_text(SMALL + text)
    told: list[str] = []
    project = Project("small", "p-1", "123456789012", "us-east-1")
    found = bootstrapping._of_pipeline(project, {"BuildOnArrival": "false"}, told.append)
    assert (found["ReadBucket"], found["ReadPrefix"]) == reads
    assert (found["QueryDatabase"], found["QueryWorkgroup"]) == asks
    assert said in " ".join(told)
    assert bool(told) is bool(said)
