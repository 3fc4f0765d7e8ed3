"""One cell: what counts as white space, as missing, as a number and as a text. Batches and single records share it.

A number in text is an optional sign, digits with at most one point, and an optional exponent; it must be finite.
`inf`, `nan`, digit separators and digits outside ASCII are no numbers (a missing marker may spell them).
"""

import math
from collections.abc import Container
from datetime import date
from decimal import Decimal

#: Stripped from both ends of every text: what Python takes for white space in ASCII.
WHITE_SPACE = " \t\n\r\v\f\x1c\x1d\x1e\x1f"


def parse_number(text: str) -> float:
    """The float64 nearest to a stripped text. Raises ValueError when the text is no finite number."""
    # float() also takes digit separators, other scripts' digits, inf and nan: exactly these are cut off here.
    number = float(text)
    if not text.isascii() or "_" in text or not math.isfinite(number):
        raise ValueError(text)
    return number


def as_number(value: object, missing: Container[str]) -> float:
    """The float64 of a raw value of any supported type, NaN when it is missing. Raises ValueError for all else."""
    if isinstance(value, str):
        text = value.strip(WHITE_SPACE)
        return math.nan if text in missing else parse_number(text)
    if value is None:
        return math.nan
    if isinstance(value, (bool, int, float, Decimal)):
        try:
            number = float(value)
        except OverflowError:
            raise ValueError(value) from None
        if math.isinf(number):
            raise ValueError(value)
        return number
    item = getattr(value, "item", None)  # a numpy scalar
    if item is None or getattr(value, "shape", None) != ():
        raise ValueError(value)
    return as_number(item(), missing)


def as_text(value: object, missing: Container[str]) -> str | None:
    """The text of a raw value of any supported type, None when it is missing. Raises ValueError for all else.

    True is "true"; a float that is a whole number reads like the integer ("3"), since a column of integers turns into
    floats as soon as one is missing; an infinite one is an overflow and no category; dates and times are ISO 8601.
    """
    if value is None:
        return None
    if isinstance(value, str):
        text = value.strip(WHITE_SPACE)
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int):
        text = str(value)
    elif isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            raise ValueError(value)
        text = str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(float(value))
    elif isinstance(value, Decimal):
        text = str(value)
    elif isinstance(value, date):  # datetime is one too
        text = value.isoformat()
    else:
        item = getattr(value, "item", None)
        if item is None or getattr(value, "shape", None) != ():
            raise ValueError(value)
        return as_text(item(), missing)
    return None if text in missing else text
