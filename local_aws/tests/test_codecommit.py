"""Repositories through boto3: ids are git's own, limits and refusals CodeCommit's."""

import io
import json
import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Target
from local_aws.codecommit import archives, git, repositories
from local_aws.operations import Aws

Client = Callable[..., Any]


@pytest.fixture
def code(client: Client) -> Any:
    return client("codecommit")


@pytest.fixture
def repository(code: Any, fresh: Client) -> Iterator[str]:
    name = fresh("repository")
    code.create_repository(repositoryName=name)
    yield name
    code.delete_repository(repositoryName=name)


def files(**contents: str) -> list[dict[str, Any]]:
    return [{"filePath": name.replace("__", "/"), "fileContent": text.encode()} for name, text in contents.items()]


def commit(code: Any, repository: str, parent: str | None = None, **request: Any) -> Any:
    given = {"parentCommitId": parent} if parent else {}
    return code.create_commit(repositoryName=repository, branchName="main", **given, **request)


def refused(code: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ClientError) as error:
        call()
    assert error.value.response["Error"]["Code"] == code, error.value


def differences(code: Any, repository: str, **request: Any) -> list[dict[str, Any]]:
    pages = code.get_paginator("get_differences")
    return [one for page in pages.paginate(repositoryName=repository, **request) for one in page["differences"]]


def test_repositories_come_and_go_as_motos_do(aws_target: Target, fresh: Client) -> None:
    code, name = aws_target.client("codecommit"), fresh("repository")
    made = code.create_repository(repositoryName=name, repositoryDescription="d")["repositoryMetadata"]
    assert made["Arn"] == f"arn:aws:codecommit:us-east-1:123456789012:{name}"
    assert code.get_repository(repositoryName=name)["repositoryMetadata"]["repositoryId"] == made["repositoryId"]
    refused("RepositoryNameExistsException", lambda: code.create_repository(repositoryName=name))
    assert code.delete_repository(repositoryName=name)["repositoryId"] == made["repositoryId"]
    refused("RepositoryDoesNotExistException", lambda: code.get_repository(repositoryName=name))
    assert "repositoryId" not in code.delete_repository(repositoryName=name)


def test_a_branch_grows(code: Any, repository: str) -> None:
    first = commit(code, repository, putFiles=files(a="1", b__c="2"), commitMessage="one")
    assert [one["absolutePath"] for one in first["filesAdded"]] == ["a", "b/c"]
    assert code.get_repository(repositoryName=repository)["repositoryMetadata"]["defaultBranch"] == "main"
    second = commit(
        code,
        repository,
        first["commitId"],
        putFiles=[
            {"filePath": "a", "fileContent": b"changed", "fileMode": "EXECUTABLE"},
            {"filePath": "d", "sourceFile": {"filePath": "b/c", "isMove": True}},
        ],
    )
    assert [one["fileMode"] for one in second["filesUpdated"]] == ["EXECUTABLE"]
    assert [one["absolutePath"] for one in second["filesDeleted"]] == ["b/c"]
    tip = code.get_branch(repositoryName=repository, branchName="main")["branch"]["commitId"]
    assert tip == second["commitId"]
    held = code.get_commit(repositoryName=repository, commitId=tip)["commit"]
    assert (held["parents"], held["treeId"]) == ([first["commitId"]], second["treeId"])
    assert code.get_file(repositoryName=repository, filePath="d")["fileContent"] == b"2"
    refused("FileDoesNotExistException", lambda: code.get_file(repositoryName=repository, filePath="b/c"))
    old = code.get_file(repositoryName=repository, filePath="a", commitSpecifier=first["commitId"])
    assert old["fileContent"] == b"1"
    changed = differences(code, repository, beforeCommitSpecifier=first["commitId"], afterCommitSpecifier="main")
    assert [(one["changeType"], (one.get("afterBlob") or one["beforeBlob"])["path"]) for one in changed] == [
        ("M", "a"),
        ("D", "b/c"),
        ("A", "d"),
    ]


