"""What of a working tree is published, and that CodeCommit then holds just that."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import InputError
from mlops import repository
from tests.conftest import ROOT

Fresh = Callable[[str], str]


def write(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in repository.files(root)]


def test_the_files_are_those_that_git_would_take() -> None:
    """The project's own tree: tracked files and new ones, nothing that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("the project is no git checkout here")
    there = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    found = set(names(ROOT))
    moving = {name for name in there ^ found if not (ROOT / name).exists()}  # others write beside this test
    assert found - there - moving == set()
    assert there - found - moving == set()


def test_nested_ignores_and_exceptions(tmp_path: Path) -> None:
    write(tmp_path, keep="1", drop_log="1", sub__keep="1", sub__deep__x_tmp="1", sub__deep__y_tmp="1", out__a="1")
    (tmp_path / ".gitignore").write_text("*_log\nout/\n")
    (tmp_path / "sub" / ".gitignore").write_text("*_tmp\n!y_tmp\n")
    (tmp_path / "link").symlink_to(tmp_path / "keep")
    write(tmp_path, **{".git__config": "secret"})
    assert names(tmp_path) == [".gitignore", "keep", "sub/.gitignore", "sub/deep/y_tmp", "sub/keep"]


@given(st.binary(max_size=300))
def test_blob_ids_are_gits(content: bytes) -> None:
    known = {b"": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", b"hello\n": "ce013625030ba8dba906f756967f9e9ca394464a"}
    for text, expected in known.items():
        assert repository.blob_id(text) == expected
    assert (repository.blob_id(content) == known[b""]) == (content == b"")


def everything(root: Path) -> list[str]:
    return [path.name for path in root.iterdir()]


def test_publish_puts_what_differs_and_deletes_what_is_gone(machine: Path, tmp_path: Path, fresh: Fresh) -> None:
    name, client = fresh("repo"), boto3.client("codecommit")
    assert repository.ensure(name, "test", {"a": "1"})
    assert not repository.ensure(name, "test", {"a": "1"})
    write(tmp_path, a="1", sub__b="2", **{f"many__{number}": str(number) for number in range(130)})
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o755)
    first = repository.publish(tmp_path, name, "main", everything(tmp_path))
    assert first
    assert repository.publish(tmp_path, name, "main", everything(tmp_path)) is None, "an unchanged tree makes no commit"
    assert client.get_file(repositoryName=name, filePath="many/129")["fileContent"] == b"129"
    assert client.get_file(repositoryName=name, filePath="run")["fileMode"] == "EXECUTABLE"

    (tmp_path / "a").write_text("changed")
    (tmp_path / "run").chmod(0o644)
    (tmp_path / "sub" / "b").unlink()
    second = repository.publish(tmp_path, name, "main", everything(tmp_path))
    assert second != first
    assert client.get_commit(repositoryName=name, commitId=second)["commit"]["parents"] == [first], "one commit"
    held = repository.tip(name, "main")
    assert held == {
        path.relative_to(tmp_path).as_posix(): (repository.blob_id(path.read_bytes()), "100644")
        for path in repository.files(tmp_path)
    }
    assert repository.publish(tmp_path, name, "main", everything(tmp_path)) is None

    for path in (tmp_path / "many").iterdir():
        path.unlink()
    (tmp_path / "many").rmdir()
    (tmp_path / "many").write_text("a file where a folder was")
    assert repository.publish(tmp_path, name, "main", everything(tmp_path))
    assert repository.tip(name, "main").keys() == {"a", "run", "many"}


def test_somebody_else_commits_at_the_same_time(
    machine: Path, tmp_path: Path, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, client, parent, looks = fresh("repo"), boto3.client("codecommit"), repository.head, list[str]()

    def overtaken(repository_name: str, branch: str) -> str | None:
        found = parent(repository_name, branch)
        looks.append(branch)
        if len(looks) == 2:  # between the last look and the commit
            client.create_commit(
                repositoryName=name, branchName=branch, putFiles=[{"filePath": "b", "fileContent": b""}]
            )
        return found

    repository.ensure(name, "test", {})
    write(tmp_path, a="1")
    monkeypatch.setattr(repository, "head", overtaken)
    assert repository.publish(tmp_path, name, "main", everything(tmp_path))
    assert repository.tip(name, "main").keys() == {"a"}
    assert len(looks) > 3, "it looked anew"


def test_a_file_that_codecommit_does_not_take(machine: Path, tmp_path: Path, fresh: Fresh) -> None:
    name = fresh("repo")
    repository.ensure(name, "test", {})
    (tmp_path / "large.bin").write_bytes(bytes(repository.FILE_BYTES + 1))
    with pytest.raises(InputError, match=r"large\.bin has 6\.0 MB.*gitignore"):
        repository.publish(tmp_path, name, "main", everything(tmp_path))
