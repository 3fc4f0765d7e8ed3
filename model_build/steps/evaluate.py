"""Evaluate: the model on the test rows, as the endpoint would answer → metrics, plots, golden records."""

from typing import Any

from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep

from contract.documents import Document
from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.config import Config
from model_build.steps import train as train_step

NAME = "Evaluate"
OUTPUT = "evaluation"


def settings(config: Config) -> Document:
    """`evaluate.json`."""
    return config.evaluate.model_dump()


def step(context: Context, encode: ProcessingStep, train: TrainingStep) -> ProcessingStep:
    return processing_step(
        context,
        NAME,
        program="model_build.jobs.evaluate",
        image="xgboost",
        inputs=[
            source("model", train_step.artefact(train)),
            source("test", address(encode, "test")),
            source("test_raw", address(encode, "raw_test")),
            source("settings", context.settings("evaluate.json", settings(context.config))),
        ],
        outputs=[sink(context, NAME, OUTPUT, "output")],
        environment={
            "MODEL": f"{ROOT}/model",
            "TEST": f"{ROOT}/test",
            "TEST_RAW": f"{ROOT}/test_raw",
            "SETTINGS": f"{ROOT}/settings/evaluate.json",
            "OUTPUT": f"{ROOT}/output",
        },
    )


def file(evaluate: ProcessingStep, name: str) -> Any:
    """The address of a file that Evaluate left."""
    return Join(on="/", values=[address(evaluate, OUTPUT), name])
