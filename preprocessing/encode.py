"""Encode: batches of raw rows → the model's features as float32, by the preprocessor document."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from contract.preprocessor import Categorical, Numeric, Preprocessor
from preprocessing.clean import Cells, Floats, Texts, clean
from preprocessing.derive import Features
from preprocessing.read import Batch

Float32s = npt.NDArray[np.float32]

#: An encoded number beyond float32 becomes the largest one: XGBoost refuses infinity.
LARGEST = float(np.finfo(np.float32).max)


class BatchEncoder:
    """Encodes batches; gives the same numbers as `record.RecordEncoder`, to the last bit."""

    def __init__(self, preprocessor: Preprocessor, features: Features | None = None) -> None:
        self._columns, self._own = preprocessor.columns, features
        self._encoders = [_ENCODERS[feature.kind](feature) for feature in preprocessor.features]

    def encode(self, batch: Batch) -> list[Float32s]:
        """One array of float32 (rows,) for each of `feature_names`. Raises InputError with the place of a bad cell."""
        cells = clean(batch, self._columns, self._own)
        return [column for encode in self._encoders for column in encode(cells)]

    def matrix(self, batch: Batch) -> Float32s:
        """The features as float32 (rows, features)."""
        return np.column_stack(self.encode(batch)).reshape(batch.data.num_rows, -1)


def encode_numbers(values: Floats, feature: Numeric) -> Float32s:
    """float64 (rows,), NaN missing → float32 (rows,)."""
    with np.errstate(over="ignore"):
        encoded = values - feature.mean
        encoded /= feature.scale
        if feature.fill is not None:
            encoded[np.isnan(values)] = (np.float64(feature.fill) - feature.mean) / feature.scale
    return np.clip(encoded, -LARGEST, LARGEST, out=encoded).astype(np.float32)


def encode_texts(column: Texts, feature: Categorical) -> list[Float32s]:
    """Coded texts → one float32 (rows,) when ordinal, one for each category when one_hot."""
    one_hot = feature.encoding == "one_hot"
    unknown, absent = (-1.0, -1.0) if one_hot else (feature.unknown, feature.absent)
    index = {text: float(position) for position, text in enumerate(feature.categories)}
    codes = [absent if value is None else index.get(value, unknown) for value in column.values]
    encoded = np.array(codes, dtype=np.float32)[column.codes]
    if not one_hot:
        return [encoded]
    return [(encoded == position).astype(np.float32) for position in range(len(feature.categories))]


def _numeric(feature: Numeric) -> Callable[[Cells], list[Float32s]]:
    return lambda cells: [encode_numbers(cells.numbers[feature.column], feature)]


def _categorical(feature: Categorical) -> Callable[[Cells], list[Float32s]]:
    return lambda cells: encode_texts(cells.texts[feature.column], feature)


_ENCODERS: dict[str, Callable[..., Callable[[Cells], list[Float32s]]]] = {
    "numeric": _numeric,
    "categorical": _categorical,
}
