"""What is refused before a pipeline is kept. Pure.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
"""

import json
from collections.abc import Iterator
from typing import Any

from local_aws.delivery.pipelines import actions, variables
from local_aws.delivery.pipelines.planning import order_of
from local_aws.errors import AwsError, NotSupported

Document = dict[str, Any]

#: https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
_MOST_STAGES, _MOST_ACTIONS, _MOST_OVERRIDES = 50, 50, 1024


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidStructureException", message)


def _bad_stage(message: str) -> AwsError:
    return AwsError("InvalidStageDeclarationException", message)


def _bad_action(message: str) -> AwsError:
    return AwsError("InvalidActionDeclarationException", message)


def check(declared: Document, region: str) -> None:
    """Raises AwsError with CodePipeline's codes, NotImplemented for what is not done here."""
    if declared.get("artifactStores") is not None:
        raise NotSupported("artifactStores, which actions in other regions need")
    if declared.get("artifactStore") is None:
        raise _invalid("A pipeline needs an artifactStore.")
    if declared.get("triggers"):
        raise NotSupported("triggers (local_aws reaches no GitHub; rules on events start pipelines)")
    if declared["executionMode"] == "PARALLEL":
        raise NotSupported("the execution mode PARALLEL")
    if declared["pipelineType"] == "V1" and (declared["executionMode"] != "SUPERSEDED" or declared.get("variables")):
        raise _invalid("Execution modes and variables need a pipeline of type V2.")
    _check_variables(declared)
    stages = declared["stages"]
    if not 2 <= len(stages) <= _MOST_STAGES:
        raise _invalid(f"Pipeline has {len(stages)} stage(s). There should be between 2 and {_MOST_STAGES}.")
    if repeated := _repeated(stages):
        raise _invalid(f"Stage names must be unique: {repeated} stands there twice.")
    for number, stage in enumerate(stages):
        _check_stage(stage, first=number == 0)
        for action in stage["actions"]:
            _check_action(declared, action, region)
    _check_artifacts(stages)


def _repeated(items: list[Document]) -> str:
    names = [one["name"] for one in items]
    return next((name for name in names if names.count(name) > 1), "")


def _check_variables(declared: Document) -> None:
    if repeated := _repeated(declared.get("variables") or []):
        raise _invalid(f"Variable names must be unique: {repeated} stands there twice.")


def _check_stage(stage: Document, *, first: bool) -> None:
    name = stage["name"]
    for member in ("beforeEntry", "onSuccess"):
        if stage.get(member):
            raise NotSupported(f"{member} conditions ({name})")
    if stage.get("blockers"):
        raise NotSupported(f"blockers ({name})")
    failure = stage.get("onFailure") or {}
    if failure.get("conditions") or failure.get("result") == "SKIP":
        raise NotSupported(f"onFailure conditions ({name})")
    if failure.get("result") == "ROLLBACK" and first:
        raise _bad_stage(f"The stage {name} holds the sources: it cannot be rolled back.")
    if failure.get("retryConfiguration") and failure.get("result") != "RETRY":
        raise _bad_stage(f"retryConfiguration of the stage {name} needs the result RETRY.")
    if not 1 <= len(stage["actions"]) <= _MOST_ACTIONS:
        raise _bad_stage(f"The stage {name} needs between 1 and {_MOST_ACTIONS} actions.")
    if repeated := _repeated(stage["actions"]):
        raise _bad_stage(f"Action names must be unique in a stage: {repeated} stands twice in {name}.")
    for action in stage["actions"]:
        is_source = action["actionTypeId"]["category"] == "Source"
        if first and not is_source:
            raise _bad_stage(f"Pipeline should start with a stage that only contains source actions, not {name}")
        if is_source and not first:
            raise _bad_stage(f"Only first stage can contain source actions, not {name}")


def _check_action(declared: Document, action: Document, region: str) -> None:
    name, kind = action["name"], actions.find(action["actionTypeId"])
    for member in ("commands", "outputVariables", "environmentVariables"):
        if action.get(member):
            raise NotSupported(f"{member} of {kind.provider} actions ({name})")
    if any(one.get("files") for one in action.get("outputArtifacts") or []):
        raise NotSupported(f"files of output artifacts of {kind.provider} actions ({name})")
    if action.get("region") not in (None, region):
        raise NotSupported(f"actions in other regions ({name} in {action['region']})")
    given = action["configuration"]
    if unknown := sorted(given.keys() - kind.required - kind.optional):
        raise _bad_action(f"Action configuration for action '{name}' contains unknown configuration '{unknown[0]}'")
    if missing := sorted(kind.required - given.keys()):
        raise _bad_action(f"Action configuration for action '{name}' is missing required configuration '{missing[0]}'")
    if len(given.get("ParameterOverrides", "").encode()) > _MOST_OVERRIDES:
        raise _bad_action(f"ParameterOverrides of action '{name}' is larger than {_MOST_OVERRIDES} bytes.")
    for word, (low, high) in (("input", kind.inputs), ("output", kind.outputs)):
        count = len(action.get(f"{word}Artifacts") or [])
        if not low <= count <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise _bad_action(f"Action '{name}' has {count} {word} artifact(s): {kind.provider} takes {wanted}.")
    known = {one["name"] for one in declared.get("variables") or []}
    for space, variable in variables.references(given):
        own = {variables.PIPELINE: known, variables.CODEPIPELINE: variables.OWN}.get(space)
        if own is not None and variable not in own:
            raise _bad_action(f"Action '{name}' uses the variable #{{{space}.{variable}}}, which is not declared.")
    kind.check(action)


def _check_artifacts(stages: list[Document]) -> None:
    """What comes in has come out before; names of artifacts and namespaces are unique."""
    known: set[str] = set()
    spaces: set[str] = set()
    for group in _together(stages):
        for action in group:
            for one in action.get("inputArtifacts") or []:
                if one["name"] not in known:
                    raise _invalid(
                        f"Input Artifact Bundle {one['name']} in action '{action['name']}' is not declared as output"
                        " artifact in an earlier action"
                    )
        for action in group:
            for one in action.get("outputArtifacts") or []:
                if one["name"] in known:
                    raise _invalid(f"Output Artifact Bundle name must be unique within the pipeline: {one['name']}")
                known.add(one["name"])
            if (space := action.get("namespace")) and (
                space in spaces or space in (variables.PIPELINE, variables.CODEPIPELINE)
            ):
                raise _invalid(f"Namespace {space} is taken.")
            spaces.add(action.get("namespace") or "")


def _together(stages: list[Document]) -> Iterator[list[Document]]:
    """Actions that run at the same time, in the order of the pipeline."""
    for stage in stages:
        orders = sorted({order_of(action) for action in stage["actions"]})
        for order in orders:
            yield [action for action in stage["actions"] if order_of(action) == order]


def completed(request: Document) -> Document:
    """A declaration with AWS's defaults."""
    found: Document = json.loads(json.dumps(request))
    found["executionMode"] = found.get("executionMode") or "SUPERSEDED"
    found["pipelineType"] = found.get("pipelineType") or "V1"
    for stage in found["stages"]:
        for action in stage["actions"]:
            action["runOrder"] = order_of(action)
            for member, empty in (("configuration", {}), ("inputArtifacts", []), ("outputArtifacts", [])):
                action[member] = action.get(member) or empty
    return found
