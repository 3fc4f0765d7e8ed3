"""A 64-bit value for each cell of a column, whatever type it is stored in: 1, 1.0, "1" and " 1 " have the same.

- A missing value, spelled as null, NaN, an empty text or one of the missing markers, is the empty text.
- A number is its shortest plain text where that has at most eight characters, else its float64. In text it may be spelt
  otherwise: "1.50", "+1.5", "15e-1". A boolean is 1 or 0.
- A date, or a time of a date, is ISO 8601 in UTC with a space in the middle, without a midnight and zeros at the end.
- Everything else is its text, without white space at both ends.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from preprocessing import arrays
from preprocessing.values import WHITE_SPACE

Hashes = npt.NDArray[np.uint64]
_Rows = npt.NDArray[np.intp]

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd
_MISSING = np.uint64(0)  # of the empty text, too
_BYTE_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)

_WORD = 8  # bytes that are hashed at a time
_PLACES = 6  # most decimal places in a text of so many characters: "0.123456"
_QUADS = np.array([int.from_bytes(f"{number:04}".encode(), "little") for number in range(10_000)], dtype=np.uint64)
_DIGITS = np.array([len(str(number)) for number in range(10_000)], dtype=np.int64)
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_BOOLEANS = {"true": "1", "True": "1", "TRUE": "1", "false": "0", "False": "0", "FALSE": "0"}


def cell_hashes(array: Any, missing: tuple[str, ...] = ()) -> Hashes:
    """A value for each cell of a column, uint64, not mixed yet; `missing` are texts that mean: no value."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        values = np.append(cell_hashes(array.dictionary, missing), _MISSING)
        return np.asarray(values[arrays.codes(array, absent=len(values) - 1)])
    hashes = _column(kind)(array)
    is_number = pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
    for marker in _marker_hashes(missing, is_number):
        hashes[hashes == marker] = _MISSING
    return hashes


@cache
def _marker_hashes(missing: tuple[str, ...], of_numbers: bool) -> list[np.uint64]:
    """The values that mean: no value; `of_numbers`, those that a column of numbers can hold."""
    texts = [text for text in missing if not of_numbers or re.match(_NUMBER, text)]
    return [value for value in text_hashes(arrays.texts(texts)) if value != _MISSING]


def _column(kind: Any) -> Callable[[Any], Hashes]:
    """What hashes a column of this Arrow type."""
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return _whole_hashes
    if pa.types.is_float64(kind):
        return lambda array: _number_hashes(arrays.floats(array))
    if pa.types.is_floating(kind):
        # The shortest text, since 0.1 was rounded when it became a float32.
        return lambda array: _number_hashes(
            arrays.floats(array.cast(pa.float32()).cast(pa.string()).cast(pa.float64()))
        )
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return lambda array: mix(_moment_texts(array))
    return lambda array: text_hashes(array.cast(pa.string()))


def text_hashes(array: Any) -> Hashes:
    """The value of each text of a string array."""
    trimmed = pc.utf8_trim(array, characters=WHITE_SPACE)
    hashes = mix(trimmed)
    for rows, found in _otherwise_spelt(trimmed):
        hashes[rows] = found
    for spelt, value in _BOOLEAN_HASHES:
        hashes[hashes == spelt] = value
    return hashes


def mix(array: Any) -> Hashes:
    """The value of each text as it stands, eight bytes at a time, over all rows at once; of a null that of ""."""
    offsets, text = _bytes(array)
    words = _words(text)
    lengths = np.diff(offsets)
    valid = arrays.present(array)
    if valid is not None:
        lengths = np.where(valid, lengths, 0)
    hashes = lengths.astype(np.uint64) * MULTIPLIER
    rows = np.flatnonzero(lengths > 0)
    position = 0
    while len(rows):
        cells = words[offsets[rows] + position] & _BYTE_MASKS[np.minimum(lengths[rows] - position, _WORD)]
        some = hashes[rows]
        mix_in(some, cells)
        hashes[rows] = some
        position += _WORD
        rows = rows[lengths[rows] > position]
    return hashes


