"""The operations on repositories, their branches and tags."""

import uuid
from typing import Any

from local_aws import crud
from local_aws.codecommit import references, repositories
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("codecommit")

_PAGE = 1000


@operations("CreateRepository")
def create_repository(aws: Aws, request: Request) -> Result:
    name, now = request["repositoryName"], aws.clock.now()
    if name.endswith(".git"):
        raise AwsError("InvalidRepositoryNameException", f"The repository name {name} must not end with .git")
    document = {
        "accountId": aws.account,
        "repositoryId": str(uuid.uuid4()),
        "repositoryName": name,
        "repositoryDescription": request.get("repositoryDescription"),
        "kmsKeyId": request.get("kmsKeyId"),
        "creationDate": now,
        "lastModifiedDate": now,
        "Arn": aws.arn("codecommit", name),
        "cloneUrlHttp": f"https://git-codecommit.{aws.region}.amazonaws.com/v1/repos/{name}",
        "cloneUrlSsh": f"ssh://git-codecommit.{aws.region}.amazonaws.com/v1/repos/{name}",
        "Tags": request.get("tags") or {},
    }
    with aws.store.transaction():
        if aws.store.get(repositories.REPOSITORIES, name):
            raise AwsError("RepositoryNameExistsException", f"Repository named {name} already exists")
        aws.store.put(repositories.REPOSITORIES, name, document)
    return {"repositoryMetadata": document}


@operations("GetRepository")
def get_repository(aws: Aws, request: Request) -> Result:
    return {"repositoryMetadata": repositories.find(aws, request["repositoryName"])}


@operations("BatchGetRepositories")
def batch_get_repositories(aws: Aws, request: Request) -> Result:
    held = {name: aws.store.get(repositories.REPOSITORIES, name) for name in request["repositoryNames"]}
    return {
        "repositories": [document for document in held.values() if document],
        "repositoriesNotFound": [name for name, document in held.items() if document is None],
    }


@operations("ListRepositories")
def list_repositories(aws: Aws, request: Request) -> Result:
    member = {"lastModifiedDate": "lastModifiedDate"}.get(request.get("sortBy", ""), "repositoryName")
    found, token = crud.cut(
        [document for _, document in aws.store.scan(repositories.REPOSITORIES)],
        lambda one: [one[member], one["repositoryName"]],
        request.get("nextToken"),
        _PAGE,
        descending=request.get("order") == "descending",
    )
    return {"repositories": found, "nextToken": token}


@operations("DeleteRepository")
def delete_repository(aws: Aws, request: Request) -> Result:
    """What is not there is no error, as on AWS: the answer then has no id."""
    with aws.store.transaction():
        found = aws.store.get(repositories.REPOSITORIES, request["repositoryName"])
        if found is None:
            return {}
        repositories.forget(aws, found)
    return {"repositoryId": found["repositoryId"]}


def _change(aws: Aws, name: str, **members: Any) -> None:
    document = repositories.find(aws, name) | members | {"lastModifiedDate": aws.clock.now()}
    aws.store.put(repositories.REPOSITORIES, name, document)


@operations("UpdateRepositoryDescription")
def update_description(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        _change(aws, request["repositoryName"], repositoryDescription=request.get("repositoryDescription"))
    return None


@operations("UpdateDefaultBranch")
def update_default_branch(aws: Aws, request: Request) -> Result:
    name, branch = request["repositoryName"], request["defaultBranchName"]
    with aws.store.transaction():
        references.branch(aws, repositories.find(aws, name), branch)
        _change(aws, name, defaultBranch=branch)
    return None


# branches


@operations("GetBranch")
def get_branch(aws: Aws, request: Request) -> Result:
    for member, code in (("repositoryName", "RepositoryNameRequired"), ("branchName", "BranchNameRequired")):
        if not request.get(member):
            raise AwsError(f"{code}Exception", f"{member} is required.")
    name = request["branchName"]
    tip = references.branch(aws, repositories.find(aws, request["repositoryName"]), name)
    return {"branch": {"branchName": name, "commitId": tip}}


@operations("ListBranches")
def list_branches(aws: Aws, request: Request) -> Result:
    found = [{"Name": name} for name in repositories.branches(aws, repositories.find(aws, request["repositoryName"]))]
    page, token = crud.cut(found, lambda one: one["Name"], request.get("nextToken"), _PAGE)
    return {"branches": [one["Name"] for one in page], "nextToken": token}


@operations("CreateBranch")
def create_branch(aws: Aws, request: Request) -> Result:
    name, commit = request["branchName"], request["commitId"]
    references.check_name(name)
    with aws.store.transaction():
        repository = repositories.find(aws, request["repositoryName"])
        if repositories.tip(aws, repository, name):
            raise AwsError("BranchNameExistsException", f"The branch {name} exists already.")
        if repositories.commit(aws, repository, commit) is None:
            raise AwsError("CommitDoesNotExistException", f"Commit {commit} does not exist")
        references.move(aws, repository, name, commit)
    return None


@operations("DeleteBranch")
def delete_branch(aws: Aws, request: Request) -> Result:
    name = request["branchName"]
    with aws.store.transaction():
        repository = repositories.find(aws, request["repositoryName"])
        if name == repository.get("defaultBranch"):
            raise AwsError("DefaultBranchCannotBeDeletedException", f"{name} is the default branch.")
        held = repositories.tip(aws, repository, name)
        if held is None:
            return {}
        references.remove(aws, repository, name, held)
    return {"deletedBranch": {"branchName": name, "commitId": held}}


# tags


def _tagged(aws: Aws, arn: str) -> Document:
    name = arn.rpartition(":")[2]
    if arn != aws.arn("codecommit", name):
        raise AwsError("InvalidResourceArnException", f"{arn} is not the ARN of a repository here.")
    return repositories.find(aws, name)


@operations("TagResource")
def tag_resource(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        found = _tagged(aws, request["resourceArn"])
        _change(aws, found["repositoryName"], Tags=found["Tags"] | request["tags"])
    return None


@operations("UntagResource")
def untag_resource(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        found = _tagged(aws, request["resourceArn"])
        kept = {key: value for key, value in found["Tags"].items() if key not in request["tagKeys"]}
        _change(aws, found["repositoryName"], Tags=kept)
    return None


@operations("ListTagsForResource")
def list_tags(aws: Aws, request: Request) -> Result:
    return {"tags": _tagged(aws, request["resourceArn"])["Tags"]}
