"""The operations of Application Auto Scaling."""

from local_aws.autoscaling import capacity, policy_operations, schedule_operations, target_operations
from local_aws.endpoints import scalable

capacity.DIMENSIONS |= scalable.DIMENSIONS

OPERATIONS = (target_operations.operations, policy_operations.operations, schedule_operations.operations)
