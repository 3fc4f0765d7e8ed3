"""ISO 8601 durations as `CacheConfig.ExpireAfter` has them: "PT1H", "P30D"; AWS's guide writes "30d" and "T16m"."""

import re

_FORM = re.compile(
    r"P?(?:(?P<y>\d+)Y)?(?:(?P<m>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?:(?P<H>\d+)H)?(?:(?P<M>\d+)M)?(?:(?P<S>\d+)S)?)?",
    re.IGNORECASE,
)

_SECONDS = {"y": 365 * 86400, "m": 30 * 86400, "w": 7 * 86400, "d": 86400, "H": 3600, "M": 60, "S": 1}


def seconds(text: str) -> float:
    """The length of a duration; a year has 365 days and a month 30. Raises ValueError with one sentence."""
    found = _FORM.fullmatch(text)
    parts = {unit: int(number) for unit, number in found.groupdict().items() if number} if found else {}
    if not parts:
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT1H or P30D.")
    return float(sum(_SECONDS[unit] * number for unit, number in parts.items()))
