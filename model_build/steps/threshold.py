"""Threshold: chosen on the scores of the validation rows, and sealed in the containers around the built-in model."""

from typing import Any

from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TransformStep

from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.steps import preprocess_fit, score
from model_build.steps.train import artefact

NAME = "Threshold"
PROGRAM = "model_build.jobs.threshold"


def step(
    context: Context, fit: ProcessingStep, encode: ProcessingStep, train: TrainingStep, scored: TransformStep
) -> ProcessingStep:
    serving = context.code("inference.encoding_app", "inference.deciding_app")
    return processing_step(
        context,
        NAME,
        program=PROGRAM,
        image="processing",
        inputs=[
            source("scores", score.scores(scored, "validation")),
            source("validation", address(encode, "validation")),
            source("preprocessor", address(fit, preprocess_fit.OUTPUT)),
            source("forest", artefact(train)),
        ],
        outputs=[sink(context, NAME, "encoding", "encoding"), sink(context, NAME, "deciding", "deciding")],
        environment={
            "SCORES": f"{ROOT}/scores",
            "VALIDATION": f"{ROOT}/validation",
            "PREPROCESSOR": f"{ROOT}/preprocessor",
            "FOREST": f"{ROOT}/forest",
            "RULE": context.config.train.threshold,
            "SERVING": f"{ROOT}/code/serving",
            "ENCODING": f"{ROOT}/encoding",
            "DECIDING": f"{ROOT}/deciding",
        },
        code=context.code(PROGRAM).beside("serving", serving),
    )


def container(threshold: ProcessingStep, name: str) -> Any:
    """The address of the archive of a container: encoding or deciding."""
    return Join(on="/", values=[address(threshold, name), "model.tar.gz"])
