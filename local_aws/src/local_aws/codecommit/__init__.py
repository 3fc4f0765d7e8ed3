"""CodeCommit: repositories over the store, with git's own ids and without git."""

from local_aws.codecommit import commit_operations, reading_operations, repository_operations

OPERATIONS = (repository_operations.operations, commit_operations.operations, reading_operations.operations)
