"""What stands in for the `serve` command of the images with SageMaker's inference toolkit."""
