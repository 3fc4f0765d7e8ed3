"""The stages of a new pipeline."""

from pathlib import Path

from model_deploy import new, stages


def test_new_stages_load_and_speak_of_the_pipeline(tmp_path: Path) -> None:
    written = new.write("churn", tmp_path)
    assert written == tmp_path / "churn"
    assert [stages.load(written, name).name for name in stages.NAMES] == ["staging", "prod"]
    assert "churn" in (written / "base.toml").read_text()
    assert not any("credit" in path.read_text() for path in written.iterdir())


def test_stages_that_are_there_stay_and_a_repository_without_deployment_gets_none(tmp_path: Path) -> None:
    (tmp_path / "churn").mkdir()
    assert new.write("churn", tmp_path) is None
    assert list((tmp_path / "churn").iterdir()) == []
    assert new.write("churn", tmp_path / "nowhere") is None
    assert not (tmp_path / "nowhere").exists()
