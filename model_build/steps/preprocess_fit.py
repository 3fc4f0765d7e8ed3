"""PreprocessFit: one pass over the raw rows on one instance → `preprocessor.json`, which tells how to encode."""

from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep

from contract.documents import Document
from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, processing_step, sink, source
from model_build.config import Config, analyses

NAME = "PreprocessFit"
OUTPUT = "preprocessor"
FEATURES = PropertyFile(name="Features", output_name=OUTPUT, path="features.json")


def settings(config: Config) -> Document:
    """`preprocess.json`, which `preprocessing.settings` reads."""
    return {
        "columns": config.columns.resolved().to_document(),
        **config.preprocess.model_dump(),
        "split": config.split.model_dump(),
    }


def compared(config: Config) -> Document:
    """`compared.json`, which `model_build.jobs.compared` reads."""
    return config.analysis.model_dump(include={"favourable", "favourable_above", "facet_thresholds", "facet_values"})


def step(context: Context) -> ProcessingStep:
    builtin, grouped = context.config.train.engine == "builtin", context.config.analysis.group_variable
    compares = analyses.runs(context.config) and analyses.compares(context.config)
    return processing_step(
        context,
        NAME,
        program="model_build.jobs.preprocess_fit",
        image="processing",
        inputs=[
            source("input", context.parameters.input_data_url),
            source("settings", context.settings("preprocess.json", settings(context.config))),
            *([source("compared", context.settings("compared.json", compared(context.config)))] if compares else []),
        ],
        outputs=[sink(context, NAME, OUTPUT, "output")],
        environment={
            "INPUT": f"{ROOT}/input",
            "SETTINGS": f"{ROOT}/settings/preprocess.json",
            "OUTPUT": f"{ROOT}/output",
            **({"COMPARED": f"{ROOT}/compared/compared.json"} if compares else {}),
            **({"GROUP_VARIABLE": grouped} if grouped else {}),
            "DATA_FINGERPRINT": context.parameters.input_data_fingerprint,
        },
        property_files=[FEATURES] if builtin else [],
    )


def feature_dim() -> Join:
    """The number of features as a text, which hyperparameters are."""
    return Join(on="", values=[JsonGet(step_name=NAME, property_file=FEATURES, json_path="feature_dim")])
