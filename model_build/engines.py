"""From encoded rows to an evaluated model: the steps of each engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TuningStep

from model_build.algorithms import Engine
from model_build.authoring.context import Context
from model_build.steps import (
    analyze,
    clarify,
    containers,
    evaluate,
    evaluate_scores,
    model,
    score,
    threshold,
    train,
    train_builtin,
)
from model_build.steps.analyzed import Analyzed
from model_build.steps.containers import Containers


@dataclass(frozen=True)
class Modelled:
    """`steps` in order, those of the other members among them, and what the model is served with."""

    steps: list[Any]
    trained: TrainingStep | TuningStep
    evaluated: ProcessingStep
    containers: Containers
    analyzed: Analyzed = field(default_factory=Analyzed)


@dataclass(frozen=True)
class Trained:
    """What an analysis may look at."""

    step: TrainingStep | TuningStep
    evaluated: ProcessingStep
    served: Containers


def _open(context: Context, fit: ProcessingStep, encode: ProcessingStep, trained: Trained) -> Analyzed:
    return analyze.analyze(context, fit, encode, trained.step)


def _clarify(context: Context, fit: ProcessingStep, _: ProcessingStep, trained: Trained) -> Analyzed:
    (container,) = trained.served.definitions
    members = {"Image": container.image, "ModelDataUrl": container.model_data_url, "Environment": container.environment}
    return clarify.analyze(context, fit, trained.evaluated, model.step(context, members))


#: Engine of the analysis → its steps.
ANALYSES: dict[str, Callable[[Context, ProcessingStep, ProcessingStep, Trained], Analyzed]] = {
    "open": _open,
    "clarify": _clarify,
    "off": lambda *_: Analyzed(),
}


def script(context: Context, fit: ProcessingStep, encode: ProcessingStep) -> Modelled:
    """Train leaves an artefact that serves by itself."""
    trained = train.step(context, fit, encode)
    evaluated = evaluate.step(context, encode, trained)
    served = containers.single(context, trained)
    analyzed = ANALYSES[context.config.analysis.engine](context, fit, encode, Trained(trained, evaluated, served))
    return Modelled([trained, evaluated, *analyzed.steps], trained, evaluated, served, analyzed)


def builtin(context: Context, fit: ProcessingStep, encode: ProcessingStep) -> Modelled:
    """SageMaker's artefact cannot be read outside of its image: a transform job asks it, and our containers around it
    know how to ask and how to decide."""
    trained = train_builtin.step(context, encode)
    created = score.model(context, trained)
    scored = score.step(context, encode, created)
    decided = threshold.step(context, fit, encode, trained, scored)
    evaluated = evaluate_scores.step(context, encode, scored, decided)
    served = containers.chain(context, trained, decided)
    return Modelled([trained, created, scored, decided, evaluated], trained, evaluated, served)


ENGINES: dict[Engine, Callable[[Context, ProcessingStep, ProcessingStep], Modelled]] = {
    "script": script,
    "builtin": builtin,
}
