"""Tuning jobs in a few words, on the client of `tests/jobs`."""

import itertools
from typing import Any

from archives_kit import tar

PROGRAM = (
    "import sys, os\nargs = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
    "value = 1 - abs(float(args['--eta']) - .1) - int(args['--depth']) / 100\n"
    "print('[0]\\ttrain-auc:0.5\\tvalidation-auc:0.5')\nprint('[1]\\ttrain-auc:0.5\\tvalidation-auc:%f' % value)\n"
    "open(os.environ['SM_MODEL_DIR'] + '/m', 'w').write(str(value))\n"
)
RANGES = {
    "ContinuousParameterRanges": [
        {"Name": "eta", "MinValue": "0.001", "MaxValue": "1", "ScalingType": "Logarithmic"},
    ],
    "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "8"}],
}

_numbers = itertools.count(1)


def definition(code: str, static: dict[str, str]) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": code}
    return {
        "StaticHyperParameters": {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz",
            "fixed": "1",
            **static,
        },
        "AlgorithmSpecification": {
            "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/small:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": "arn:aws:iam::123456789012:role/jobs",
        "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": "s3://jobs/tuned"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


def create(
    jobs: Any,
    source: str,
    *,
    strategy: str = "Bayesian",
    ranges: dict[str, Any] | None = None,
    jobs_at_most: int | None = None,
    parallel: int = 2,
    seed: int | None = None,
    early: str = "Off",
    target: float | None = None,
    static: dict[str, str] | None = None,
    **request: Any,
) -> str:
    """Create a tuning job whose training jobs run `source`; its name."""
    name = f"tuning-{next(_numbers)}"
    code = jobs.put(f"code/{name}/sourcedir.tar.gz", tar({"train.py": source}))
    limits: dict[str, int] = {"MaxParallelTrainingJobs": parallel}
    if strategy != "Grid":
        limits["MaxNumberOfTrainingJobs"] = jobs_at_most or 4
    config: dict[str, Any] = {
        "Strategy": strategy,
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
        "ResourceLimits": limits,
        "ParameterRanges": ranges or RANGES,
        "TrainingJobEarlyStoppingType": early,
    }
    if seed is not None:
        config["RandomSeed"] = seed
    if target is not None:
        config["TuningJobCompletionCriteria"] = {"TargetObjectiveMetricValue": target}
    jobs.sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig=config,
        TrainingJobDefinition=definition(code, static or {}),
        **request,
    )
    return name


def wait(jobs: Any, name: str) -> dict[str, Any]:
    """Describe the tuning job when it has ended."""
    found: dict[str, Any] = jobs._wait(
        lambda: jobs.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name),
        "HyperParameterTuningJobStatus",
        None,
    )
    return found
