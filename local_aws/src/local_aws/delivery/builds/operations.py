"""CodeBuild: the operations of clients."""

from typing import Any

from local_aws import crud
from local_aws.delivery.builds import projects
from local_aws.delivery.builds.builds import BUILDS, Builds
from local_aws.errors import AwsError, NotSupported
from local_aws.idempotency import once
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("codebuild")

_PAGE = 100


@operations("CreateProject")
def create_project(aws: Aws, request: Request) -> Result:
    return {"project": projects.create(aws, request)}


@operations("UpdateProject")
def update_project(aws: Aws, request: Request) -> Result:
    return {"project": projects.update(aws, request)}


@operations("BatchGetProjects")
def batch_get_projects(aws: Aws, request: Request) -> Result:
    """By names or ARNs."""
    names = {name: name.rpartition("/")[2] for name in request["names"]}
    found = {name: aws.store.get(projects.PROJECTS, plain) for name, plain in names.items()}
    return {
        "projects": [project for project in found.values() if project],
        "projectsNotFound": [name for name, project in found.items() if not project],
    }


@operations("ListProjects")
def list_projects(aws: Aws, request: Request) -> Result:
    member = {"CREATED_TIME": "created", "LAST_MODIFIED_TIME": "lastModified"}.get(request.get("sortBy", ""), "name")
    found, token = crud.cut(
        [project for _, project in aws.store.scan(projects.PROJECTS)],
        lambda project: [project[member], project["name"]],
        request.get("nextToken"),
        _PAGE,
        descending=request.get("sortOrder") == "DESCENDING",
    )
    return {"projects": [project["name"] for project in found], "nextToken": token}


@operations("DeleteProject")
def delete_project(aws: Aws, request: Request) -> Result:
    """Its builds stay to be seen; deleting what is not there is no error, as on AWS."""
    aws.store.delete(projects.PROJECTS, request["name"].rpartition("/")[2])
    return None


# builds


@operations("StartBuild")
def start_build(aws: Aws, request: Request) -> Result:
    given = {name: value for name, value in request.items() if name != "idempotencyToken"}
    given["projectName"] = given["projectName"].rpartition("/")[2]
    identity = once(
        aws, "codebuild:StartBuild", request.get("idempotencyToken"), given, lambda: aws.part(Builds).start(given)
    )
    return {"build": aws.part(Builds).describe(identity)}


@operations("RetryBuild")
def retry_build(aws: Aws, request: Request) -> Result:
    """A new build as the one before was asked for."""
    build = _build(aws, request.get("id") or "")
    if not build["buildComplete"]:
        raise AwsError("InvalidInputException", f"Build {build['id']} has not ended.")
    if build["Local"]["Handed"]:
        raise NotSupported(f"codebuild:RetryBuild of builds of CodePipeline ({build['id']}): retry the stage")
    return {"build": aws.part(Builds).describe(aws.part(Builds).start(build["Local"]["Request"]))}


@operations("StopBuild")
def stop_build(aws: Aws, request: Request) -> Result:
    return {"build": aws.part(Builds).stop(_build(aws, request["id"])["id"])}


@operations("BatchGetBuilds")
def batch_get_builds(aws: Aws, request: Request) -> Result:
    """By ids or ARNs."""
    found = {name: aws.part(Builds).describe(_plain(name)) for name in request["ids"]}
    return {
        "builds": [build for build in found.values() if build],
        "buildsNotFound": [name for name, build in found.items() if not build],
    }


@operations("ListBuilds")
def list_builds(aws: Aws, request: Request) -> Result:
    return _list(aws, request, "")


@operations("ListBuildsForProject")
def list_builds_for_project(aws: Aws, request: Request) -> Result:
    name = request["projectName"].rpartition("/")[2]
    if aws.store.get(projects.PROJECTS, name) is None:
        message = f"The provided project {projects.arn_of(aws, name)} does not exist"
        raise AwsError("ResourceNotFoundException", message)
    return _list(aws, request, f"{name}:")


def _list(aws: Aws, request: Request, prefix: str) -> Result:
    """Ids, the newest first unless asked otherwise."""
    found, token = crud.cut(
        [build for _, build in aws.store.scan(BUILDS, prefix)],
        lambda build: [build["startTime"], build["buildNumber"], build["id"]],
        request.get("nextToken"),
        _PAGE,
        descending=request.get("sortOrder", "DESCENDING") == "DESCENDING",
    )
    return {"ids": [build["id"] for build in found], "nextToken": token}


@operations("BatchDeleteBuilds")
def batch_delete_builds(aws: Aws, request: Request) -> Result:
    """Their logs and artifacts stay."""
    deleted, kept = [], []
    for name in request["ids"]:
        build = aws.store.get(BUILDS, _plain(name))
        if build and not build["buildComplete"]:
            kept.append({"id": name, "statusCode": "BUILD_IN_PROGRESS"})
        elif aws.store.delete(BUILDS, _plain(name)):
            deleted.append(name)
    return {"buildsDeleted": deleted, "buildsNotDeleted": kept}


def _plain(name: str) -> str:
    return name.rpartition("/")[2]


def _build(aws: Aws, name: str) -> Document:
    """Raises AwsError: InvalidInputException or ResourceNotFoundException."""
    if ":" not in name:
        raise AwsError("InvalidInputException", "Invalid build ID provided")
    build = aws.part(Builds).describe(_plain(name))
    if build is None:
        raise AwsError("ResourceNotFoundException", f"Build {name} does not exist")
    return build
