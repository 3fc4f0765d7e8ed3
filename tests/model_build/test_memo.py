"""What is remembered of a definition, and what makes it another."""

from pathlib import Path

import pytest

from model_build import memo
from model_build.assets import Assets
from model_build.built import Built
from model_build.target import resolve

TARGET = resolve("123456789012", "eu-central-1")


@pytest.fixture
def built(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """Something to remember, below `tmp_path / "cache"`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assets = Assets(TARGET.bucket, "known")
    assets.settings("job.json", {"rows": 3})
    return Built(
        name="known",
        folder=small,
        text='{"Version": "2020-12-01"}',
        description="",
        group="known",
        target=TARGET,
        assets=assets,
        input_data=None,
        kms_key=None,
        tags={"team": "risk"},
    )


def test_a_broken_memory_is_no_harm(built: Built, small: Path, tmp_path: Path) -> None:
    memo.remember("known", built)
    assert memo.recall("known", small) == built
    (entry,) = (tmp_path / "cache").rglob("*.json")
    for content in ("", "{}", "[]", '{"target": 1}', '{"target": {}, "assets": []}'):
        entry.write_text(content)
        assert memo.recall("known", small) is None


def test_no_place_to_remember(built: Built, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    memo.remember("known", built)
    assert memo.recall("known", small) is None


def test_the_memory_knows_arguments_and_versions(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = memo.key("small", small, TARGET, {})
    assert plain == memo.key("small", small, TARGET, {})
    others = [
        memo.key("other", small, TARGET, {}),
        memo.key("small", small, TARGET, {"model_package_group_name": "a"}),
        memo.key("small", small, TARGET, {"model_package_group_name": "b"}),
        memo.key("small", small, resolve("123456789012", "us-east-1"), {}),
    ]
    for changed in ("sagemaker", "botocore"):
        with monkeypatch.context() as patch:
            version = memo.version
            patch.setattr(memo, "version", lambda name, c=changed, v=version: "0" if name == c else v(name))
            others.append(memo.key("small", small, TARGET, {}))
    read = Path.read_bytes
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda self: read(self) + (b"#" if self.name == "train.py" else b""))
        others.append(memo.key("small", small, TARGET, {}))
    assert None not in others
    assert len({plain, *others}) == 1 + len(others)
