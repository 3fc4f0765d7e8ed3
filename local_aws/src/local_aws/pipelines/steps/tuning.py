"""Tuning: CreateHyperParameterTuningJob."""

import hashlib
from dataclasses import dataclass

from local_aws.jobs.tuning.operations import best_first
from local_aws.operations import Aws
from local_aws.pipelines.steps.job import JobStep
from local_aws.pipelines.steps.kind import Document, Start

#: "Tuning step stores up to 50 top performing training jobs" (SDK, TuningStep.get_top_model_s3_uri).
TOP = 50


@dataclass(frozen=True)
class TuningStep(JobStep):
    """Its properties are the tuning job's and, as `TrainingJobSummaries`, its training jobs, best first."""

    def properties(self, aws: Aws, resource: str) -> Document:
        found = super().properties(aws, resource)
        return found | {"TrainingJobSummaries": best_first(aws, found)[:TOP]}

    def job_name(self, start: Start) -> str:
        """At most 32 characters, as the API wants: `<execution>-<step>-<suffix>`."""
        name, identity = super().job_name(start), start.execution["PipelineExecutionId"]
        suffix = hashlib.sha256(name.encode()).hexdigest()[:10]
        return f"{identity}-{start.step.name.replace('_', '-')[:8]}-{suffix}"


TUNING = TuningStep(
    name="Tuning",
    job="HyperParameterTuning",
    operation="CreateHyperParameterTuningJob",
    answer="DescribeHyperParameterTuningJob",
    more_answers=("ListTrainingJobsForHyperParameterTuningJob",),
    supplied=frozenset({"HyperParameterTuningJobName"}),
    # "Default cache key attributes by pipeline step type", developer guide
    cache_key=(
        "HyperParameterTuningJobConfig",
        "TrainingJobDefinition.AlgorithmSpecification",
        "TrainingJobDefinition.HyperParameterRanges",
        "TrainingJobDefinition.InputDataConfig",
        "TrainingJobDefinition.StaticHyperParameters",
        "TrainingJobDefinition.TuningObjective",
        "TrainingJobDefinitions",
    ),
    members=frozenset({"CacheConfig", "RetryPolicies"}),
    name_member="HyperParameterTuningJobName",
    metadata_key="TuningJob",
)
