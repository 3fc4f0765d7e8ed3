"""PreprocessEncode: each instance encodes its shard of the raw rows → train, validation, test and the raw test rows.

Four outputs at four addresses, so that a later step is given what it needs and cannot see the rest.
"""

from sagemaker.mlops.workflow.steps import ProcessingStep

from model_build.authoring.context import Context
from model_build.authoring.processing import ROOT, address, processing_step, sink, source
from model_build.steps import preprocess_fit

NAME = "PreprocessEncode"
#: Output → folder of the program. An input takes every key that begins with its address, so that no output's name may
#: begin with another's: `test` would bring `test_raw` along.
OUTPUTS = {"train": "train", "validation": "validation", "test": "test", "raw_test": "test_raw"}

#: For the built-in algorithms: output → folder, see `jobs.csv_channels`.
CSV = {"csv_train": "train", "csv_validation": "validation", "scored": "scored"}


def step(context: Context, fit: ProcessingStep) -> ProcessingStep:
    builtin, shards = context.config.train.engine == "builtin", context.config.instances.training_count
    csv = [sink(context, NAME, name, f"csv/{folder}") for name, folder in CSV.items()] if builtin else []
    return processing_step(
        context,
        NAME,
        program="model_build.jobs.preprocess_encode",
        image="processing",
        inputs=[
            source("input", context.parameters.input_data_url, sharded=True),
            source("preprocessor", address(fit, preprocess_fit.OUTPUT)),
        ],
        outputs=[*(sink(context, NAME, name, f"output/{folder}") for name, folder in OUTPUTS.items()), *csv],
        environment={
            "INPUT": f"{ROOT}/input",
            "PREPROCESSOR": f"{ROOT}/preprocessor",
            "OUTPUT": f"{ROOT}/output",
            **({"CSV": f"{ROOT}/csv"} if builtin else {}),
            **({"SHARDS": str(shards)} if shards > 1 and not builtin else {}),
            "DATA_FINGERPRINT": context.parameters.input_data_fingerprint,
        },
        instances=context.parameters.processing_instance_count,
    )
