"""A pipeline's definition, read: parameters, and steps with what each waits for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from local_aws.pipelines.expressions import steps_in
from local_aws.pipelines.steps import KINDS
from local_aws.pipelines.steps.kind import Branch, Step

Document = dict[str, Any]

#: `Trigger` of a dependency → the states of the other step that let this one start.
TRIGGERS: dict[str, frozenset[str]] = {
    "Completed": frozenset({"Succeeded"}),
    "Failed": frozenset({"Failed"}),
    "Stopped": frozenset({"Stopped"}),
    "Any": frozenset({"Succeeded", "Failed", "Stopped"}),
}


@dataclass(frozen=True)
class Definition:
    """The whole pipeline; `steps` by name in the order of the document, those in branches too."""

    parameters: list[Document]
    steps: dict[str, Step]
    experiment: Document = field(default_factory=dict)

    def upstream(self, name: str) -> set[str]:
        """All steps that must have ended before this one starts."""
        found: set[str] = set()
        queue = [name]
        while queue:
            step = self.steps[queue.pop()]
            for other in {*step.needs, *(branch.owner for branch in step.branches)} - found:
                found.add(other)
                queue.append(other)
        return found


@lru_cache(maxsize=64)
def read(text: str) -> Definition:
    """The definition in a checked JSON text."""
    document = json.loads(text)
    steps = {
        raw["Name"]: Step(
            name=raw["Name"],
            kind=KINDS[raw["Type"]],
            document=raw,
            arguments=own_arguments(raw),
            needs=needs(raw),
            branches=branches,
        )
        for raw, branches, _ in walk_steps(document["Steps"])
    }
    return Definition(document.get("Parameters") or [], steps, document.get("PipelineExperimentConfig") or {})


def walk_steps(
    steps: Any, branches: tuple[Branch, ...] = (), where: str = "Steps"
) -> Iterator[tuple[Document, tuple[Branch, ...], str]]:
    """Every step's document, those in branches too, with the branches around it and its place in the document."""
    for index, raw in enumerate(steps if isinstance(steps, list) else []):
        here = f"{where}[{index}]"
        yield raw, branches, here
        if not isinstance(raw, dict) or raw.get("Type") != "Condition" or not isinstance(raw.get("Arguments"), dict):
            continue
        for member, outcome in (("IfSteps", "True"), ("ElseSteps", "False")):
            inner = (*branches, Branch(str(raw.get("Name")), outcome))
            yield from walk_steps(raw["Arguments"].get(member), inner, f"{here}.Arguments.{member}")


def own_arguments(raw: Document) -> Document:
    """The step's arguments without those of steps in its branches."""
    return KINDS[raw["Type"]].own_arguments(raw.get("Arguments") or {})


def own_members(raw: Document) -> Document:
    """Members beside the arguments in which expressions may stand."""
    return {name: raw[name] for name in sorted(KINDS[raw["Type"]].own_members) if name in raw}


def needs(raw: Document) -> dict[str, str]:
    """Whom a step waits for: step → trigger."""
    found = dict.fromkeys(sorted(steps_in([own_arguments(raw), own_members(raw)])), "Completed")
    for item in raw.get("DependsOn") or []:
        if isinstance(item, dict):
            found[item["Step"]] = item.get("Trigger", "Completed")
        else:
            found.setdefault(item, "Completed")
    return found
