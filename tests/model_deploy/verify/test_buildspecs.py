"""Buildspecs of the repository, and faults in one."""

from pathlib import Path

import pytest

from model_deploy.verify.buildspecs import faults
from model_deploy.verify.delivery import ROOT

OURS = ("buildspec.yml", "model_deploy/buildspecs/build.yml", "model_deploy/buildspecs/test.yml")


@pytest.mark.parametrize("name", OURS)
def test_ours_are_good(name: str) -> None:
    assert list(faults(ROOT / name)) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("version: 0.2", "version: 0.1", "version must be 0.2"),
        ("phases:", "phase:", "phase is not known"),
        ("  build:", "  compile:", "there is no phase compile"),
        ("commands:", "command:", "command is not known"),
        ("package.json", "package.txt", "package.json does not get into the artifact"),
        ("version", "  version", "is no YAML"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = tmp_path / "build.yml"
    path.write_text((ROOT / "model_deploy/buildspecs/build.yml").read_text().replace(old, new))
    assert any(sentence in fault for fault in faults(path)), list(faults(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert list(faults(tmp_path / "none.yml")) == ["there is no file none.yml in the repository"]
