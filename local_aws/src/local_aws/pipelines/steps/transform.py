"""Transform: CreateTransformJob."""

from local_aws.pipelines.steps.job import JobStep

TRANSFORM = JobStep(
    name="Transform",
    job="Transform",
    operation="CreateTransformJob",
    answer="DescribeTransformJob",
    supplied=frozenset({"TransformJobName"}),
    # "Default cache key attributes by pipeline step type", developer guide
    cache_key=("DataProcessing", "Environment", "ModelName", "TransformInput"),
    members=frozenset({"CacheConfig", "RetryPolicies"}),
    name_member="TransformJobName",
    metadata_key="TransformJob",
)
