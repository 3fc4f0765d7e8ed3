"""What stands in for SageMaker's closed image of Random Cut Forest: `train` and `serve` under the same contract."""
