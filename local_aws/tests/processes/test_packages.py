"""What an image's names mean on this machine."""

import json
from pathlib import Path

import pytest

from local_aws.errors import AwsError, StartError
from local_aws.processes.images import Image, Images
from local_aws.processes.packages import settings_of, write_settings


def test_distributions_become_modules() -> None:
    settings = settings_of(Image("x", packages=("PyYAML", "python_dateutil", "Pillow", "not-installed")), "x:1")
    assert {"yaml", "dateutil"} <= set(settings["modules"])
    assert "six" in settings["libraries"]  # dateutil needs it, the image does not have it
    assert not {"numpy", "pydantic"} & {*settings["modules"], *settings["libraries"]}


def test_xgboost_goes_by_both_names() -> None:
    assert "xgboost" in settings_of(Image("x", packages=("xgboost",)), "x")["modules"]


def test_the_settings_are_written_once(tmp_path: Path) -> None:
    path = write_settings(Image("a/b", tags=("1",), packages=("six",)), tmp_path)
    assert json.loads(path.read_text())["image"] == "a/b:1"
    before = path.stat().st_mtime_ns
    assert write_settings(Image("a/b", tags=("1",), packages=("six",)), tmp_path) == path
    assert path.stat().st_mtime_ns == before
    assert (
        "yaml"
        in json.loads(write_settings(Image("a/b", tags=("1",), packages=("PyYAML",)), tmp_path).read_text())["modules"]
    )


def test_a_manifest_beside_the_table(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("# comment\nsix==1.16.0\n\nnumpy  # another\n")
    (tmp_path / "images.toml").write_text('[[image]]\nrepository = "r"\nmanifest = "m.txt"\npackages = ["attrs"]')
    images = Images.read(tmp_path / "images.toml")
    assert images.rows[0].packages == ("attrs", "six", "numpy")
    assert images.find("1.dkr.ecr.us-east-1.amazonaws.com/r:7") is images.rows[0]
    with pytest.raises(AwsError, match=r'repository = "q" and tags = \["7"\] to .*images.toml'):
        images.find("1.dkr.ecr.us-east-1.amazonaws.com/q:7")


@pytest.mark.parametrize(
    "text",
    [
        '[[image]]\nrepository = "r"\nmanifest = "no.txt"',
        '[[image]]\nrepository = "r"\nmetric = "("',
        "[[image]]\na = 1",
        "[",
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "images.toml").write_text(text)
    with pytest.raises(StartError, match=r"The table of images .*images\.toml cannot be read"):
        Images.read(tmp_path / "images.toml")