def test_folders_and_blobs(code: Any, repository: str) -> None:
    link = {"filePath": "s/link", "fileContent": b"../a", "fileMode": "SYMLINK"}
    made = commit(code, repository, putFiles=[*files(a="1", s__b="2", s__t__c="3"), link])
    root = code.get_folder(repositoryName=repository, folderPath="/")
    assert root["treeId"] == made["treeId"]
    assert [one["absolutePath"] for one in root["subFolders"]] == ["s"]
    inner = code.get_folder(repositoryName=repository, folderPath="s", commitSpecifier="refs/heads/main")
    assert inner["treeId"] == root["subFolders"][0]["treeId"]
    assert [one["relativePath"] for one in inner["files"]] == ["b"]
    assert [one["relativePath"] for one in inner["symbolicLinks"]] == ["link"]
    blob = inner["files"][0]["blobId"]
    assert blob == git.blob_id(b"2")
    assert code.get_blob(repositoryName=repository, blobId=blob)["content"] == b"2"
    refused("BlobIdDoesNotExistException", lambda: code.get_blob(repositoryName=repository, blobId="0" * 40))
    refused("InvalidBlobIdException", lambda: code.get_blob(repositoryName=repository, blobId="x"))


def test_what_a_commit_must_not_do(code: Any, repository: str) -> None:
    first = commit(code, repository, putFiles=files(a="1", b__c="2"))["commitId"]
    refused("ParentCommitIdRequiredException", lambda: commit(code, repository, putFiles=files(x="1")))
    refused("ParentCommitDoesNotExistException", lambda: commit(code, repository, "0" * 40, putFiles=files(x="1")))
    second = commit(code, repository, first, putFiles=files(x="1"))["commitId"]
    refused("ParentCommitIdOutdatedException", lambda: commit(code, repository, first, putFiles=files(y="1")))
    faults = {
        "NoChangeException": {"putFiles": files(a="1")},
        "FileDoesNotExistException": {"deleteFiles": [{"filePath": "none"}]},
        "SamePathRequestException": {"putFiles": files(z="1"), "deleteFiles": [{"filePath": "z"}]},
        "InvalidPathException": {"putFiles": [{"filePath": "../a", "fileContent": b"1"}]},
        "FileNameConflictsWithDirectoryNameException": {"putFiles": files(b="1")},
        "DirectoryNameConflictsWithFileNameException": {"putFiles": files(a__b="1")},
        "SourceFileOrContentRequiredException": {"putFiles": [{"filePath": "n"}]},
        "MaximumFileEntriesExceededException": {"putFiles": files(**{f"f{n}": "1" for n in range(101)})},
        "FileContentSizeLimitExceededException": {
            "putFiles": [{"filePath": "big", "fileContent": bytes((6 << 20) + 1)}]
        },
    }
    for wanted, request in faults.items():
        refused(wanted, lambda request=request: commit(code, repository, second, **request))
    assert code.get_branch(repositoryName=repository, branchName="main")["branch"]["commitId"] == second
    other = {"repositoryName": repository, "branchName": "other", "putFiles": files(a="1")}
    refused("BranchDoesNotExistException", lambda: code.create_commit(**other))
    refused("CommitDoesNotExistException", lambda: differences(code, repository, afterCommitSpecifier="none"))


def test_differences_come_in_pages(code: Any, repository: str) -> None:
    names = {f"f{number:03d}": str(number) for number in range(100)}
    tip = commit(code, repository, putFiles=files(**names))["commitId"]
    tip = commit(code, repository, tip, putFiles=files(last="1"))["commitId"]
    page = code.get_differences(repositoryName=repository, afterCommitSpecifier="main", MaxResults=60)
    assert len(page["differences"]) == 60
    found = differences(code, repository, afterCommitSpecifier=tip, PaginationConfig={"PageSize": 30})
    assert [one["afterBlob"]["path"] for one in found] == [*sorted(names), "last"]
    assert found[7]["afterBlob"]["blobId"] == git.blob_id(b"7")


def test_branches_and_single_files(code: Any, repository: str) -> None:
    tip = code.put_file(
        repositoryName=repository, branchName="main", filePath="a", fileContent=b"1", name="N", email="n@example.com"
    )["commitId"]
    code.create_branch(repositoryName=repository, branchName="side", commitId=tip)
    assert code.list_branches(repositoryName=repository)["branches"] == ["main", "side"]
    same = {"repositoryName": repository, "branchName": "side", "filePath": "a", "fileContent": b"1"}
    refused("SameFileContentException", lambda: code.put_file(parentCommitId=tip, **same))
    code.put_file(**same | {"filePath": "b"}, parentCommitId=tip)
    held = code.delete_branch(repositoryName=repository, branchName="side")["deletedBranch"]
    assert held["branchName"] == "side"
    refused(
        "DefaultBranchCannotBeDeletedException",
        lambda: code.delete_branch(repositoryName=repository, branchName="main"),
    )
    author = code.get_commit(repositoryName=repository, commitId=tip)["commit"]["author"]
    assert (author["name"], author["email"]) == ("N", "n@example.com")


