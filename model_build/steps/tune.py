"""Tune: training jobs with hyperparameters out of ranges, the next ones chosen by what the earlier ones reached."""

from typing import Any

from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter, IntegerParameter, ParameterRange
from sagemaker.core.shapes import (
    Channel,
    HyperParameterTuningJobWarmStartConfig,
    ParentHyperParameterTuningJob,
)
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import TuningStep
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

from model_build.algorithms import ALGORITHMS
from model_build.authoring import security
from model_build.authoring.context import Context
from model_build.config import Range, Security, Tuning, tuning

NAME = "Tune"

STRATEGIES = {"bayesian": "Bayesian", "random": "Random", "grid": "Grid"}
WARM = {"identical": "IdenticalDataAndAlgorithm", "transfer": "TransferLearning"}


class SecureTuner(HyperparameterTuner):  # type: ignore[misc]
    """The SDK's, which forgets three fields of the training jobs' security (sagemaker 3.27)."""

    def __init__(self, *arguments: Any, security: Security, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._security = security

    def _build_training_job_definition(self, inputs: Any) -> Any:
        definition = super()._build_training_job_definition(inputs)
        definition.enable_network_isolation = self._security.network_isolation
        definition.enable_inter_container_traffic_encryption = self._security.encrypt_between_containers
        if self._security.kms_key:
            definition.resource_config.volume_kms_key_id = self._security.kms_key
        return definition


def step(context: Context, trainer: ModelTrainer, inputs: list[Channel]) -> TuningStep:
    config = context.config
    chosen, metrics = config.tuning, ALGORITHMS[config.train.algorithm].metrics
    metric, direction = tuning.objective(config)
    kinds = tuning.TUNABLE[config.train.algorithm]
    tuner = SecureTuner(
        trainer,
        objective_metric_name=f"validation:{metric}",
        objective_type=direction,
        hyperparameter_ranges={name: parameter(row, kinds[name]) for name, row in tuning.ranges(config).items()},
        metric_definitions=[{"Name": name, "Regex": regex} for name, regex in metrics.items()] or None,
        strategy=STRATEGIES[chosen.strategy],
        max_jobs=chosen.max_jobs,
        max_parallel_jobs=chosen.max_parallel,
        early_stopping_type="Auto" if chosen.early_stopping else "Off",
        random_seed=chosen.seed,
        warm_start_config=warm_start(chosen),
        base_tuning_job_name=context.name,
        tags=security.tags(config.security),
        security=config.security,
    )
    return TuningStep(NAME, step_args=tuner.tune(inputs=inputs, wait=False), cache_config=context.cache)


def parameter(row: Range, kind: tuning.Kind) -> ParameterRange:
    """A range as the SDK has it."""
    if row.values:
        return CategoricalParameter([str(value) for value in row.values])
    scaling = tuning.SCALINGS[row.scaling]
    if kind == "Integer":
        return IntegerParameter(int(row.min or 0), int(row.max or 0), scaling)
    return ContinuousParameter(float(row.min or 0), float(row.max or 0), scaling)


def warm_start(chosen: Tuning) -> HyperParameterTuningJobWarmStartConfig | None:
    if not chosen.parents:
        return None
    parents = [ParentHyperParameterTuningJob(hyper_parameter_tuning_job_name=name) for name in chosen.parents]
    return HyperParameterTuningJobWarmStartConfig(
        parent_hyper_parameter_tuning_jobs=parents, warm_start_type=WARM[chosen.warm_start]
    )


def artefact(tune: TuningStep) -> Join:
    """The address of the best training job's `model.tar.gz`. Its folder is asked for, since the cache may have answered
    with the results of an earlier execution.
    """
    properties = tune.properties
    place = properties.TrainingJobDefinition.OutputDataConfig.S3OutputPath
    return Join(on="/", values=[place, properties.BestTrainingJob.TrainingJobName, "output", "model.tar.gz"])
