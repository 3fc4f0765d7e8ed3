"""Analyze: bias of the decisions and what moved them, on the test rows → `analysis.json` and the values of each row."""

from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep

from contract.documents import Document
from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.config import Config
from model_build.steps import train as train_step

NAME = "Analyze"
OUTPUT = "analysis"


def settings(config: Config) -> Document:
    """`analyze.json`."""
    return config.analysis.model_dump(exclude={"engine", "bias_gate"})


def step(context: Context, encode: ProcessingStep, train: TrainingStep) -> ProcessingStep:
    return processing_step(
        context,
        NAME,
        program="model_build.jobs.analyze",
        image="xgboost",
        inputs=[
            source("model", train_step.artefact(train)),
            source("test", address(encode, "test")),
            source("test_raw", address(encode, "raw_test")),
            source("settings", context.settings("analyze.json", settings(context.config))),
        ],
        outputs=[sink(context, NAME, OUTPUT, "output")],
        environment={
            "MODEL": f"{ROOT}/model",
            "TEST": f"{ROOT}/test",
            "TEST_RAW": f"{ROOT}/test_raw",
            "SETTINGS": f"{ROOT}/settings/analyze.json",
            "OUTPUT": f"{ROOT}/output",
        },
    )
