"""Shingling: a time series as rows of consecutive values, so that an unusual shape is an outlier and not only a value.

https://docs.aws.amazon.com/sagemaker/latest/dg/rcf_how-it-works.html, "Choose the shingle size".
"""

from typing import Any

import numpy as np

from contract.errors import InputError
from random_cut_forest.trees import Floats


def shingle(values: Any, size: int) -> Floats:
    """(n - size + 1, size * features) out of `values`, (n,) or (n, features) in the order of time.

    Row i holds the values of the times i … i + size - 1, oldest first: its score is known at time i + size - 1. Raises
    InputError when there are fewer values than `size`, and when `size` is below 1.
    """
    series = np.asarray(values, dtype=np.float64)
    series = series.reshape(len(series), -1)
    if not 1 <= size <= len(series):
        raise InputError(f"The shingle size is {size}, it must be at least 1 and at most the {len(series)} values.")
    windows = np.lib.stride_tricks.sliding_window_view(series, size, axis=0)
    return np.ascontiguousarray(windows.swapaxes(1, 2)).reshape(len(windows), -1)
