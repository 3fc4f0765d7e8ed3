"""The project's stack, from nothing or from what is there: key and bucket first, then the code, then all of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3

from contract.documents import Document
from contract.errors import InputError
from mlops import projects, promotion_code, repository, rules, stacks
from mlops.projects import STAGES, Project
from mlops.stacks import Say
from model_build import catalogue, config
from model_deploy import render, template
from model_deploy import stages as configurations

#: What the deployment's builds use, and so all that is published: `make setup-deploy`, and what its Python runs.
#: Code of your own that a stage's build imports from another folder is named here too.
PARTS = ("Makefile", "requirements-deploy.lock", "contract", "model_deploy")

#: What makes a folder the tree that the deployment's builds need.
_TREE = ("Makefile", "requirements-deploy.lock", "model_deploy/buildspecs/build.yml")


@dataclass(frozen=True)
class Choices:
    """What a person may choose; None keeps what the stack has, and the usual where there is no stack."""

    connection: str | None = None
    build_repository: str | None = None
    deploy_repository: str | None = None
    branch: str | None = None
    email: str | None = None
    staging_account: str | None = None
    prod_account: str | None = None
    schedule: str | None = None
    on_arrival: bool | None = None

    def given(self) -> dict[str, str]:
        """Parameter of the stack → value, for what was chosen."""
        named = {
            "ConnectionArn": self.connection,
            "BuildRepository": self.build_repository,
            "DeployRepository": self.deploy_repository,
            "BranchName": self.branch,
            "NotificationEmail": self.email,
            "StagingAccountId": self.staging_account,
            "ProdAccountId": self.prod_account,
            "BuildSchedule": self.schedule,
            "BuildOnArrival": None if self.on_arrival is None else str(self.on_arrival).lower(),
        }
        return {key: value for key, value in named.items() if value is not None}


@dataclass(frozen=True)
class Done:
    """What a bootstrap did.

    changed  whether the stack did
    commit   what was published for the deployment, None when nothing was
    empty    whether the build's repository waits for its first push; False where it is not in CodeCommit
    """

    project: Project
    changed: bool
    commit: str | None
    repository: str
    empty: bool
    other_accounts: tuple[str, ...]


def bootstrap(project: Project, choices: Choices, bucket: str, say: Say) -> Done:
    """Bring the project's stack up to date, and its deployment repository when it is in CodeCommit.

    bucket  where `mlops run` keeps models
    Raises InputError for choices and trees that cannot work, RunError when a stack fails.
    """
    tree = working_tree()
    _check_stages(tree, project.name)
    code = promotion_code.archive(tree)
    held = stacks.find(project.stack)
    given = _parameters(project, choices, bucket, stacks.parameters(held) if held else {})
    _check(given)
    given |= _of_pipeline(project, given, say)
    changed = False
    if held is None or "BucketName" not in stacks.outputs(held):
        foundation = template.read("project/foundation.yml")
        changed = _apply(project, {"TemplateBody": template.dumps(foundation)}, foundation, given, say)
    given["PromotionCodeKey"] = promotion_code.key(code)
    _upload(project.bucket, given["PromotionCodeKey"], code)
    commit, empty = None, False
    if not given["ConnectionArn"]:  # before the pipelines are there, so that the first commit starts none
        commit = _publish(project, tree, given, say)
        empty = repository.head(given["BuildRepository"], given["BranchName"]) is None
    accounts = {given["StagingAccountId"], given["ProdAccountId"]}
    whole = render.project_template(with_roles=project.account in accounts)
    body = template.dumps(whole).encode()
    url = _upload(project.bucket, f"code/project-{hashlib.sha256(body).hexdigest()}.yml", body)
    changed |= _apply(project, {"TemplateURL": url}, whole, given, say)
    for rule in rules.enable(project):
        say(f"{rule}: switched on again")
    others = tuple(sorted(accounts - {project.account}))
    return Done(project, changed, commit, given["DeployRepository"], empty, others)


def _check_stages(tree: Path, name: str) -> None:
    """Raises InputError when the stages of the pipeline are missing or cannot work."""
    folder = tree / "model_deploy" / "stages" / name
    if not (folder / configurations.BASE).is_file():
        raise InputError(
            f"{folder} is missing: it says how {name!r} is deployed. Begin with a copy of model_deploy/stages/credit."
        )
    for stage in STAGES:
        configurations.load(folder, stage)


def _parameters(project: Project, choices: Choices, bucket: str, held: Mapping[str, str]) -> dict[str, str]:
    """Every parameter of the project's stack but the code's key: the usual, what is there, what was chosen."""
    usual = {
        "StagingAccountId": project.account,
        "ProdAccountId": project.account,
        "NotificationEmail": "",
        "ConnectionArn": "",
        "BuildRepository": project.build_pipeline,
        "DeployRepository": project.pipeline,
        "BranchName": "main",
        "ApprovalMinutes": "10080",
        "BuildSchedule": "",
        "BuildOnArrival": "false",
        "ClarifyChecks": "false",
        "JobSubnetIds": "",
        "ReadBucket": "",
        "ReadPrefix": "",
        "QueryDatabase": "",
        "QueryWorkgroup": "primary",
        "ModelBucketName": bucket or project.bucket,
    }
    fixed = {
        "SageMakerProjectName": project.name,
        "SageMakerProjectId": project.id,
        "ToolingAccountId": project.account,
        "ModelPackageGroupName": project.group,
        "DataBucketName": project.bucket,
    }
    return {**usual, **{key: held[key] for key in usual if key in held}, **choices.given(), **fixed}


def _check(given: Mapping[str, str]) -> None:
    if given["ConnectionArn"] and not all("/" in given[f"{which}Repository"] for which in ("Build", "Deploy")):
        raise InputError(
            "A connection leads to GitHub: name both repositories there, "
            "--build-repository OWNER/NAME --deploy-repository OWNER/NAME."
        )


def _of_pipeline(project: Project, given: Mapping[str, str], say: Say) -> dict[str, str]:
    """The parameters that follow from the pipeline's own configuration; none where that is not here, or cannot work."""
    if project.name not in catalogue.names():
        return {}
    try:
        built = config.load(catalogue.folder(project.name))
    except InputError as error:
        say(f"{error} Until then the stack allows the pipeline's jobs what it did before.")
        return {}
    place, read = f"s3://{project.bucket}/{project.name}/incoming/", built.pipeline.input_data or ""
    if given["BuildOnArrival"] == "true" and not (read and (place.startswith(read) or read.startswith(place))):
        say(f"What arrives below {place} starts a build, which reads other data: name it in pipeline.input_data.")
    if built.pipeline.query and not built.pipeline.query_data:
        say("The build's role may ask the query and not read its tables: name where they lie in pipeline.query_data.")
    checks = str(built.analysis.engine == "clarify").lower()
    return {
        "ClarifyChecks": checks,
        "JobSubnetIds": ",".join(built.security.subnets),
        "QueryDatabase": built.pipeline.database or "",
        "QueryWorkgroup": built.pipeline.workgroup,
        **_read_elsewhere(project, built.pipeline.query_data or read),
    }


