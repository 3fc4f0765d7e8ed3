"""Hyperparameter tuning: training jobs with values out of ranges, and the best of them."""
