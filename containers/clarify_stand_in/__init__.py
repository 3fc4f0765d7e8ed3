"""What stands in for SageMaker Clarify's closed image: `analysis_config.json` in, `analysis.json` and the rest out."""
