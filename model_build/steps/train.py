"""Train: one training job, or, with [tuning], Tune in its place: many, of which the best goes on."""

from typing import Any

from sagemaker.core.shapes import Channel, MetricDefinition
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TuningStep

from model_build.algorithms import ALGORITHMS
from model_build.authoring import training
from model_build.authoring.context import Context
from model_build.authoring.processing import address
from model_build.steps import preprocess_fit, tune

NAME = "Train"


def step(context: Context, fit: ProcessingStep, encode: ProcessingStep) -> TrainingStep | TuningStep:
    tuned = context.config.tuning.enabled
    name = tune.NAME if tuned else NAME
    sharded = context.config.instances.training_count > 1
    inputs = channels(fit, encode, training.code(context, name), sharded=sharded)
    trainer = training.trainer(context, name)
    if tuned:
        return tune.step(context, trainer, inputs)
    if metrics := ALGORITHMS[context.config.train.algorithm].metrics:
        trainer.with_metric_definitions(
            [MetricDefinition(name=name, regex=expression) for name, expression in metrics.items()]
        )
    return TrainingStep(NAME, step_args=trainer.train(input_data_config=inputs), cache_config=context.cache)


def channels(fit: ProcessingStep, encode: ProcessingStep, code: str, *, sharded: bool) -> list[Channel]:
    """The encoded splits, the fitted preprocessor and the code; `sharded`: each instance gets its part of the rows."""
    return [
        training.channel("train", address(encode, "train"), sharded=sharded),
        training.channel("validation", address(encode, "validation")),
        training.channel("preprocessor", address(fit, preprocess_fit.OUTPUT)),
        training.channel("code", code),
    ]


def artefact(trained: TrainingStep | TuningStep) -> Any:
    """The address of `model.tar.gz`: that of the one training job, or of the best one."""
    if isinstance(trained, TuningStep):
        return tune.artefact(trained)
    return trained.properties.ModelArtifacts.S3ModelArtifacts
