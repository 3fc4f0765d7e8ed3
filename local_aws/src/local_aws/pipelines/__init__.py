"""SageMaker Pipelines: the definition language, its check, and the engine that runs executions."""
