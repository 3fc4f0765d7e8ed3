"""Metrics of which less is better; apart from what computes them, so that a configuration is checked without that."""

LOSSES = frozenset({"log_loss", "brier", "expected_calibration_error", "mse", "rmse", "mae", "median_absolute_error"})
