"""Evaluate, where the model is SageMaker's own: its scores of the test rows, held against their labels."""

from sagemaker.mlops.workflow.steps import ProcessingStep, TransformStep

from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.steps import score, threshold
from model_build.steps.evaluate import NAME, OUTPUT, settings


def step(context: Context, encode: ProcessingStep, scored: TransformStep, decided: ProcessingStep) -> ProcessingStep:
    """What it leaves is what Evaluate leaves with the engine "script"."""
    return processing_step(
        context,
        NAME,
        program="model_build.jobs.evaluate_scores",
        image="xgboost",
        inputs=[
            source("model", threshold.container(decided, "encoding")),
            source("scores", score.scores(scored, "test")),
            source("test", address(encode, "test")),
            source("test_raw", address(encode, "raw_test")),
            source("settings", context.settings("evaluate.json", settings(context.config))),
        ],
        outputs=[sink(context, NAME, OUTPUT, "output")],
        environment={
            "MODEL": f"{ROOT}/model",
            "SCORES": f"{ROOT}/scores",
            "TEST": f"{ROOT}/test",
            "TEST_RAW": f"{ROOT}/test_raw",
            "SETTINGS": f"{ROOT}/settings/evaluate.json",
            "OUTPUT": f"{ROOT}/output",
        },
    )
