"""Artifacts: which files a pattern means, and what a zip keeps of them."""

from pathlib import Path

import pytest

from local_aws.delivery.builds.artifacts import ArtifactError, pack, select, unpack
from local_aws.delivery.builds.buildspec import Artifacts

FILES = ("a.txt", "b.json", "sub/c.txt", "sub/deep/d.txt", "out-1/e.txt", "out-2/f.txt")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "source"


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Artifacts(("**/*",)), FILES),
        (Artifacts(("*",)), ("a.txt", "b.json")),
        (Artifacts(("*.txt",)), ("a.txt",)),
        (Artifacts(("**/*.txt",)), tuple(name for name in FILES if name.endswith(".txt"))),
        (Artifacts(("sub/*",)), ("sub/c.txt",)),
        (Artifacts(("sub/**/*",)), ("sub/c.txt", "sub/deep/d.txt")),
        (Artifacts(("sub",)), None),
        (Artifacts(("[ab].*",)), ("a.txt", "b.json")),
        (Artifacts(("./a.txt", "missing.txt")), ("a.txt",)),
        (Artifacts(("**/*",), "sub"), ("c.txt", "deep/d.txt")),
        (Artifacts(("**/*",), "./sub/"), ("c.txt", "deep/d.txt")),
        (Artifacts(("*",), "out-*"), ("e.txt", "f.txt")),
        (Artifacts(("**/*",), "sub", discard_paths=True), ("c.txt", "d.txt")),
        (Artifacts(("**/*",), exclude=("sub/**/*", "out-*/*")), ("a.txt", "b.json")),
        (Artifacts(("../a.txt",), "sub"), ("a.txt",)),
        (Artifacts(("**/*",), "nowhere"), None),
    ],
)
def test_what_patterns_mean(source: Path, wanted: Artifacts, names: tuple[str, ...] | None) -> None:
    if names is None:
        with pytest.raises(ArtifactError, match="no matching"):
            select(source, wanted)
    else:
        assert sorted(name for name, _ in select(source, wanted)) == sorted(names)


def test_a_zip_keeps_modes_and_links(source: Path, tmp_path: Path) -> None:
    (source / "a.txt").chmod(0o755)
    (source / "link").symlink_to("sub/c.txt")
    pack(select(source, Artifacts(("**/*",))), tmp_path / "one.zip", symlinks=True)
    unpack(tmp_path / "one.zip", tmp_path / "one")
    assert (tmp_path / "one" / "a.txt").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "one" / "link").is_symlink()
    assert (tmp_path / "one" / "link").read_text() == "sub/c.txt"
    pack(select(source, Artifacts(("**/*",))), tmp_path / "two.zip", symlinks=False)
    unpack(tmp_path / "two.zip", tmp_path / "two")
    assert not (tmp_path / "two" / "link").is_symlink()
    assert (tmp_path / "two" / "link").read_text() == "sub/c.txt"


def test_what_is_no_zip_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no zip")
    with pytest.raises(ArtifactError, match="is no zip"):
        unpack(tmp_path / "a", tmp_path / "b")
