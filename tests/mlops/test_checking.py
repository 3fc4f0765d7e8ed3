"""`mlops check`: sentences before anything runs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contract.errors import InputError
from mlops import checking
from tests.conftest import ROOT


def definition(containers: int) -> str:
    registered: dict[str, Any] = {"InferenceSpecification": {"Containers": [{}] * containers}}
    inside = [{"Type": "RegisterModel", "Arguments": registered}]
    gate = {"Type": "Condition", "Arguments": {"IfSteps": inside, "ElseSteps": [{"Type": "Fail", "Arguments": {}}]}}
    return json.dumps({"Steps": [{"Type": "Processing", "Arguments": {}}, gate]})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stages of invoices in a tree of its own, which is the working directory."""
    folder = tmp_path / "model_deploy/stages/invoices"
    shutil.copytree(ROOT / "model_deploy/stages/invoices", folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return folder


def test_one_container_can_be_served_in_every_mode(place: Path) -> None:
    checking.check_chain("invoices", definition(1))
    assert checking.containers(definition(1)) == 1


def test_a_chain_is_refused_by_serverless_and_asynchronous_in_one_sentence_each(place: Path) -> None:
    with pytest.raises(InputError) as refused:
        checking.check_chain("invoices", definition(3))
    found = str(refused.value).split("\n")
    assert len(found) == 6
    assert "staging: modes: invoices has 3 containers, AWS refuses them in the mode serverless: Serverless" in found[0]
    assert found[2].endswith("Random Cut Forest answers JSON alone; take application/jsonlines.")
    base = place / "base.toml"
    base.write_text(base.read_text().replace("[batch]\n", '[batch]\ncontent_type = "application/jsonlines"\n'))
    for name in ("staging", "prod"):
        (place / f"{name}.toml").write_text('modes = ["real_time", "batch"]\n' + (place / f"{name}.toml").read_text())
    checking.check_chain("invoices", definition(3))


def test_every_fault_is_told_at_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise InputError("config.toml: no label.")

    monkeypatch.setattr(checking.authoring, "offline", refuse)
    (place / "production.toml").write_text("")
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    (place / "staging.toml").write_text("[batch]\nschedule = 'rate(1 days)'\n")
    (place / "prod.toml").write_text((place / "prod.toml").read_text() + f"[security]\nkms_key = '{key}'\n")
    config, stray, staging, prod = checking.faults("invoices")
    assert config == "config.toml: no label."
    assert "production.toml: no stage reads this file" in stray
    assert "staging.toml: batch.schedule: rate takes day for 1" in staging
    assert prod.endswith("security.kms_key: the key is in eu-west-1, and a stage in us-east-1 cannot use it.")


def test_a_pipeline_without_stages_has_no_faults_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert checking.folder("invoices") is None
    checking.check_chain("invoices", definition(3))
