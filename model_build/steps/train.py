"""Train: a program of ours in script mode, without the SDK's SourceCode, whose timestamps would defeat the cache."""

from typing import Any

from sagemaker.core.shapes import MetricDefinition, S3DataSource, StoppingCondition
from sagemaker.core.training.configs import Compute, InputData
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.train import ModelTrainer

from model_build import bundle
from model_build.algorithms import ALGORITHMS
from model_build.authoring import security
from model_build.authoring.context import Context
from model_build.authoring.processing import address
from model_build.config import Config
from model_build.steps import preprocess_fit

NAME = "Train"
SOURCE = "/opt/ml/input/data/code/sourcedir.tar.gz"


def hyperparameters(config: Config, own_model: bool) -> dict[str, Any]:
    """What the program gets as arguments. An own model gets what the configuration says, and nothing else."""
    chosen = dict(config.train.hyperparameters)
    if not own_model:
        kind = ALGORITHMS[config.train.algorithm].hyperparameters
        chosen = kind.model_validate(chosen).model_dump(by_alias=True, exclude_none=True)
    return {"threshold_rule": config.train.threshold, **chosen}


def step(context: Context, fit: ProcessingStep, encode: ProcessingStep) -> TrainingStep:
    config, own = context.config, context.own("train")
    algorithm = ALGORITHMS[config.train.algorithm]
    program = context.code(*(own or [algorithm.program]))
    code = context.assets.packed(NAME, bundle.training(program, context.serving(), algorithm.program))
    trainer = ModelTrainer(
        training_image=context.image(algorithm.image),
        role=context.target.role,
        sagemaker_session=context.session,
        base_job_name=context.name,
        compute=Compute(
            instance_type=context.parameters.training_instance_type,
            instance_count=1,
            volume_size_in_gb=config.instances.volume_gb,
            **({"volume_kms_key_id": config.security.kms_key} if config.security.kms_key else {}),
        ),
        networking=security.networking(config.security),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=config.instances.max_runtime_seconds),
        output_data_config=security.training_output(config.security, context.output(NAME)),
        hyperparameters={
            **hyperparameters(config, bool(own)),
            "sagemaker_program": "train.py",
            "sagemaker_region": context.target.region,
            "sagemaker_submit_directory": SOURCE,
        },
        # The toolkit installs the unpacked folder with pip; without network pip must not fetch setuptools first.
        # pip reads this value inverted: "0" turns the isolation of builds off.
        environment={"PIP_NO_BUILD_ISOLATION": "0"},
        tags=security.tags(config.security),
    )
    if algorithm.metrics:
        trainer.with_metric_definitions(
            [MetricDefinition(name=name, regex=expression) for name, expression in algorithm.metrics.items()]
        )
    channels = [
        _channel("train", address(encode, "train")),
        _channel("validation", address(encode, "validation")),
        _channel("preprocessor", address(fit, preprocess_fit.OUTPUT)),
        _channel("code", code),
    ]
    return TrainingStep(NAME, step_args=trainer.train(input_data_config=channels), cache_config=context.cache)


def artefact(train: TrainingStep) -> Any:
    """The address of `model.tar.gz`."""
    return train.properties.ModelArtifacts.S3ModelArtifacts


def _channel(name: str, address: Any) -> InputData:
    kind = "application/x-parquet" if name in ("train", "validation") else "application/octet-stream"
    return InputData(
        channel_name=name,
        content_type=kind,
        data_source=S3DataSource(s3_data_type="S3Prefix", s3_uri=address, s3_data_distribution_type="FullyReplicated"),
    )
