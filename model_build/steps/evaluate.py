"""Evaluate: the model on the test rows, as the endpoint would answer → metrics, plots, golden records."""

from typing import Any

from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep

from contract.documents import Document
from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.config import Config
from model_build.config.limits import METRICS
from model_build.steps import train as train_step

NAME = "Evaluate"
OUTPUT = "evaluation"


def settings(config: Config) -> Document:
    """`evaluate.json`."""
    analysis = config.analysis
    if analysis.engine != "clarify":
        return config.evaluate.model_dump()
    grouped = [analysis.group_variable] if analysis.group_variable else []
    return {**config.evaluate.model_dump(), "explain": analysis.explain, "grouped": grouped}


def champion(config: Config) -> Document:
    """The rule by which the candidate stands beside the champion; empty when it does not."""
    chosen = config.champion
    if not chosen.enabled:
        return {}
    metric = chosen.metric or config.gate.metric or METRICS[config.columns.task][0]
    return {"metric": metric, "bound": chosen.bound, "margin": chosen.margin}


def step(context: Context, encode: ProcessingStep, train: TrainingStep) -> ProcessingStep:
    rule, parameters = champion(context.config), context.parameters
    return processing_step(
        context,
        NAME,
        program="model_build.jobs.evaluate",
        image="xgboost",
        inputs=[
            source("model", train_step.artefact(train)),
            source("test", address(encode, "test")),
            source("test_raw", address(encode, "raw_test")),
            source("settings", context.settings("evaluate.json", {**settings(context.config), "champion": rule})),
            *([source("champion", parameters.champion_model_url)] if rule else []),
        ],
        outputs=[sink(context, NAME, OUTPUT, "output")],
        environment={
            "MODEL": f"{ROOT}/model",
            "TEST": f"{ROOT}/test",
            "TEST_RAW": f"{ROOT}/test_raw",
            "SETTINGS": f"{ROOT}/settings/evaluate.json",
            "OUTPUT": f"{ROOT}/output",
            **({"CHAMPION": f"{ROOT}/champion", "CHAMPION_VERSION": parameters.champion_version} if rule else {}),
        },
    )


def file(evaluate: ProcessingStep, name: str) -> Any:
    """The address of a file that Evaluate left."""
    return Join(on="/", values=[address(evaluate, OUTPUT), name])
