"""The check of a whole definition: what is wrong with it, in sentences, before anything runs.

Pure: a document in, sentences out. CreatePipeline and UpdatePipeline refuse a definition that has any.
"""

import re
from collections.abc import Iterator
from typing import Any

from local_aws.pipelines import parameters
from local_aws.pipelines.arguments import Defaults, argument_violations, with_known
from local_aws.pipelines.definition import walk_steps
from local_aws.pipelines.references import cycles, reference_violations
from local_aws.pipelines.step_members import member_violations
from local_aws.pipelines.steps import KINDS, NOT_SUPPORTED

Document = dict[str, Any]

VERSION = "2020-12-01"

_TOP = frozenset({"Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig", "Steps"})


def check(definition: Any) -> list[str]:
    """One sentence for everything that is wrong with a parsed definition; an empty list when it can be run.

    Looks at the form, the parameters, the types and members of the steps, references and their paths, cycles, and the
    arguments of every step against the request shape of the operation that it calls.
    """
    if not isinstance(definition, dict):
        return ["The definition is not a JSON object."]
    found = list(_top(definition))
    found += parameters.violations(definition.get("Parameters") or [])
    found += _steps(definition)
    if found:
        return found
    found = list(reference_violations(definition))
    return found or list(cycles(definition)) or list(_arguments(definition))


def _top(definition: Document) -> Iterator[str]:
    if definition.get("Version") != VERSION:
        yield f"Version: {definition.get('Version')!r} is not {VERSION}, the one that there is."
    for name in sorted(set(definition) - _TOP):
        yield f"{name} is not a member of a definition; there are {', '.join(sorted(_TOP))}."
    if not isinstance(definition.get("Metadata") or {}, dict):
        yield "Metadata: an object is needed."
    if definition.get("MlflowConfig"):
        yield "MlflowConfig: local_aws does not support MLflow experiments of pipelines."
    if not isinstance(definition.get("Steps"), list) or not definition["Steps"]:
        yield "Steps: a list of at least one step is needed."


def _steps(definition: Document) -> Iterator[str]:
    seen: set[str] = set()
    for raw, _, where in walk_steps(definition.get("Steps")):
        if not isinstance(raw, dict) or not isinstance(raw.get("Name"), str):
            yield f"{where}: a step is an object with a Name."
            continue
        name = raw["Name"]
        if not re.fullmatch(r"[A-Za-z0-9\-_]{1,64}", name):
            yield f"The step {name!r}: a name has 1 to 64 letters, digits, hyphens and underscores."
        if name in seen:
            yield f"The step {name}: another step has this name."
        seen.add(name)
        yield from _kind(raw, f"The step {name}")


def _kind(raw: Document, where: str) -> Iterator[str]:
    given = str(raw.get("Type"))
    kind = KINDS.get(given)
    if kind is None:
        known = "local_aws does not support steps of this type" if given in NOT_SUPPORTED else "there is none"
        yield f"{where}: Type {raw.get('Type')!r}: {known}; it runs {', '.join(KINDS)}."
        return
    if not isinstance(raw.get("Arguments"), dict):
        yield f"{where}: Arguments: an object is needed."
        return
    yield from member_violations(raw, kind, where)


def _arguments(definition: Document) -> Iterator[str]:
    scope = Defaults(definition.get("Parameters") or [])
    for raw, _, _ in walk_steps(definition["Steps"]):
        kind = KINDS[raw["Type"]]
        known = with_known(kind.own_arguments(raw["Arguments"]), scope)
        yield from argument_violations(kind, known, f"The step {raw['Name']}")
