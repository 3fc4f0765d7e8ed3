"""Train with SageMaker's own Random Cut Forest: its image, its channels, its hyperparameters.

SageMaker developer guide, "Random Cut Forest Algorithm".
"""

from typing import Any

from sagemaker.core.shapes import Channel, DataSource, S3DataSource
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.train import ModelTrainer

from model_build.authoring import training
from model_build.authoring.context import Context
from model_build.authoring.processing import address
from model_build.config import Config
from model_build.hyperparameters import RandomCutForest
from model_build.steps import preprocess_fit
from model_build.steps.train import NAME

IMAGE = "random_cut_forest"


def step(context: Context, encode: ProcessingStep) -> TrainingStep:
    """No code of ours runs in it, and nothing can be resumed: after a Spot interruption it begins again."""
    trainer = ModelTrainer(**training.job(context, IMAGE, NAME), hyperparameters=hyperparameters(context.config))
    # The label must not be among the features; the test channel of the algorithm is our validation split.
    channels = [
        _channel("train", address(encode, "csv_train"), label_size=0, distribution="ShardedByS3Key"),
        _channel("test", address(encode, "csv_validation"), label_size=1, distribution="FullyReplicated"),
    ]
    return TrainingStep(NAME, step_args=trainer.train(input_data_config=channels), cache_config=context.cache)


def hyperparameters(config: Config) -> dict[str, Any]:
    """Those of the configuration, and the number of features, which Fit knows."""
    chosen = RandomCutForest.model_validate(config.train.hyperparameters).model_dump(exclude_none=True)
    return {"feature_dim": preprocess_fit.feature_dim(), **chosen}


def _channel(name: str, location: Any, label_size: int, distribution: str) -> Channel:
    source = S3DataSource(s3_data_type="S3Prefix", s3_uri=location, s3_data_distribution_type=distribution)
    return Channel(
        channel_name=name,
        content_type=f"text/csv;label_size={label_size}",
        data_source=DataSource(s3_data_source=source),
    )
