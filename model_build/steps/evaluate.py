"""Evaluate: the model on the test rows, as the endpoint would answer → report, golden records, `gate.json`."""

from typing import Any

from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep

from contract import package
from contract.documents import Document
from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.config import Config
from model_build.steps import train as train_step

NAME = "Evaluate"
OUTPUT = "evaluation"
GATE = PropertyFile(name="Gate", output_name=OUTPUT, path=package.GATE)

#: Without a word in the configuration: better than chance, or than the mean.
DEFAULTS = {
    "binary": ("auc", "lower", 0.5),
    "multiclass": ("macro_auc", "lower", 0.5),
    "regression": ("r2", "value", 0.0),
}


def settings(config: Config) -> Document:
    """`evaluate.json`."""
    return {**config.evaluate.model_dump(), "gate": gate(config)}


def gate(config: Config) -> Document:
    """The rule of the gate with the defaults of the task filled in: metric, bound, and minimum or maximum."""
    rule, task = config.gate, config.columns.task
    metric, bound, minimum = DEFAULTS[task]
    if rule.maximum is not None:
        limit, careful = {"maximum": rule.maximum}, "upper"
    elif rule.minimum is not None:
        limit, careful = {"minimum": rule.minimum}, "lower"
    else:
        limit, careful = {"minimum": minimum}, bound
    return {"metric": rule.metric or metric, "bound": rule.bound or careful, **limit}


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
        property_files=[GATE],
    )


def verdict(path: str) -> JsonGet:
    """A value of `gate.json`."""
    return JsonGet(step_name=NAME, property_file=GATE, json_path=path)


def file(evaluate: ProcessingStep, name: str) -> Any:
    """The address of a file that Evaluate left."""
    return Join(on="/", values=[address(evaluate, OUTPUT), name])
