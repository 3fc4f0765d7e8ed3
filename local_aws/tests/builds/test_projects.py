"""Projects: the same client test against moto where moto can do it, and what is refused by name."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from builds_kit import LINUX, ROLE, CodeBuild

S3 = {"type": "S3", "location": "bucket/source.zip"}


def test_a_project_as_moto_has_it(aws_target: Any, fresh: Callable[[str], str]) -> None:
    client, name = aws_target.client("codebuild"), fresh("project")
    settings: dict[str, Any] = {
        "source": S3,
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": LINUX,
        "serviceRole": ROLE,
    }
    made = client.create_project(name=name, **settings)["project"]
    assert made["arn"] == f"arn:aws:codebuild:us-east-1:123456789012:project/{name}"
    assert made["source"]["location"] == S3["location"]
    assert name in client.list_projects()["projects"]
    (found,) = client.batch_get_projects(names=[name])["projects"]
    assert (found["name"], found["serviceRole"]) == (name, ROLE)
    assert client.list_builds_for_project(projectName=name)["ids"] == []
    with pytest.raises(ClientError, match="Project already exists"):
        client.create_project(name=name, **settings)
    with pytest.raises(ClientError, match="Project cannot be found"):
        client.start_build(projectName=fresh("nowhere"))
    client.delete_project(name=name)
    assert name not in client.list_projects()["projects"]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"source": {"type": "GITHUB", "location": "https://github.com/a/b"}}, "NotImplemented", "source type GITHUB"),
        ({"source": {"type": "NO_SOURCE"}}, "InvalidInputException", "buildspec in the project"),
        ({"source": {"type": "S3"}}, "InvalidInputException", "location is required"),
        ({"source": {"type": "CODEPIPELINE"}}, "InvalidInputException", "both CODEPIPELINE"),
        ({"artifacts": {"type": "S3"}}, "InvalidInputException", "a bucket as its location"),
        ({"cache": {"type": "S3", "location": "bucket"}}, "NotImplemented", "LOCAL_CUSTOM_CACHE"),
        ({"badgeEnabled": True}, "NotImplemented", "badgeEnabled"),
        ({"environment": LINUX | {"type": "WINDOWS_SERVER_2022_CONTAINER"}}, "NotImplemented", "WINDOWS"),
        (
            {
                "environment": LINUX
                | {"environmentVariables": [{"name": "A", "value": "/a", "type": "PARAMETER_STORE"}]}
            },
            "NotImplemented",
            "PARAMETER_STORE",
        ),
        (
            {"environment": LINUX | {"environmentVariables": [{"name": "A", "value": "a", "type": "SECRETS_MANAGER"}]}},
            "NotImplemented",
            "SECRETS_MANAGER",
        ),
    ],
)
def test_what_is_refused(
    codebuild: CodeBuild, fresh: Callable[[str], str], change: dict[str, Any], code: str, said: str
) -> None:
    with pytest.raises(ClientError, match=said) as error:
        codebuild.project(fresh("project"), "version: 0.2", **change)
    assert error.value.response["Error"]["Code"] == code


def test_an_update_changes_what_it_names(codebuild: CodeBuild, fresh: Callable[[str], str]) -> None:
    name, client = fresh("project"), codebuild.client("codebuild")
    codebuild.project(name, "version: 0.2", description="before", timeoutInMinutes=7)
    assert client.update_project(name=name, description="after")["project"]["description"] == "after"
    (found,) = client.batch_get_projects(names=[name])["projects"]
    assert (found["description"], found["timeoutInMinutes"], found["queuedTimeoutInMinutes"]) == ("after", 7, 480)
    with pytest.raises(ClientError, match="NotImplemented"):
        client.start_build(projectName=name, debugSessionEnabled=True)
