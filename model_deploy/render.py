"""An approved package and a stage become a template and its configuration, as CodePipeline's CloudFormation action
takes them. Pure: no network, no clock; equal input gives equal bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from contract.documents import Document
from contract.errors import InputError
from model_deploy import parameters, template
from model_deploy.config import Stage
from model_deploy.modes import MODES, ModeName, refusal
from model_deploy.project import Project


@dataclass(frozen=True)
class Rendered:
    """What the Build stage hands on.

    template       CloudFormation template of all modes of the stage
    configuration  {"Parameters": …, "Tags": …}, CodePipeline's template configuration
    """

    stage: str
    template: Document
    configuration: Document

    @property
    def files(self) -> tuple[str, str]:
        """The names of both in the artifact of Build."""
        return f"{self.stage}-template-export.yml", f"{self.stage}-config-export.json"


def render(package: Document, stage: Stage, project: Project) -> Rendered:
    """`package` is the answer of DescribeModelPackage.

    Raises InputError, one line per reason, when the package is not approved, or cannot be served so.
    """
    if faults := [*_refusals(package, stage), *elsewhere(stage, project.region)]:
        raise InputError("\n".join(faults))
    parts = [template.read(MODES[mode].template) for mode in stage.modes]
    whole = template.joined(parts, f"{project.name}: {', '.join(stage.modes)}")
    given = {**_shared(package, stage, project), **parameters.values(stage)}
    return Rendered(
        stage=stage.name,
        template=whole,
        configuration={
            "Parameters": {name: given[name] for name in whole["Parameters"]},
            # CloudFormation passes a stack's tags on to its resources.
            "Tags": {**stage.tags, **project.tags(stage.name)},
        },
    )


def _shared(package: Document, stage: Stage, project: Project) -> dict[str, str]:
    return {
        "SageMakerProjectName": project.name,
        "SageMakerProjectId": project.id,
        "StageName": stage.name,
        "ModelPackageName": package["ModelPackageArn"],
        "ModelVersion": str(package["ModelPackageVersion"]),
        "ModelExecutionRoleArn": project.role(stage.name),
        "DataBucketName": stage.bucket or project.bucket,
        "NotificationTopicArn": project.topic,
    }


def _refusals(package: Document, stage: Stage) -> Iterator[str]:
    name = package.get("ModelPackageArn", "The package")
    if (status := package.get("ModelApprovalStatus")) != "Approved":
        yield f"{name} is {status}; only an approved version is deployed: mlops approve."
        return
    inference = package.get("InferenceSpecification", {})
    containers = inference.get("Containers", [])
    if not containers:
        yield f"{name} has no container to serve; register it with an inference specification."
    yield from unservable(name, len(containers), stage)
    for mode in stage.modes:
        yield from _instances(name, mode, stage, inference)


def unservable(name: str, containers: int, stage: Stage) -> Iterator[str]:
    """Why a model of so many containers cannot be served in a mode of the stage, one sentence each."""
    if containers < 2:
        return
    for mode in stage.modes:
        if why := refusal(mode, "serial containers"):
            yield (
                f"{stage.name}: modes: {name} has {containers} containers, AWS refuses them in the mode {mode}: {why}; "
                f"take {mode} out of modes, or train with an engine of one container."
            )
    if "batch" in stage.modes and stage.batch.content_type == "text/csv":
        yield (
            f"{stage.name}: batch.content_type: {name} has {containers} containers, which are all asked for the type "
            "of the results, and Random Cut Forest answers JSON alone; take application/jsonlines."
        )


def elsewhere(stage: Stage, region: str) -> Iterator[str]:
    """What of the stage lies outside its region, one sentence each."""
    key = stage.security.kms_key
    if key and (found := key.split(":")[3]) != region:
        yield f"{stage.name}: security.kms_key: the key is in {found}, and a stage in {region} cannot use it."


def _instances(name: str, mode: ModeName, stage: Stage, inference: Document) -> Iterator[str]:
    """AWS refuses an instance type that the package does not list."""
    member = MODES[mode].instance_types
    listed = inference.get(member, []) if member else []
    wanted = getattr(getattr(stage, mode), "instance_type", None)
    if listed and wanted not in listed:
        yield f"{stage.name}: {mode}.instance_type: {name} may run on {', '.join(listed)}, not on {wanted}."


PROJECT = ("foundation", "build", "rebuild", "delivery", "promotion")


def project_template(with_roles: bool = True) -> Document:
    """The project's own stack; `with_roles` when a stage lives in the same account, else roles.yml goes there alone."""
    parts = [template.read(f"project/{part}.yml") for part in PROJECT]
    if with_roles:
        parts.append(template.read("roles.yml"))
    return template.joined(parts, "A project: registry, both pipelines, promotion")
