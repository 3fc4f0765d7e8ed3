"""ML lineage: artifacts, contexts, actions, the jobs between them, and how they hang together."""

from local_aws.lineage import associations, query
from local_aws.lineage.entities import ACTION, ARTIFACT, CONTEXT, TRIAL_COMPONENT, register
from local_aws.operations import Operations

operations = Operations("sagemaker")
for kind in (ARTIFACT, CONTEXT, ACTION):
    register(operations, kind)
associations.register(operations)
query.register(operations)
operations("DescribeTrialComponent")(lambda aws, request: TRIAL_COMPONENT.get(aws, request["TrialComponentName"]))
