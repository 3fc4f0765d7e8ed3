"""From encoded rows to an evaluated model: the steps of each engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sagemaker.mlops.workflow.steps import ProcessingStep

from model_build import analyses
from model_build.algorithms import Engine
from model_build.authoring.context import Context
from model_build.steps import analyze, containers, evaluate, evaluate_scores, score, threshold, train, train_builtin
from model_build.steps.containers import Containers


@dataclass(frozen=True)
class Modelled:
    """`steps` in order, `evaluated` and `analyzed` (None without that step) among them, and what the model is served
    with."""

    steps: list[Any]
    evaluated: ProcessingStep
    containers: Containers
    analyzed: ProcessingStep | None = None


def script(context: Context, fit: ProcessingStep, encode: ProcessingStep) -> Modelled:
    """Train leaves an artefact that serves by itself."""
    trained = train.step(context, fit, encode)
    evaluated = evaluate.step(context, encode, trained)
    analyzed = analyze.step(context, encode, trained) if analyses.runs(context.config) else None
    steps = [trained, evaluated, *filter(None, [analyzed])]
    return Modelled(steps, evaluated, containers.single(context, trained), analyzed)


def builtin(context: Context, fit: ProcessingStep, encode: ProcessingStep) -> Modelled:
    """SageMaker's artefact cannot be read outside of its image: a transform job asks it, and our containers around it
    know how to ask and how to decide."""
    trained = train_builtin.step(context, encode)
    created = score.model(context, trained)
    scored = score.step(context, encode, created)
    decided = threshold.step(context, fit, encode, trained, scored)
    evaluated = evaluate_scores.step(context, encode, scored, decided)
    served = containers.chain(context, trained, decided)
    return Modelled([trained, created, scored, decided, evaluated], evaluated, served)


ENGINES: dict[Engine, Callable[[Context, ProcessingStep, ProcessingStep], Modelled]] = {
    "script": script,
    "builtin": builtin,
}
