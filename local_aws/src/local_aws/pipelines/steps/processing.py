"""Processing: CreateProcessingJob."""

from local_aws.pipelines.steps.job import JobStep

PROCESSING = JobStep(
    name="Processing",
    job="Processing",
    operation="CreateProcessingJob",
    answer="DescribeProcessingJob",
    supplied=frozenset({"ProcessingJobName"}),
    # "Default cache key attributes by pipeline step type", developer guide
    cache_key=("AppSpecification", "Environment", "ProcessingInputs"),
    members=frozenset({"CacheConfig", "RetryPolicies", "PropertyFiles"}),
    name_member="ProcessingJobName",
    metadata_key="ProcessingJob",
)
