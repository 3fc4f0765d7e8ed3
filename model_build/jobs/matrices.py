"""Encoded splits as XGBoost wants them."""

from collections.abc import Callable

import numpy as np
import xgboost as xgb

from model_build.jobs.encoded import Encoded


def binned(split: Encoded, max_bin: int, reference: xgb.DMatrix | None = None) -> xgb.DMatrix:
    """The split as bins for `tree_method=hist`, streamed: memory holds a byte or two a cell, never the floats."""
    return xgb.QuantileDMatrix(_Stream(split), max_bin=max_bin, ref=reference)


def plain(split: Encoded) -> xgb.DMatrix:
    """The split as floats, for the boosters and tree methods that need them."""
    batches = list(split.batches())
    return xgb.DMatrix(
        np.concatenate([matrix for matrix, _ in batches]),
        label=np.concatenate([labels for _, labels in batches]),
    )


class _Stream(xgb.DataIter):  # type: ignore[misc]
    """XGBoost reads the batches several times over."""

    def __init__(self, split: Encoded) -> None:
        super().__init__()
        self._split = split
        self._batches = split.batches()

    def next(self, input_data: Callable[..., None]) -> bool:
        batch = next(self._batches, None)
        if batch is None:
            return False
        # Without names, here and in `plain`: XGBoost refuses "[", "]" and "<" in them. preprocessor.json has them.
        input_data(data=batch[0], label=batch[1])
        return True

    def reset(self) -> None:
        self._batches = self._split.batches()
