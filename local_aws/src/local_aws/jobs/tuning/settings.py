"""What of CreateHyperParameterTuningJob can be, what cannot, and what is not here."""

import math
from typing import Any

from local_aws.errors import AwsError, NotSupported
from local_aws.jobs.training import Training
from local_aws.jobs.tuning import ranges, sampler
from local_aws.operations import Aws

Document = dict[str, Any]

STRATEGIES = ("Bayesian", "Random", "Grid")

#: Members of a training job that its definition has under the same name.
SAME = (
    "RoleArn",
    "InputDataConfig",
    "VpcConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "Environment",
)


def check(aws: Aws, request: Document) -> Document:
    """The request with AWS's defaults. Raises AwsError or NotSupported."""
    _refuse(request)
    sampler.library()
    config, definition = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    objective_of(request)
    rows = ranges_of(request)
    limits = dict(config["ResourceLimits"])
    if config["Strategy"] == "Grid":
        limits["MaxNumberOfTrainingJobs"] = _combinations(rows, limits)
    if "MaxNumberOfTrainingJobs" not in limits:
        raise AwsError("ValidationException", "ResourceLimits.MaxNumberOfTrainingJobs is needed.")
    if limits["MaxParallelTrainingJobs"] > limits["MaxNumberOfTrainingJobs"]:
        raise AwsError(
            "ValidationException", "MaxParallelTrainingJobs must not be greater than MaxNumberOfTrainingJobs."
        )
    static = definition.get("StaticHyperParameters", {})
    if both := sorted({row.name for row in rows} & set(static)):
        raise AwsError(
            "ValidationException",
            f"The hyperparameter {both[0]} is in both StaticHyperParameters and the ranges: it can be in one only.",
        )
    _check_metric(aws, request)
    values = {row.name: "0" for row in rows}
    Training().check(aws, training_request(request, "check", values))
    _check_parents(aws, request)
    return {
        **request,
        "HyperParameterTuningJobConfig": {"TrainingJobEarlyStoppingType": "Off", **config, "ResourceLimits": limits},
    }


def _refuse(request: Document) -> None:
    config = request["HyperParameterTuningJobConfig"]
    if (request.get("Autotune") or {}).get("Mode") == "Enabled" or config.get("ParameterRanges", {}).get(
        "AutoParameters"
    ):
        raise NotSupported("Autotune")
    if request.get("TrainingJobDefinitions"):
        raise NotSupported("TrainingJobDefinitions: a tuning job with one TrainingJobDefinition is")
    if not request.get("TrainingJobDefinition"):
        raise AwsError("ValidationException", "TrainingJobDefinition is needed.")
    if config["Strategy"] not in STRATEGIES:
        raise NotSupported(f"the tuning strategy {config['Strategy']}")
    if config.get("StrategyConfig"):
        raise NotSupported("StrategyConfig, which is Hyperband's")
    if "MaxRuntimeInSeconds" in config["ResourceLimits"]:
        raise NotSupported("ResourceLimits.MaxRuntimeInSeconds of a tuning job")
    if (config.get("TuningJobCompletionCriteria") or {}).get("ConvergenceDetected"):
        raise NotSupported("TuningJobCompletionCriteria.ConvergenceDetected")
    for member in ("RetryStrategy", "HyperParameterTuningResourceConfig"):
        if request["TrainingJobDefinition"].get(member):
            raise NotSupported(f"{member} of a TrainingJobDefinition")
    if request["TrainingJobDefinition"]["AlgorithmSpecification"].get("AlgorithmName"):
        raise NotSupported("AlgorithmName of a TrainingJobDefinition")


def objective_of(request: Document) -> Document:
    """`{"Type", "MetricName"}`. Raises AwsError when there is none."""
    found: Document | None = request["HyperParameterTuningJobConfig"].get("HyperParameterTuningJobObjective") or (
        request["TrainingJobDefinition"].get("TuningObjective")
    )
    if not found:
        raise AwsError("ValidationException", "HyperParameterTuningJobObjective is needed.")
    return found


def maximises(request: Document) -> bool:
    return bool(objective_of(request)["Type"] == "Maximize")


def ranges_of(request: Document) -> list[ranges.Range]:
    """The rows of the ranges, wherever the request has them. Raises AwsError."""
    config, definition = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    return ranges.read(config.get("ParameterRanges") or definition.get("HyperParameterRanges") or {})


def training_request(request: Document, name: str, values: dict[str, str]) -> Document:
    """The CreateTrainingJob of one trial."""
    definition = request["TrainingJobDefinition"]
    return {
        **{member: definition[member] for member in SAME if member in definition},
        "TrainingJobName": name,
        "AlgorithmSpecification": dict(definition["AlgorithmSpecification"]),
        "HyperParameters": {
            **definition.get("StaticHyperParameters", {}),
            **values,
            "_tuning_objective_metric": objective_of(request)["MetricName"],
        },
        **({"Tags": request["Tags"]} if request.get("Tags") else {}),
    }


def _combinations(rows: list[ranges.Range], limits: Document) -> int:
    if not all(isinstance(row, ranges.Choice) for row in rows):
        raise AwsError("ValidationException", "The strategy Grid takes categorical hyperparameters only.")
    count = math.prod(len(row.values) for row in rows if isinstance(row, ranges.Choice))
    if limits.get("MaxNumberOfTrainingJobs", count) != count:
        raise AwsError(
            "ValidationException",
            f"MaxNumberOfTrainingJobs must be the number of combinations of the categories, which is {count}.",
        )
    return count


def _check_metric(aws: Aws, request: Document) -> None:
    algorithm = request["TrainingJobDefinition"]["AlgorithmSpecification"]
    metric = objective_of(request)["MetricName"]
    if not algorithm.get("TrainingImage"):
        raise NotSupported("a TrainingJobDefinition without AlgorithmSpecification.TrainingImage")
    if aws.images.find(algorithm["TrainingImage"]).metric:
        return  # the image's own expression finds it, or none is found and the job fails
    if metric not in [definition["Name"] for definition in algorithm.get("MetricDefinitions", [])]:
        raise AwsError("ValidationException", f"The objective metric {metric} is not among the MetricDefinitions.")


def _check_parents(aws: Aws, request: Document) -> None:
    warm = request.get("WarmStartConfig")
    if not warm:
        return
    if request["HyperParameterTuningJobConfig"]["Strategy"] == "Grid":
        raise NotSupported("WarmStartConfig with the strategy Grid")
    for name in parents_of(request):
        parent = aws.store.get("sagemaker:HyperParameterTuningJob", name)
        if parent is None:
            raise AwsError("ResourceNotFound", f"The parent hyperparameter tuning job {name} does not exist.")
        if parent["HyperParameterTuningJobStatus"] not in ("Completed", "Stopped", "Failed"):
            raise AwsError("ValidationException", f"The parent hyperparameter tuning job {name} has not ended.")
        if objective_of(parent) != objective_of(request):
            raise AwsError("ValidationException", f"The parent {name} has another objective metric.")
        images = [job["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] for job in (parent, request)]
        if warm["WarmStartType"] == "IdenticalDataAndAlgorithm" and images[0] != images[1]:
            raise AwsError(
                "ValidationException",
                f"The parent {name} has another training image, which IdenticalDataAndAlgorithm does not allow.",
            )


def parents_of(request: Document) -> list[str]:
    """The names of the tuning jobs that this one starts warm from."""
    warm = request.get("WarmStartConfig") or {}
    return [parent["HyperParameterTuningJobName"] for parent in warm.get("ParentHyperParameterTuningJobs", [])]
