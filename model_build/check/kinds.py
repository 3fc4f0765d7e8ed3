"""The step types of the definition language that make one request, and what a reference to them can name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A step type: the operation it calls, and the member that names the job, which the service fills in.

    properties  what a reference can name, where that is not what `describes` answers
    """

    operation: str
    name: str
    describes: str
    members: frozenset[str] = frozenset({"CacheConfig"})
    properties: frozenset[str] = frozenset()


#: What a check step has beside its request. Source: "ClarifyCheck step", SageMaker developer guide, and the SDK.
CHECK_MEMBERS = (
    "CheckType",
    "FailOnViolation",
    "ModelName",
    "ModelPackageGroupName",
    "RegisterNewBaseline",
    "SkipCheck",
    "SuppliedBaselineConstraints",
)

#: Step types of the definition language that make one request. Source: "Pipelines steps", SageMaker developer guide.
TYPES: dict[str, Kind | None] = {
    "Processing": Kind(
        "CreateProcessingJob",
        "ProcessingJobName",
        "DescribeProcessingJob",
        frozenset({"CacheConfig", "PropertyFiles"}),
    ),
    "Training": Kind("CreateTrainingJob", "TrainingJobName", "DescribeTrainingJob"),
    "Tuning": Kind("CreateHyperParameterTuningJob", "HyperParameterTuningJobName", "DescribeHyperParameterTuningJob"),
    "Transform": Kind("CreateTransformJob", "TransformJobName", "DescribeTransformJob"),
    "Model": Kind("CreateModel", "ModelName", "DescribeModel", frozenset()),
    "RegisterModel": Kind("CreateModelPackage", "ModelPackageName", "DescribeModelPackage", frozenset()),
    "ClarifyCheck": Kind(
        "CreateProcessingJob",
        "ProcessingJobName",
        "DescribeProcessingJob",
        frozenset({"CacheConfig", *CHECK_MEMBERS}),
        frozenset({"CalculatedBaselineConstraints", "BaselineUsedForDriftCheckConstraints"}),
    ),
    "Fail": None,
}
