"""The kinds of steps: one file a kind, and the table of them."""

from local_aws.pipelines.steps.clarify_check import CLARIFY_CHECK
from local_aws.pipelines.steps.condition import CONDITION
from local_aws.pipelines.steps.fail import FAIL
from local_aws.pipelines.steps.kind import StepKind
from local_aws.pipelines.steps.model import MODEL
from local_aws.pipelines.steps.processing import PROCESSING
from local_aws.pipelines.steps.register_model import REGISTER_MODEL
from local_aws.pipelines.steps.training import TRAINING
from local_aws.pipelines.steps.transform import TRANSFORM
from local_aws.pipelines.steps.tuning import TUNING

#: What this machine runs.
KINDS: dict[str, StepKind] = {
    kind.name: kind
    for kind in (PROCESSING, TRAINING, TUNING, TRANSFORM, CLARIFY_CHECK, MODEL, REGISTER_MODEL, CONDITION, FAIL)
}

#: What else AWS documents, or SDK v3 emits; refused by name until there is a file for it.
NOT_SUPPORTED = frozenset(
    {
        "Athena",
        "AutoML",
        "BedrockCustomModel",
        "BedrockCustomModelDeployment",
        "BedrockModelImport",
        "BedrockProvisionedModelThroughput",
        "Callback",
        "Cleanup",
        "EMR",
        "EMRServerless",
        "Endpoint",
        "EndpointConfig",
        "ForEach",
        "HubContent",
        "InferenceComponent",
        "Job",
        "Lambda",
        "Lineage",
        "MonitorBatchTransform",
        "NotebookJob",
        "QualityCheck",
    }
)
