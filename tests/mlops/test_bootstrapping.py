"""What a bootstrap publishes is what the deployment's builds use."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from mlops import bootstrapping, promotion_code, repository
from tests.conftest import ROOT


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
