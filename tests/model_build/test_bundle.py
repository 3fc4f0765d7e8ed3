"""Bundles: only what a program imports, deterministic, and changed by nothing else."""

import io
import tarfile
import time
from pathlib import Path

import pytest

from contract.errors import InputError
from model_build import bundle


def test_only_what_is_imported(tmp_path: Path) -> None:
    found = set(bundle.collect(["model_build.jobs.preprocess_fit"], tmp_path).files)
    assert {"contract/columns.py", "preprocessing/fit.py", "model_build/jobs/__init__.py"} <= found
    others = ("inference", "analysis/report", "analysis/explanations", "model_build/authoring")
    assert not {path for path in found if path.startswith(others)}
    assert "model_build/config.py" not in found


def test_packages_are_whole(tmp_path: Path) -> None:
    """Each folder of a bundle can be imported."""
    found = set(bundle.collect(["model_build.jobs.evaluate"], tmp_path).files)
    for path in found:
        for parent in list(Path(path).parents)[:-1]:
            assert f"{parent}/__init__.py" in found


def test_a_changed_byte_changes_who_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def digests() -> dict[str, str]:
        programs = ("preprocess_fit", "preprocess_encode", "train", "evaluate")
        return {name: bundle.collect([f"model_build.jobs.{name}"], tmp_path).digest for name in programs}

    before = digests()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read(self) + (b"#" if self.name == "evaluate.py" else b""))
    after = digests()
    assert {name for name in before if before[name] != after[name]} == {"evaluate"}


def test_the_pipelines_own_modules_stand_on_top(tmp_path: Path) -> None:
    (tmp_path / "features.py").write_text("from tables import RATES\nimport numpy\n")
    (tmp_path / "tables.py").write_text("RATES = {}\n")
    (tmp_path / "unused.py").write_text("")
    assert set(bundle.collect(["features"], tmp_path).files) == {"features.py", "tables.py"}


def test_relative_and_lazy_imports_count(tmp_path: Path) -> None:
    (tmp_path / "features.py").write_text("def features(columns):\n    from contract import errors\n    return {}\n")
    found = set(bundle.collect(["features"], tmp_path).files)
    assert {"features.py", "contract/__init__.py", "contract/errors.py"} <= found


def test_training_bundle(tmp_path: Path) -> None:
    program = bundle.Bundle({"contract/errors.py": b"1"})
    whole = bundle.training(program, bundle.Bundle({"inference/app.py": b"2"}))
    assert set(whole.files) == {"train.py", "contract/errors.py", "serving/inference/app.py"}
    assert bundle.training(bundle.Bundle({"train.py": b"own"}), bundle.Bundle({})).files["train.py"] == b"own"
    with tarfile.open(fileobj=io.BytesIO(whole.tar())) as tar:
        assert tar.getnames() == sorted(whole.files)
        assert {entry.mtime for entry in tar} == {0}
    assert whole.tar() == bundle.Bundle(dict(reversed(whole.files.items()))).tar()


def test_an_archive_does_not_know_when_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    files = bundle.Bundle({"a.py": b"1"})
    first = files.tar()
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert files.tar() == first
    assert first[4:8] == bytes(4), "the time of gzip's header"


def test_what_cannot_be_bundled(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model_build\.jobs\.nothing"):
        bundle.collect(["model_build.jobs.nothing"], tmp_path)
    (tmp_path / "features.py").write_text("def")
    with pytest.raises(InputError, match=r"features\.py is not Python"):
        bundle.collect(["features"], tmp_path)
