"""A training job of ours in script mode, as Train runs it once and Tune many times; without the SDK's SourceCode, whose
timestamps would defeat the cache.
"""

from typing import Any

from sagemaker.core.shapes import Channel, CheckpointConfig, DataSource, S3DataSource, StoppingCondition
from sagemaker.core.training.configs import Compute
from sagemaker.core.workflow.functions import Join
from sagemaker.train import ModelTrainer

from contract.documents import dumps, sha256
from model_build import bundle
from model_build.algorithms import ALGORITHMS
from model_build.authoring import security
from model_build.authoring.context import Context
from model_build.config import Config

SOURCE = "/opt/ml/input/data/code/sourcedir.tar.gz"
CHECKPOINTS = "/opt/ml/checkpoints"


def hyperparameters(config: Config, own_model: bool) -> dict[str, Any]:
    """What the program gets as arguments. An own model gets what the configuration says, and nothing else."""
    chosen = dict(config.train.hyperparameters)
    if not own_model:
        kind = ALGORITHMS[config.train.algorithm].hyperparameters
        chosen = kind.model_validate(chosen).model_dump(by_alias=True, exclude_none=True)
    return {"threshold_rule": config.train.threshold, **chosen}


def code(context: Context, step: str) -> str:
    """The address of the bundle that the step unpacks."""
    algorithm, own = ALGORITHMS[context.config.train.algorithm], context.own("train")
    program = context.code(*(own or [algorithm.program]))
    return context.assets.packed(step, bundle.training(program, context.serving(), algorithm.program))


def trainer(context: Context, step: str) -> ModelTrainer:
    """The job without its channels. Call it after `code`, since checkpoints stand below a hash of the code."""
    config, algorithm = context.config, ALGORITHMS[context.config.train.algorithm]
    chosen = hyperparameters(config, bool(context.own("train")))
    resumable = config.spot.enabled and config.train.algorithm == "xgboost"
    return ModelTrainer(
        **job(context, algorithm.image, step),
        **({"checkpoint_config": CheckpointConfig(s3_uri=checkpoints(context, chosen))} if resumable else {}),
        hyperparameters={
            **chosen,
            "sagemaker_program": "train.py",
            "sagemaker_region": context.target.region,
            "sagemaker_submit_directory": SOURCE,
        },
        # The toolkit installs the unpacked folder with pip; without network pip must not fetch setuptools first.
        # pip reads this value inverted: "0" turns the isolation of builds off.
        environment={"PIP_NO_BUILD_ISOLATION": "0", **({"CHECKPOINTS": CHECKPOINTS} if resumable else {})},
    )


def job(context: Context, image: str, step: str) -> dict[str, Any]:
    """Arguments of a ModelTrainer, whatever it trains: where it runs, for how long, and what keeps it safe."""
    config = context.config
    wait = {"max_wait_time_in_seconds": config.longest_wait} if config.spot.enabled else {}
    return {
        "training_image": context.image(image),
        "role": context.target.role,
        "sagemaker_session": context.session,
        "base_job_name": context.name,
        "compute": Compute(
            instance_type=context.parameters.training_instance_type,
            instance_count=config.instances.training_count,
            volume_size_in_gb=config.instances.volume_gb,
            **({"volume_kms_key_id": config.security.kms_key} if config.security.kms_key else {}),
            **({"enable_managed_spot_training": True} if config.spot.enabled else {}),
        ),
        "networking": security.networking(config.security),
        "stopping_condition": StoppingCondition(max_runtime_in_seconds=config.instances.max_runtime_seconds, **wait),
        "output_data_config": security.training_output(config.security, context.output(step)),
        "tags": security.tags(config.security),
    }


def checkpoints(context: Context, chosen: dict[str, Any]) -> Join:
    """Where checkpoints lie: below a hash of code, data and hyperparameters, so that no other training finds them."""
    config = context.config
    settings = [section.model_dump(mode="json") for section in (config.columns, config.preprocess, config.split)]
    digest = sha256(dumps({"code": context.assets.code_hash, "settings": settings, "chosen": chosen}).encode())
    root = f"{context.target.bucket}/{context.assets.prefix}/checkpoints/{digest}"
    return Join(on="/", values=["s3:/", root, context.parameters.input_data_fingerprint])


def channel(name: str, address: Any, *, sharded: bool = False) -> Channel:
    """All objects below `address` on every instance; `sharded`: each instance gets its share of the keys."""
    kind = "application/x-parquet" if name in ("train", "validation") else "application/octet-stream"
    distribution = "ShardedByS3Key" if sharded else "FullyReplicated"
    source = S3DataSource(s3_data_type="S3Prefix", s3_uri=address, s3_data_distribution_type=distribution)
    return Channel(channel_name=name, content_type=kind, data_source=DataSource(s3_data_source=source))
