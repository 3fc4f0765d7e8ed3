"""A definition out of a pipeline's folder: remembered where nothing changed, judged before anyone gets it."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contract.errors import InputError
from model_build import building, memo
from model_build.target import resolve
from tests.model_build.conftest import SMALL

ACCOUNT, REGION = "123456789012", "eu-central-1"


@pytest.fixture
def folder(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only pipeline there is; what is remembered is below `tmp_path / "cache"`."""
    for name in ("ARTIFACT_BUCKET", "SAGEMAKER_PIPELINE_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLOPS_PIPELINES", str(small.parent))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return small


def test_a_definition_is_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def anew(*_: Any) -> None:
        raise AssertionError("the definition was written anew")

    first = building.build("small", resolve(ACCOUNT, REGION))
    monkeypatch.setattr(building, "_author", anew)
    assert building.build("small", resolve(ACCOUNT, REGION)) == first
    (folder / "config.toml").write_text(SMALL + "[evaluate]\ngolden = 7\n")
    with pytest.raises(AssertionError, match="anew"):
        building.build("small", resolve(ACCOUNT, REGION))
    (folder / "config.toml").write_text(SMALL)
    with pytest.raises(AssertionError, match="anew"):
        building.build("small", resolve(ACCOUNT, "us-east-1"))


def test_a_pipeline_of_ones_own_is_written_anew_and_judged(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    """It may import anything, so nothing is remembered; and its definition is held against what SageMaker takes."""
    built = building.build("small", resolve(ACCOUNT, REGION))
    for entry in (tmp_path / "cache").rglob("*.json"):
        entry.unlink()
    definition = json.loads(built.text)
    definition["Steps"] = [step for step in definition["Steps"] if step["Name"] != "Verdict"]
    (folder / "pipeline.py").write_text("def get_pipeline(**_):\n    return own\n")
    assert memo.key("small", folder, built.target, {}) is None

    texts = [built.text, built.text + " ", json.dumps(definition)]
    own = SimpleNamespace(built=lambda: replace(built, text=texts.pop(0)))
    monkeypatch.setattr(building, "_author", lambda _folder: lambda **_: own)
    assert building.build("small", built.target).text == built.text
    assert building.build("small", built.target).text == built.text + " "
    with pytest.raises(InputError, match="Verdict"):
        building.build("small", built.target)
    assert not list(tmp_path.rglob("cache/**/*.json"))


def test_what_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no pipeline 'nobody' .*known: small"):
        building.build("nobody", resolve())
    (folder / "pipeline.py").write_text("")
    with pytest.raises(InputError, match="defines no get_pipeline"):
        building.build("small", resolve())
