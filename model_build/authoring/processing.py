"""A Processing step that runs one program of `model_build.jobs`."""

from collections.abc import Mapping, Sequence
from typing import Any

from sagemaker.core.processing import Processor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep

from model_build.authoring import security
from model_build.authoring.context import Context
from model_build.bundle import Bundle

ROOT = "/opt/ml/processing"


def source(name: str, address: Any, sharded: bool = False) -> ProcessingInput:
    """The objects below an S3 prefix at /opt/ml/processing/<name>; `sharded`: each host gets its share of the keys."""
    return ProcessingInput(
        input_name=name.replace("/", "_"),
        s3_input=ProcessingS3Input(
            s3_uri=address,
            local_path=f"{ROOT}/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="ShardedByS3Key" if sharded else "FullyReplicated",
        ),
    )


def sink(context: Context, step: str, name: str, folder: str) -> ProcessingOutput:
    """What a program leaves in /opt/ml/processing/<folder>."""
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(
            s3_uri=context.output(step, name), local_path=f"{ROOT}/{folder}", s3_upload_mode="EndOfJob"
        ),
    )


def address(step: ProcessingStep, name: str) -> Any:
    """Where the output `name` of an earlier step lies, also when the cache answered for it."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def processing_step(
    context: Context,
    name: str,
    program: str,
    image: str,
    inputs: Sequence[ProcessingInput],
    outputs: Sequence[ProcessingOutput],
    environment: Mapping[str, Any],
    instances: Any = 1,
    property_files: Sequence[PropertyFile] = (),
    code: Bundle | None = None,
) -> ProcessingStep:
    """The step `name` that runs `python3 -m program` with its bundle on PYTHONPATH.

    code  the bundle, when it holds more than the program
    """
    config = context.config
    processor = Processor(
        role=context.target.role,
        image_uri=context.image(image),
        instance_count=instances,
        instance_type=context.parameters.processing_instance_type,
        volume_size_in_gb=config.instances.volume_gb,
        max_runtime_in_seconds=config.instances.max_runtime_seconds,
        entrypoint=["python3", "-m", program],
        env={"PYTHONPATH": f"{ROOT}/code", **environment},
        sagemaker_session=context.session,
        **security.processor(config.security),
    )
    bundle = context.assets.expanded(name, code or context.code(program))
    arguments = processor.run(inputs=[*inputs, source("code", bundle)], outputs=list(outputs))
    return ProcessingStep(name, step_args=arguments, cache_config=context.cache, property_files=list(property_files))
