"""The operations of Application Auto Scaling."""

from local_aws.autoscaling import policy_operations, schedule_operations, target_operations

OPERATIONS = (target_operations.operations, policy_operations.operations, schedule_operations.operations)
