"""Verdict: what the other steps found about the model → `gate.json`, which the conditions read, and the report."""

from typing import Any

from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TuningStep

from contract import package
from contract.documents import Document
from model_build import card
from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.authoring.training import hyperparameters
from model_build.config import Config, tuning
from model_build.jobs.training_told import TUNED
from model_build.steps import evaluate as evaluate_step
from model_build.steps import preprocess_fit
from model_build.steps.analyzed import Analyzed

NAME = "Verdict"
OUTPUT = "verdict"
GATE = PropertyFile(name="Gate", output_name=OUTPUT, path=package.GATE)
REGISTRATION = PropertyFile(name="Registration", output_name=OUTPUT, path=package.REGISTRATION)

#: Input → the file of PreprocessFit that it is: rows of each split, features, and statistics of the training rows.
FITTED = {"findings": "findings.json", "preprocessor": "preprocessor.json", "statistics": package.STATISTICS}

#: Without a word in the configuration: better than chance, or than the mean.
DEFAULTS = {
    "binary": ("auc", "lower", 0.5),
    "multiclass": ("macro_auc", "lower", 0.5),
    "regression": ("r2", "value", 0.0),
}


def settings(config: Config) -> Document:
    """`verdict.json`."""
    held = {"hold_baseline": True} if config.analysis.hold_baseline else {}
    return {"gate": gate(config), "bias": config.analysis.bias_gate, **held}


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


def step(
    context: Context,
    fit: ProcessingStep,
    trained: TrainingStep | TuningStep,
    evaluate: ProcessingStep,
    analyzed: Analyzed,
) -> ProcessingStep:
    analysis = [source(name, place) for name, place in analyzed.folders.items()]
    return processing_step(
        context,
        NAME,
        program="model_build.jobs.verdict",
        image="processing",
        inputs=[
            source("evaluation", address(evaluate, evaluate_step.OUTPUT)),
            *analysis,
            *(source(name, fitted(fit, file)) for name, file in FITTED.items()),
            source("settings", context.settings("verdict.json", {**settings(context.config), **_card(context)})),
        ],
        outputs=[sink(context, NAME, OUTPUT, "output")],
        environment={
            "EVALUATION": f"{ROOT}/evaluation",
            **({"ANALYSIS": f"{ROOT}/analysis"} if analysis else {}),
            **{name.upper(): f"{ROOT}/{name}" for name in FITTED},
            "SETTINGS": f"{ROOT}/settings/verdict.json",
            "OUTPUT": f"{ROOT}/output",
            "INPUT_DATA": context.parameters.input_data_url,
            "DATA_FINGERPRINT": context.parameters.input_data_fingerprint,
            **_trained(context.config, trained),
        },
        property_files=[GATE, REGISTRATION],
    )


def fitted(fit: ProcessingStep, name: str) -> Join:
    """The address of a file that PreprocessFit left."""
    return Join(on="/", values=[address(fit, preprocess_fit.OUTPUT), name])


def _trained(config: Config, trained: TrainingStep | TuningStep) -> dict[str, Any]:
    """The training job, and what a tuning job chose for it."""
    if not isinstance(trained, TuningStep):
        return {"TRAINING_JOB": trained.properties.TrainingJobName}
    best = trained.properties.BestTrainingJob
    chosen = {f"{TUNED}{name}": best.TunedHyperParameters[name] for name in tuning.ranges(config)}
    return {"TRAINING_JOB": best.TrainingJobName, **chosen}


def _card(context: Context) -> Document:
    """What the configuration says about the model and its training, and the name of its card."""
    own_model = bool(context.own("train"))
    chosen = hyperparameters(context.config, own_model)
    return {
        "card": card.sections(context.config),
        "training": card.training(context.config, own_model, chosen),
        "name": context.group,
        "pipeline": context.name,
    }


def card_content() -> JsonGet:
    """The text of the version's model card."""
    return JsonGet(step_name=NAME, property_file=REGISTRATION, json_path="card")


def verdict(path: str) -> JsonGet:
    """A value of `gate.json`."""
    return JsonGet(step_name=NAME, property_file=GATE, json_path=path)
