"""The operations of CodePipeline, from the modules that hold them."""

from local_aws.delivery.pipelines import execution_operations, history_operations, job_operations, pipeline_operations

OPERATIONS = (
    pipeline_operations.operations,
    execution_operations.operations,
    history_operations.operations,
    job_operations.operations,
)