def test_a_moved_branch_is_an_event(code: Any, client: Client, repository: str, fresh: Client) -> None:
    events, sqs, rule = client("events"), client("sqs"), fresh("rule")
    url = sqs.create_queue(QueueName=rule)["QueueUrl"]
    arn = f"arn:aws:codecommit:us-east-1:123456789012:{repository}"
    pattern = {"source": ["aws.codecommit"], "resources": [arn], "detail": {"referenceName": ["main"]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:123456789012:{rule}"}])
    first = commit(code, repository, putFiles=files(a="1"))["commitId"]
    second = commit(code, repository, first, putFiles=files(a="2"))["commitId"]
    heard: list[dict[str, Any]] = []
    while len(heard) < 2:
        found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10).get("Messages", [])
        assert found, "no event came in ten seconds"
        heard += [json.loads(one["Body"])["detail"] for one in found]
        for one in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    told = [(one["event"], one["commitId"], one.get("oldCommitId")) for one in heard]
    assert told == [("referenceCreated", first, None), ("referenceUpdated", second, first)]


@pytest.mark.skipif(not shutil.which("git"), reason="compares with git itself, which is not installed")
def test_ids_are_gits_own(code: Any, repository: str, tmp_path: Path) -> None:
    made = commit(
        code,
        repository,
        putFiles=[
            *files(a="1", s__b="2", s__t__c="3", **{"s.x": "4", "s0": "5"}),
            {"filePath": "run", "fileContent": b"#!", "fileMode": "EXECUTABLE"},
        ],
        authorName="A",
        email="a@example.com",
        commitMessage="said\n",
    )
    held = code.get_commit(repositoryName=repository, commitId=made["commitId"])["commit"]
    date = held["author"]["date"]
    for path, text in {"a": "1", "s/b": "2", "s/t/c": "3", "s.x": "4", "s0": "5", "run": "#!"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "run").chmod(0o755)
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in {"NAME": "A", "EMAIL": "a@example.com", "DATE": date}.items()
    }

    def run(*words: str) -> str:
        command = ["git", "-c", "core.filemode=true", "-c", "core.hooksPath=none", *words]
        more = os.environ | who | {"GIT_CONFIG_GLOBAL": os.devnull}
        return subprocess.run(
            command, cwd=tmp_path, env=more, check=True, capture_output=True, text=True
        ).stdout.strip()

    run("init", "-q")
    run("add", ".")
    run("commit", "-q", "--cleanup=verbatim", "-m", "said\n")
    assert run("rev-parse", "HEAD^{tree}") == held["treeId"]
    assert run("rev-parse", "HEAD") == made["commitId"]


_name = st.text("abAB.-_0", min_size=1, max_size=3).filter(lambda one: one not in (".", ".."))
_paths = st.lists(st.lists(_name, min_size=1, max_size=3).map("/".join), min_size=1, max_size=6, unique=True)


@settings(max_examples=50, deadline=None)
@given(_paths)
def test_every_folder_of_a_tree_has_an_id_of_its_own(paths: list[str]) -> None:
    tree = {
        path: ("100644", git.blob_id(path.encode()))
        for path in paths
        if not any(other.startswith(f"{path}/") for other in paths)
    }
    found = git.folders(tree)
    assert set(found) == {""} | {path.rsplit("/", up)[0] for path in tree for up in range(1, path.count("/") + 1)}
    for folder, identity in found.items():  # a folder alone is the same tree
        if folder:
            inner = {p.removeprefix(f"{folder}/"): what for p, what in tree.items() if p.startswith(f"{folder}/")}
            assert git.folders(inner)[""] == identity


def test_an_archive_keeps_modes_and_is_the_same_twice(aws: Aws, tmp_path: Path) -> None:
    from local_aws.codecommit.commit_operations import create_commit
    from local_aws.codecommit.repository_operations import create_repository

    create_repository(aws, {"repositoryName": "r"})
    put = [
        {"filePath": "run", "fileContent": b"#!", "fileMode": "EXECUTABLE"},
        {"filePath": "s/link", "fileContent": b"../run", "fileMode": "SYMLINK"},
        {"filePath": "s/plain", "fileContent": b""},
    ]
    create_commit(aws, {"repositoryName": "r", "branchName": "main", "putFiles": put})
    held = repositories.find(aws, "r")
    tip = repositories.resolve(aws, held, None)
    for name in ("first", "second"):
        archives.write(aws, held, tip, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("first", "second"))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        assert archive.read("run") == b"#!"
    assert stat.S_IMODE(modes["run"]) == 0o755
    assert stat.S_ISLNK(modes["s/link"])
    assert stat.S_IMODE(modes["s/plain"]) == 0o644
