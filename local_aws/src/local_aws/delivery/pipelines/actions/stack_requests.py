"""From the configuration of a CloudFormation action and the files that it names to a request for a stack."""

import io
import json
import zipfile
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from local_aws.delivery.pipelines import artifacts
from local_aws.delivery.pipelines.actions.kind import Document, Job
from local_aws.errors import AwsError
from local_aws.s3 import objects

#: Modes that need more than the stack's name.
_WITH_TEMPLATE = ("CREATE_UPDATE", "REPLACE_ON_FAILURE", "CHANGE_SET_REPLACE")
_WITH_ROLE = (*_WITH_TEMPLATE, "DELETE_ONLY")
_WITH_CHANGE_SET = ("CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE")

#: Bytes of a template that a request can hold; longer ones go through the bucket.
_MOST_INLINE = 51_200


@dataclass(frozen=True)
class Read:
    """A request without its template, and the template."""

    request: Document
    template: str


def _bad(message: str) -> AwsError:
    return AwsError("InvalidActionDeclarationException", message)


def check(action: Document, modes: Container[str]) -> None:
    """Raises AwsError."""
    name, given = action["name"], action["configuration"]
    mode = given["ActionMode"]
    if mode not in modes:
        raise _bad(f"Action '{name}' has the unknown ActionMode {mode}.")
    needed = {"TemplatePath": _WITH_TEMPLATE, "RoleArn": _WITH_ROLE, "ChangeSetName": _WITH_CHANGE_SET}
    if missing := [one for one, by in needed.items() if mode in by and one not in given]:
        raise _bad(f"Action configuration for action '{name}' is missing required configuration '{missing[0]}'")
    inputs = {one["name"] for one in action["inputArtifacts"]}
    for member in ("TemplatePath", "TemplateConfiguration"):
        artifact, mark, path = given.get(member, "").partition("::")
        if member in given and (not mark or not path or artifact not in inputs):
            raise _bad(f"{member} of action '{name}' must be ARTIFACT::FILE with one of its input artifacts.")


def read(job: Job) -> Read:
    """What the action's files say. Raises AwsError "ConfigurationError"."""
    given = job.configuration
    request: Document = {"StackName": given["StackName"]}
    if "RoleArn" in given:
        request["RoleARN"] = given["RoleArn"]
    if given.get("Capabilities"):
        request["Capabilities"] = [one.strip() for one in given["Capabilities"].split(",")]
    if given["ActionMode"] not in _WITH_TEMPLATE:
        return Read(request, "")
    parameters: dict[str, Any] = {}
    if path := given.get("TemplateConfiguration"):
        configuration = _json(_file(job, path), path)
        if unknown := sorted(configuration.keys() - {"Parameters", "Tags", "StackPolicy"}):
            raise AwsError("ConfigurationError", f"{path} has the unknown section {unknown[0]}.")
        parameters |= configuration.get("Parameters") or {}
        request["Tags"] = [{"Key": key, "Value": item} for key, item in (configuration.get("Tags") or {}).items()]
        if "StackPolicy" in configuration:
            request["StackPolicyBody"] = json.dumps(configuration["StackPolicy"])
    overrides = _json(given.get("ParameterOverrides", "{}"), "ParameterOverrides")
    parameters |= {key: _override(job, item) for key, item in overrides.items()}
    request["Parameters"] = [
        {"ParameterKey": key, "ParameterValue": item if isinstance(item, str) else json.dumps(item)}
        for key, item in parameters.items()
    ]
    return Read(request, _file(job, given["TemplatePath"]))


def _file(job: Job, path: str) -> str:
    artifact, _, name = path.partition("::")
    return artifacts.read(job.aws, job.execution, artifact, name)


def _json(text: str, where: str) -> Document:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise AwsError("ConfigurationError", f"{where} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise AwsError("ConfigurationError", f"{where} is not a JSON object.")
    return found


def _override(job: Job, item: Any) -> Any:
    """Fn::GetParam reads a file of an artifact, Fn::GetArtifactAtt says where an artifact lies."""
    if not isinstance(item, dict):
        return item
    if len(item) == 1 and "Fn::GetParam" in item:
        artifact, name, key = item["Fn::GetParam"]
        found = _json(artifacts.read(job.aws, job.execution, artifact, name), name)
        if key not in found:
            raise AwsError("ConfigurationError", f"{name} of the artifact {artifact} has no {key}.")
        return found[key]
    if len(item) == 1 and "Fn::GetArtifactAtt" in item:
        artifact, attribute = item["Fn::GetArtifactAtt"]
        where = job.inputs.get(artifact)
        known = where and {
            "BucketName": where["bucket"],
            "ObjectKey": where["key"],
            "URL": f"{job.aws.endpoint}/{where['bucket']}/{where['key']}",
        }
        if known and attribute in known:
            return known[attribute]
    raise AwsError("ConfigurationError", f"ParameterOverrides cannot be read: {json.dumps(item)}")


def named(job: Job, found: Read) -> Document:
    """The request with its template, inline or in the pipeline's bucket; inside the transaction that sends it."""
    if len(found.template.encode()) <= _MOST_INLINE:
        return found.request | ({"TemplateBody": found.template} if found.template else {})
    where = artifacts.location(job.declared, job.record, "template")
    artifacts.put(job.aws, job.declared, where, objects.stage(job.aws, found.template.encode()))
    return found.request | {"TemplateURL": f"{job.aws.endpoint}/{where['bucket']}/{where['key']}"}


def zipped(name: str, text: str) -> bytes:
    """A zip file of one file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()


def outputs(stack: Document) -> dict[str, str]:
    """A stack's outputs, as an action's variables."""
    return {one["OutputKey"]: str(one["OutputValue"]) for one in stack.get("Outputs") or []}
