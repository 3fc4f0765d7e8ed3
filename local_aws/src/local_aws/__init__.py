"""AWS on one machine: SageMaker pipelines, jobs and what they need, behind AWS's own protocols."""