def _read_elsewhere(project: Project, address: str) -> dict[str, str]:
    """What the build reads besides the pipeline's own part of the project's bucket, which its roles read anyway."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    own = bucket == project.bucket and prefix.startswith(f"{project.name}/")
    return {"ReadBucket": "", "ReadPrefix": ""} if own else {"ReadBucket": bucket, "ReadPrefix": prefix}


def _apply(project: Project, source: Mapping[str, str], whole: Document, given: Mapping[str, str], say: Say) -> bool:
    wanted = {key: value for key, value in given.items() if key in whole["Parameters"]}
    return stacks.apply(project.stack, source, wanted, project.tags, say)


def _upload(bucket: str, key: str, body: bytes) -> str:
    """The object's address; an object that is there is named by its content and stays."""
    s3 = boto3.client("s3")
    if not s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents"):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def _publish(project: Project, tree: Path, given: Mapping[str, str], say: Say) -> str | None:
    """Both repositories are made; the deployment's holds PARTS. The build's waits for a person's first push."""
    for which, what in (("Build", "pipeline code"), ("Deploy", "deployment")):
        repository.ensure(given[f"{which}Repository"], f"The {what} of {project.name}", project.tags)
    commit = repository.publish(tree, given["DeployRepository"], given["BranchName"], PARTS)
    if commit:
        say(f"{given['DeployRepository']}: what its builds use is published as {commit[:8]}")
    return commit


def working_tree() -> Path:
    """The working directory when it is a tree of this project, else the one that the commands were installed from.

    Raises InputError when neither holds what the deployment's builds need.
    """
    places = (Path.cwd(), Path(projects.__file__).parents[1])
    for place in places:
        if all((place / name).is_file() for name in _TREE):
            return place
    lacking = ", ".join(name for name in _TREE if not (places[0] / name).is_file())
    raise InputError(f"{places[0]} is no tree that can be deployed: it lacks {lacking}.")
