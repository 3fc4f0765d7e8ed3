"""One record → the model's features, in microseconds: plain Python and numpy, without pandas or Arrow.

It answers in endpoints, so it imports neither; it gives the same numbers as `encode.BatchEncoder`, to the last bit.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from contract.errors import InputError
from contract.preprocessor import Categorical, Numeric, Preprocessor
from preprocessing.derive import Features, derive
from preprocessing.values import as_number, as_text

_LARGEST = float(np.finfo(np.float32).max)
_Encode = Callable[[object], "float | tuple[float, ...]"]


class RecordEncoder:
    """Encodes records by a preprocessor document; `features` is the function of the pipeline's own `features.py`.

    `width` is the number of features.
    """

    def __init__(self, preprocessor: Preprocessor, features: Features | None = None) -> None:
        self._columns = columns = preprocessor.columns
        self._names = preprocessor.columns.raw_features
        self._own = features
        self.width = len(preprocessor.feature_names)
        missing = frozenset(preprocessor.columns.missing)
        by_column = {feature.column: feature for feature in preprocessor.features}
        self._flat = all(not isinstance(f, Categorical) or f.encoding == "ordinal" for f in preprocessor.features)
        self._raw = [_MAKERS[by_column[name].kind](by_column[name], missing) for name in self._names]
        self._moments = [(f.mean, f.scale) for name in columns.numeric if isinstance(f := by_column[name], Numeric)]
        self._scaled = any(moments != (0.0, 1.0) for moments in self._moments)
        self._plain = self._flat and features is None and bool(columns.numeric) and not any(map(_is_number, missing))
        self._derived = [
            (feature.column, _MAKERS[feature.kind](feature, missing))
            for feature in preprocessor.features
            if feature.column not in self._names
        ]

    def encode(self, record: Mapping[str, object]) -> npt.NDArray[np.float32]:
        """A record by column, text, number or None each → float32 (features,). Further fields are passed over.

        Raises InputError naming a field that lacks or holds no such value.
        """
        try:
            values = [record[name] for name in self._names]
        except KeyError as error:
            raise InputError(f"The record lacks the field {error}.") from None
        return self.encode_values(values)

    def encode_values(self, values: Sequence[object]) -> npt.NDArray[np.float32]:
        """The same by position, in the order of `Columns.raw_features`."""
        if len(values) != len(self._names):
            raise InputError(f"The record has {len(values)} values where {len(self._names)} are needed.")
        encoded: list[float | tuple[float, ...]] = []
        try:
            for encode, value in zip(self._raw, values, strict=True):
                encoded.append(encode(value))
        except ValueError:
            name = self._names[len(encoded)]
            what = "a finite number" if name in self._columns.numeric else "a text, number or null"
            text = str(values[len(encoded)])[:80]
            raise InputError(f"The field {name!r} holds {text!r}, which is not {what}.") from None
        if self._own is not None:
            encoded.extend(self._derive(values))
        if self._flat:
            return np.array(encoded, dtype=np.float32)
        cells = [cell for item in encoded for cell in (item if isinstance(item, tuple) else (item,))]
        return np.array(cells, dtype=np.float32)

    def encode_cells(self, cells: list[str]) -> npt.NDArray[np.float32]:
        """The same for texts alone, as a line of CSV has them; twice as fast where every number is there and plain."""
        numeric = len(self._moments)
        if not self._plain or len(cells) != len(self._names):
            return self.encode_values(cells)
        texts = cells[:numeric]
        try:
            numbers = list(map(float, texts))
        except ValueError:
            return self.encode_values(cells)
        # What float() takes and `values.parse_number` does not goes the exact way; so does a sum that overflows.
        joined = "".join(texts)
        if not math.isfinite(sum(numbers)) or not joined.isascii() or "_" in joined:
            return self.encode_values(cells)
        encoded = numbers
        if self._scaled:
            encoded = [(number - mean) / scale for number, (mean, scale) in zip(numbers, self._moments, strict=True)]
        if max(encoded) > _LARGEST or min(encoded) < -_LARGEST:
            return self.encode_values(cells)
        for encode, cell in zip(self._raw[numeric:], cells[numeric:], strict=True):
            encoded.append(encode(cell))  # type: ignore[arg-type]  # ordinal: one number each
        return np.array(encoded, dtype=np.float32)

    def _derive(self, values: Sequence[object]) -> list["float | tuple[float, ...]"]:
        columns, missing = self._columns, frozenset(self._columns.missing)
        raw: dict[str, npt.NDArray[np.float64] | npt.NDArray[np.object_]] = {}
        for name, value in zip(self._names, values, strict=True):
            if name in columns.numeric:
                raw[name] = np.array([as_number(value, missing)])
            else:
                raw[name] = np.array([as_text(value, missing)], dtype=object)
        assert self._own is not None
        numbers, texts = derive(self._own, columns, raw, 1)
        return [encode(numbers[name][0] if name in numbers else texts[name][0]) for name, encode in self._derived]


def _is_number(marker: str) -> bool:
    """Whether a missing marker reads as a finite number, -999 for example."""
    try:
        return math.isfinite(float(marker))
    except ValueError:
        return False


def _numeric(feature: Numeric, missing: frozenset[str]) -> _Encode:
    fill = math.nan if feature.fill is None else feature.fill
    mean, scale, isnan = feature.mean, feature.scale, math.isnan

    def encode(value: object) -> float:
        number = as_number(value, missing)
        if isnan(number):
            number = fill
        number = (number - mean) / scale
        if number > _LARGEST:
            return _LARGEST
        return -_LARGEST if number < -_LARGEST else number

    return encode


def _categorical(feature: Categorical, missing: frozenset[str]) -> _Encode:
    size = len(feature.categories)
    if feature.encoding == "one_hot":
        zeros = (0.0,) * size
        rows = {text: (*zeros[:at], 1.0, *zeros[at + 1 :]) for at, text in enumerate(feature.categories)}
        return lambda value: rows.get(as_text(value, missing), zeros)  # type: ignore[arg-type]
    codes: dict[str | None, float] = {text: float(at) for at, text in enumerate(feature.categories)}
    codes[None] = feature.absent
    unknown = feature.unknown

    def encode(value: object) -> float:
        # A known text as it stands is the common case.
        if type(value) is str and value in codes and value not in missing:
            return codes[value]
        return codes.get(as_text(value, missing), unknown)

    return encode


_MAKERS: dict[str, Callable[..., _Encode]] = {"numeric": _numeric, "categorical": _categorical}
