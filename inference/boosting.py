"""An XGBoost model as an engine: batches in place, one row through the C API, contributions by TreeSHAP."""

import ctypes
import json
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from inference.decision import Score, Scores
from inference.engine import Engine, Matrix


def load(path: Path, threads: int, width: int) -> Engine:
    """The engine of a model file. Raises InputError when it is none, or takes another number of features."""
    import xgboost

    try:
        # Out of memory: by its name, without a suffix, XGBoost would have to guess the format, and warn.
        booster = xgboost.Booster(model_file=bytearray(path.read_bytes()))
    except xgboost.core.XGBoostError as error:
        raise InputError(f"{path.name} is no XGBoost model: {str(error).splitlines()[0]}") from None
    if booster.num_features() != width:
        raise InputError(
            f"{path.name} takes {booster.num_features()} features and the preprocessor makes {width}: "
            "they are not of one training."
        )
    booster.set_param({"nthread": threads})

    def predict(matrix: Matrix) -> Scores:
        scores: Scores = booster.inplace_predict(matrix, missing=np.nan)
        return scores

    def contributions(matrix: Matrix) -> NDArray[np.floating]:
        """(rows, features), or (rows, classes, features); the bias, which stands last, is cut off."""
        found: NDArray[np.floating] = booster.predict(xgboost.DMatrix(matrix, nthread=threads), pred_contribs=True)
        return found[..., :-1]

    return Engine(predict, _OneRow(booster, width), contributions)


class _OneRow:
    """One row of float32 (features,) → its score, a third of the time of `inplace_predict`.

    That builds the same description of the row and of the options for every call; here both are made once, for a row
    at a fixed address (XGBoost C API, XGBoosterPredictFromDense). The answer is the same to the last bit.
    """

    def __init__(self, booster: Any, width: int) -> None:
        from xgboost.core import _LIB

        self._booster = booster  # keeps its handle alive
        self._last_error = _LIB.XGBGetLastError
        self._row = np.zeros((1, width), dtype=np.float32)
        # The buffer is shared: one prediction at a time.
        self._lock = threading.Lock()
        options = {"type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0, "missing": float("nan")}
        options |= {"strict_shape": False, "cache_id": 0}
        row = {"data": [self._row.ctypes.data, True], "shape": [1, width], "typestr": "<f4", "version": 3}
        proxy = ctypes.c_void_p()
        self._predict = _LIB.XGBoosterPredictFromDense
        self._call(_LIB.XGProxyDMatrixCreate, ctypes.byref(proxy))
        weakref.finalize(self, _LIB.XGDMatrixFree, proxy)
        self._shape, self._dimensions = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
        self._scores = ctypes.POINTER(ctypes.c_float)()
        self._arguments = (
            booster.handle,
            json.dumps(row).encode(),
            json.dumps(options).encode(),
            proxy,
            ctypes.byref(self._shape),
            ctypes.byref(self._dimensions),
            ctypes.byref(self._scores),
        )

    def __call__(self, row: NDArray[np.float32]) -> Score:
        with self._lock:
            self._row[0] = row
            self._call(self._predict, *self._arguments)
            score: Score = self._scores[0] if self._dimensions.value == 1 else self._scores[: self._shape[1]]
            return score

    def _call(self, function: Any, *arguments: Any) -> None:
        if function(*arguments):
            raise RuntimeError(self._last_error().decode())
