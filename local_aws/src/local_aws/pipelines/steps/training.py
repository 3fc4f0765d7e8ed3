"""Training: CreateTrainingJob."""

from local_aws.pipelines.steps.job import JobStep

TRAINING = JobStep(
    name="Training",
    job="Training",
    operation="CreateTrainingJob",
    answer="DescribeTrainingJob",
    supplied=frozenset({"TrainingJobName"}),
    # "Default cache key attributes by pipeline step type", developer guide
    cache_key=(
        "AlgorithmSpecification",
        "CheckpointConfig",
        "DebugHookConfig",
        "DebugRuleConfigurations",
        "Environment",
        "HyperParameters",
        "InputDataConfig",
    ),
    members=frozenset({"CacheConfig", "RetryPolicies"}),
    name_member="TrainingJobName",
    metadata_key="TrainingJob",
)
