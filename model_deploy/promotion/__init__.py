"""From the registry's approvals to deployments: a function of the project's stack, and its ledger in S3.

Standard library, boto3 and `contract` only: the modules are packed as they are and run in AWS Lambda.
See docs/decisions/0006-promotion-looks-at-the-world.md.
"""