def mix_in(hashes: Hashes, cells: Hashes) -> None:
    """A product carries bits upwards only; the bytes' turn brings them down again for what comes next."""
    hashes ^= cells
    hashes *= MULTIPLIER
    hashes.byteswap(inplace=True)


def _bytes(array: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Where each text begins, and the last one ends, in all their bytes, behind which stand eight of padding."""
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int32)[array.offset : array.offset + len(array) + 1].astype(
        np.int64
    )
    text = np.zeros(int(offsets[-1]) + _WORD, dtype=np.uint8)
    if data is not None:
        text[: offsets[-1]] = np.frombuffer(data, dtype=np.uint8)[: offsets[-1]]
    return offsets, text


def _words(text: npt.NDArray[np.uint8]) -> Hashes:
    """The eight bytes from each place on, without a copy."""
    return np.ndarray((len(text) - _WORD + 1,), dtype="<u8", buffer=text.data, strides=(1,))


def _number_hashes(numbers: npt.NDArray[np.float64]) -> Hashes:
    """The value of each number."""
    numbers = numbers + 0.0  # -0 becomes 0
    hashes: Hashes = numbers.view(np.uint64)
    with np.errstate(all="ignore"):
        decimal = np.flatnonzero(np.rint(numbers * 10.0**_PLACES) / 10.0**_PLACES == numbers)
        rows = decimal[np.abs(numbers[decimal]) < 10.0**_WORD]
        for places in range(_PLACES + 1):
            if not len(rows):
                break
            scaled = np.rint(numbers[rows] * 10.0**places)
            whole = scaled / 10.0**places == numbers[rows]
            short, words, lengths = _plain(scaled[whole].astype(np.int64), places)
            found = lengths[short].astype(np.uint64) * MULTIPLIER
            mix_in(found, words[short])
            hashes[rows[whole][short]] = found
            rows = rows[~whole]
        if np.isnan(numbers.sum()):  # NaN has many spellings; the sum tells cheaply whether there may be one
            hashes[np.isnan(numbers)] = _MISSING
    return hashes


def _whole_hashes(array: Any) -> Hashes:
    """The value of each whole number; most columns of them are labels, counts and ages."""
    numbers = arrays.floats(array)
    if not len(numbers) or not (numbers.min() >= 0 and numbers.max() < len(_SMALL)):
        return _number_hashes(numbers)
    return np.asarray(_SMALL[numbers.astype(np.int64)])


def _plain(scaled: npt.NDArray[np.int64], places: int) -> tuple[npt.NDArray[np.bool_], Hashes, npt.NDArray[np.int64]]:
    """The texts of numbers times 10^places: which of them fit a word, this word, and the length."""
    size = np.abs(scaled)
    whole, fraction = np.divmod(size, 10**places)
    upper, lower = np.divmod(whole, 10_000)
    digits = np.where(upper, 4 + _DIGITS[upper], _DIGITS[lower])
    lengths = digits + (scaled < 0) + (1 + places if places else 0)
    words = _eight(upper, lower) >> (8 * (_WORD - digits)).astype(np.uint64)
    if places:
        behind = _eight(*np.divmod(fraction, 10_000)) >> np.uint64(8 * (_WORD - places))
        behind = behind << np.uint64(8) | np.uint64(ord("."))
        words |= behind << np.minimum(8 * digits, 63).astype(np.uint64)
    negative = scaled < 0
    words[negative] = words[negative] << np.uint64(8) | np.uint64(ord("-"))
    return lengths <= _WORD, words, lengths


def _eight(upper: npt.NDArray[np.int64], lower: npt.NDArray[np.int64]) -> Hashes:
    """Eight decimal digits each, with zeros in front, as the bytes of a word."""
    return np.asarray(_QUADS[upper] | _QUADS[lower] << np.uint64(32))


def _otherwise_spelt(array: Any) -> list[tuple[_Rows, Hashes]]:
    """The rows of texts that are numbers or moments and not spelt as such, with their values."""
    offsets, text = _bytes(array)
    lengths = np.diff(offsets)
    first, last = text[offsets[:-1]], text[np.maximum(offsets[1:] - 1, 0)]
    maybe = np.flatnonzero(_BEGINS[first] & (lengths > 0))
    if not len(maybe):
        return []
    words, long = _words(text)[offsets[maybe]], lengths[maybe] > _WORD
    first, second, last = first[maybe], (words >> np.uint64(8)) & np.uint64(0xFF), last[maybe]
    dated = long & (words & _DATE_MASK == _DATE)
    spelt = long | np.isin(first, _SIGNS) | ((first == ord("0")) & (second != ord(".")))
    spelt |= (first == ord("-")) & np.isin(second, _LEADING)
    if (text == ord(".")).any():
        spelt |= np.isin(last, _TRAILING)
    if np.isin(text, _EXPONENTS).any():
        spelt[:] = True
    numbers = maybe[spelt & _ENDS[last] & ~dated & (lengths[maybe] > 1)]
    moments = maybe[dated & (lengths[maybe] > len("2026-01-31"))]
    moments = moments[~_is_plain_moment(offsets[moments], lengths[moments], text)]
    return [(rows, found) for rows, found in (_numbers(array, numbers), _moments(array, moments)) if len(rows)]


def _is_plain_moment(
    starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], text: npt.NDArray[np.uint8]
) -> npt.NDArray[np.bool_]:
    """Whether a time of a date stands as "2026-01-31 12:30:00" already, and is no midnight."""
    plain = lengths == len("2026-01-31 12:30:00")
    space, clock = text[np.where(plain, starts + 10, 0)], _words(text)[np.where(plain, starts + 11, 0)]
    return np.asarray(plain & (space == ord(" ")) & (clock != _MIDNIGHT))


def _numbers(array: Any, rows: _Rows) -> tuple[_Rows, Hashes]:
    """Those rows that are numbers, with their values."""
    texts = array.take(arrays.numbers(rows))
    try:
        return rows, _number_hashes(arrays.floats(texts.cast(pa.float64())))
    except pa.ArrowInvalid:
        found = _true(pc.match_substring_regex(texts, _NUMBER))
        texts = pc.utf8_ltrim(texts.take(arrays.numbers(found)), characters="+")
        return rows[found], _number_hashes(arrays.floats(texts.cast(pa.float64())))


def _moments(array: Any, rows: _Rows) -> tuple[_Rows, Hashes]:
    """Those rows that are times of a date, with their values."""
    texts = array.take(arrays.numbers(rows))
    for zone in (None, "UTC"):
        try:
            return rows, mix(_moment_texts(texts.cast(pa.timestamp("us", zone))))
        except pa.ArrowInvalid:
            continue
    moments = [_moment(text) for text in texts.to_pylist()]
    found = np.flatnonzero([moment is not None for moment in moments])
    return rows[found], mix(_moment_texts(pa.array([moments[row] for row in found], pa.timestamp("us"))))


def _moment(text: str | None) -> datetime | None:
    """In UTC, without a zone."""
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def _moment_texts(array: Any) -> Any:
    """The texts of dates and of times of a date."""
    if pa.types.is_date(array.type):
        array = array.cast(pa.timestamp("ms"))
    texts = array.cast(pa.timestamp("us"), safe=False).cast(pa.string())
    return pc.replace_substring_regex(texts, r"( 00:00:00)?\.0*$|0+$", "")


def _true(array: Any) -> _Rows:
    """The rows where a boolean array is true."""
    return np.flatnonzero(np.nan_to_num(arrays.floats(array)))


def _table(characters: str) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(256), [ord(character) for character in characters])


_BEGINS, _ENDS = _table("0123456789+-."), _table("0123456789.")
_SIGNS, _LEADING, _TRAILING, _EXPONENTS = ([ord(each) for each in some] for some in ("+.", "0.", "0.", "eE"))
_DATE_MASK, _DATE = (np.uint64(int.from_bytes(each, "little")) for each in (b"\0\0\0\0\xff\0\0\xff", b"\0\0\0\0-\0\0-"))
_MIDNIGHT = np.uint64(int.from_bytes(b"00:00:00", "little"))
_BOOLEAN_HASHES = list(
    zip(mix(arrays.texts(list(_BOOLEANS))), mix(arrays.texts(list(_BOOLEANS.values()))), strict=True)
)
_SMALL = _number_hashes(np.arange(1 << 16, dtype=np.float64))
