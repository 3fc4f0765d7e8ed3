"""CodeBuild's projects: what a build takes from where, and what of it this machine can do."""

import re
from collections.abc import Iterator
from typing import Any

from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws

Document = dict[str, Any]

PROJECTS = "codebuild:Project"

#: What sources and artifacts may be; the rest is refused by name.
SOURCES = ("CODECOMMIT", "CODEPIPELINE", "NO_SOURCE", "S3")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,149}")
_BUILDS_ON = ("LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "ARM_CONTAINER", "LINUX_LAMBDA_CONTAINER", "LINUX_EC2")

#: Members of a project that would change what a build does, and that nothing here follows.
_UNKNOWN = ("fileSystemLocations", "buildBatchConfig", "badgeEnabled", "autoRetryLimit")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)


def arn_of(aws: Aws, name: str) -> str:
    return aws.arn("codebuild", f"project/{name}")


def find(aws: Aws, name: str) -> Document:
    """The project. Raises AwsError "ResourceNotFoundException"."""
    project = aws.store.get(PROJECTS, name)
    if project is None:
        raise AwsError("ResourceNotFoundException", f"Project cannot be found: {arn_of(aws, name)}")
    return project


def create(aws: Aws, request: Document) -> Document:
    """A new project out of CreateProject's members, with AWS's defaults.

    Raises AwsError: InvalidInputException, ResourceAlreadyExistsException, or NotImplemented for what is not here.
    """
    name, now = request["name"], aws.clock.now()
    if not _NAME.fullmatch(name):
        raise invalid("Only alphanumeric characters, dash, and underscore are supported")
    project = _defaults(request) | {"arn": arn_of(aws, name), "created": now, "lastModified": now}
    check(project)
    with aws.store.transaction():
        if aws.store.get(PROJECTS, name):
            raise AwsError("ResourceAlreadyExistsException", f"Project already exists: {arn_of(aws, name)}")
        aws.store.put(PROJECTS, name, project | {"Local": {"Builds": 0}})
    return project


def update(aws: Aws, request: Document) -> Document:
    """The project with the members that the request has. Raises AwsError as `create`, and ResourceNotFoundException."""
    with aws.store.transaction():
        project = find(aws, request["name"]) | _defaults(request, again=True) | {"lastModified": aws.clock.now()}
        check(project)
        aws.store.put(PROJECTS, request["name"], project)
    return project


def count(aws: Aws, project: Document) -> None:
    """One build more: `project["Local"]["Builds"]` is its number. Inside a transaction."""
    project["Local"]["Builds"] += 1
    aws.store.put(PROJECTS, project["name"], project)


def _defaults(request: Document, *, again: bool = False) -> Document:
    """The members that are given; for a new project also those that AWS fills in."""
    given = {name: value for name, value in request.items() if value is not None}
    if "environment" in given:
        environment = {"environmentVariables": [], "privilegedMode": False, "imagePullCredentialsType": "CODEBUILD"}
        given["environment"] = environment | given["environment"]
        given["environment"]["environmentVariables"] = [
            {"type": "PLAINTEXT"} | variable for variable in given["environment"]["environmentVariables"]
        ]
    if again:
        return given
    filled = {
        "secondarySources": [],
        "secondaryArtifacts": [],
        "cache": {"type": "NO_CACHE"},
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "encryptionKey": "alias/aws/s3",
        "tags": [],
    }
    return filled | given


def check(project: Document) -> None:
    """Raises AwsError: InvalidInputException for what cannot be, NotImplemented for what is not here."""
    for member in _UNKNOWN:
        if project.get(member):
            raise NotSupported(f"the member {member} of CodeBuild's projects")
    for source in (project["source"], *project["secondarySources"]):
        _check_source(source)
    for artifacts in (project["artifacts"], *project["secondaryArtifacts"]):
        _check_artifacts(artifacts)
    through = "CODEPIPELINE"
    if (project["source"]["type"] == through) != (project["artifacts"]["type"] == through):
        raise invalid("Source and artifacts of a project are both CODEPIPELINE, or neither is.")
    _check_environment(project["environment"])
    _check_cache(project["cache"])
    if (project.get("logsConfig") or {}).get("s3Logs", {}).get("status") == "ENABLED":
        raise NotSupported("logs of CodeBuild in S3 (logsConfig.s3Logs)")


def _check_source(source: Document) -> None:
    kind = source["type"]
    if kind not in SOURCES:
        raise NotSupported(f"the source type {kind} of CodeBuild; there are {', '.join(SOURCES)}")
    if kind in ("S3", "CODECOMMIT") and not source.get("location"):
        raise invalid("Project source location is required")
    if kind == "NO_SOURCE" and not source.get("buildspec"):
        raise invalid("A project without a source needs its buildspec in the project.")
    for member in ("auth", "reportBuildStatus", "gitSubmodulesConfig"):
        if source.get(member):
            raise NotSupported(f"the member {member} of CodeBuild's sources")


def _check_artifacts(artifacts: Document) -> None:
    if artifacts["type"] == "NO_ARTIFACTS" and artifacts.get("location"):
        raise invalid("Invalid artifacts: artifact type NO_ARTIFACTS should have null location")
    if artifacts["type"] == "S3" and not artifacts.get("location"):
        raise invalid("Invalid artifacts: artifact type S3 should have a bucket as its location")


def _check_environment(environment: Document) -> None:
    if environment["type"] not in _BUILDS_ON:
        raise NotSupported(f"the environment type {environment['type']} of CodeBuild")
    if environment.get("fleet"):
        raise NotSupported("fleets of CodeBuild")
    for sentence in refused_variables(environment["environmentVariables"]):
        raise NotSupported(sentence)


def refused_variables(variables: list[Document]) -> Iterator[str]:
    """What is not here of a list of environment variables."""
    for variable in variables:
        if variable.get("type", "PLAINTEXT") != "PLAINTEXT":
            yield f"environment variables of type {variable['type']} ({variable['name']}): give it as PLAINTEXT"


def _check_cache(cache: Document) -> None:
    if cache["type"] == "S3":
        raise NotSupported("a cache of CodeBuild in S3: use the type LOCAL with the mode LOCAL_CUSTOM_CACHE")
