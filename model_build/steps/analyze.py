"""Analyze: bias of the decisions and what moved them, on the test rows → `analysis.json` and the values of each row."""

from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TuningStep

from contract import package
from contract.documents import Document
from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.config import Config
from model_build.config.analyses import OF_CHECKS
from model_build.steps import preprocess_fit
from model_build.steps import train as train_step
from model_build.steps.analyzed import Analyzed

NAME = "Analyze"
OUTPUT = "analysis"

#: What the document serves as when drift is checked.
BASELINES = {
    "explainability": ("explainability_constraints",),
    "bias": ("bias_pre_training_constraints", "bias_post_training_constraints"),
}


def settings(config: Config) -> Document:
    """`analyze.json`."""
    return config.analysis.model_dump(exclude={"engine", "bias_gate", "hold_baseline", *OF_CHECKS})


def analyze(
    context: Context, fit: ProcessingStep, encode: ProcessingStep, train: TrainingStep | TuningStep
) -> Analyzed:
    """One step, whose one document holds explanations and, where there are facets, bias."""
    done = step(context, fit, encode, train)
    document = Join(on="/", values=[address(done, OUTPUT), package.ANALYSIS])
    names = ("explainability", "bias") if context.config.columns.facets else ("explainability",)
    return Analyzed(
        steps=[done],
        folders={"analysis": address(done, OUTPUT)},
        documents=dict.fromkeys(names, document),
        # The same document is what Clarify's check steps hold a later analysis against.
        baselines=dict.fromkeys([constraint for name in names for constraint in BASELINES[name]], document),
    )


def step(
    context: Context, fit: ProcessingStep, encode: ProcessingStep, train: TrainingStep | TuningStep
) -> ProcessingStep:
    groups = Join(on="/", values=[address(fit, preprocess_fit.OUTPUT), f"{package.GROUPS}/"])
    facets = context.config.columns.facets
    return processing_step(
        context,
        NAME,
        program="model_build.jobs.analyze",
        image="xgboost",
        inputs=[
            source("model", train_step.artefact(train)),
            source("test", address(encode, "test")),
            source("test_raw", address(encode, "raw_test")),
            *([source("groups", groups)] if facets else []),
            source("baseline", context.parameters.baseline_analysis_url),
            source("settings", context.settings("analyze.json", settings(context.config))),
        ],
        outputs=[sink(context, NAME, OUTPUT, "output")],
        environment={
            "MODEL": f"{ROOT}/model",
            "TEST": f"{ROOT}/test",
            "TEST_RAW": f"{ROOT}/test_raw",
            **({"GROUPS": f"{ROOT}/groups"} if facets else {}),
            "BASELINE": f"{ROOT}/baseline",
            "SETTINGS": f"{ROOT}/settings/analyze.json",
            "OUTPUT": f"{ROOT}/output",
        },
    )
