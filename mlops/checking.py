"""What can be said of a pipeline and its stages before anything runs: no network, no credentials."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from contract.errors import InputError
from mlops import authoring
from mlops import target as targets

if TYPE_CHECKING:
    from model_deploy.config import Stage

STAGES = Path("model_deploy/stages")


def faults(name: str) -> list[str]:
    """One sentence for each fault of the pipeline `name`, its definition and its stages; see `folder`."""
    try:
        text = authoring.offline(name).text
    except InputError as error:
        return [str(error), *_of_stages(name, containers=1)]
    return list(_of_stages(name, containers(text)))


def folder(name: str) -> Path | None:
    """The folder of the pipeline's stages; None for a pipeline that is not deployed."""
    found = STAGES / name
    return found if found.is_dir() else None


def check_chain(name: str, definition: str) -> None:
    """Raises InputError when the model will have several containers, and a mode of a stage cannot serve them."""
    if (many := containers(definition)) > 1 and (found := list(_of_stages(name, many))):
        raise InputError("\n".join(found))


def containers(definition: str) -> int:
    """Of the model that a definition registers."""
    steps = json.loads(definition)["Steps"]
    while steps:
        step = steps.pop()
        arguments = step.get("Arguments", {})
        if step["Type"] == "RegisterModel":
            return len(arguments["InferenceSpecification"]["Containers"])
        if step["Type"] == "Condition":
            steps += [*arguments["IfSteps"], *arguments["ElseSteps"]]
    return 1


def _of_stages(name: str, containers: int) -> Iterator[str]:
    from model_deploy import render, stages  # reads configurations with pydantic

    if not (place := folder(name)):
        return
    yield from stages.strays(place)
    for stage in stages.NAMES:
        try:
            settings: Stage = stages.load(place, stage)
        except InputError as error:
            yield str(error)
            continue
        yield from (f"{place}: {fault}" for fault in render.unservable(name, containers, settings))
        yield from (f"{place}: {fault}" for fault in render.elsewhere(settings, targets.region()))
