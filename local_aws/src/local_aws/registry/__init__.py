"""The model registry: groups, and the packages that are versions of a group's model."""

from local_aws.operations import Operations
from local_aws.registry import groups, packages

operations = Operations("sagemaker")
groups.register(operations)
packages.register(operations)
