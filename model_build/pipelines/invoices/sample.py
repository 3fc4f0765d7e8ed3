"""Sample data for `invoices`: lines of law firms' invoices, some of which are wrong.

The counts are those that were published for a set of 2019 that is not available any more: 105,965 lines, 2,030 of them
errors, and how many lines each type of matter, grade and activity has. Fewer or more rows keep the shares.

A line is minutes worked by somebody of a grade at an hourly fee, and Total = Minutes / 60 × Fee. How long something
takes depends on the activity, what an hour costs on the grade and, within its range, on the firm. The kinds of error:

- hours (40 %): four hours to two working days on one line, whatever was done; the total follows;
- grade (30 %): the fee of a higher grade than the one that is named; the total follows;
- total (20 %): a total of ten times, or a tenth, of what minutes and fee make: a slip of the decimal point;
- unseen (10 %): a right line on the wrong matter, which nothing in the row gives away. Nobody can find these.

`Matter Number` and `Firm Name` name the line and carry no information.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

ROWS, ERRORS = 105_965, 2_030
SEED = 42

MATTER_TYPES = {
    "Antitrust": 23_922,
    "Insolvency": 16_499,
    "IPO": 14_236,
    "Commercial arbitration": 12_927,
    "Project finance": 11_776,
    "M&A": 6_460,
    "Structured finance": 5_498,
    "Asset recovery": 4_913,
    "Tax planning": 4_871,
    "Securities litigation": 4_863,
}
RESOURCES = {"Partner": 26_587, "Junior": 26_543, "Paralegal": 26_519, "Senior": 26_316}
ACTIVITIES = {"Prepare Opinion": 26_605, "Phone Call": 26_586, "Attend Court": 26_405, "Attend Meeting": 26_369}

#: Mean minutes of a line.
MINUTES = {"Prepare Opinion": 75, "Phone Call": 20, "Attend Court": 90, "Attend Meeting": 50}

#: Grades from below, with the lowest and highest fee of an hour.
FEES = {"Paralegal": (50, 80), "Junior": (100, 150), "Senior": (180, 280), "Partner": (350, 450)}

KINDS = {"hours": 0.40, "grade": 0.30, "total": 0.20, "unseen": 0.10}

LINES_A_MATTER = 45
FIRM_NAMES = ("Cox", "Russo", "Peters", "Nelson", "Moyer", "Jackson", "Pollard", "Levy", "Solis", "Adams", "Cooper")

Array = np.ndarray[Any, Any]


def table(rows: int = ROWS, seed: int = SEED) -> pa.Table:
    """`rows` lines; equal arguments give equal rows."""
    return pa.table(_draw(rows, seed)[0])


def kinds(rows: int = ROWS, seed: int = SEED) -> Array:
    """The kind of error of each row of `table(rows, seed)`, "" for a right one."""
    return _draw(rows, seed)[1]


def write(path: Path, rows: int = ROWS, seed: int = SEED) -> None:
    """Write the sample as CSV or Parquet, by the ending of `path`; equal arguments give equal bytes."""
    sample = table(rows, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(sample, path)
    else:
        pyarrow.csv.write_csv(sample, path)


def _draw(rows: int, seed: int) -> tuple[dict[str, Any], Array]:
    random = np.random.default_rng(seed)
    matter_type = _texts(random, MATTER_TYPES, rows)
    resource, activity = _texts(random, RESOURCES, rows), _texts(random, ACTIVITIES, rows)
    number, firm = _matters(random, matter_type)
    dear = random.random(int(firm.max()) + 1)[firm]  # where in its grades' ranges a firm's fees lie
    minutes = _rounded(random.gamma(12.0, _each(MINUTES, activity) / 12.0))
    fee = _fees(resource, dear)
    kind = _kinds(random, rows)

    longer = kind == "hours"
    minutes[longer] = _rounded(random.uniform(240, 960, longer.sum()))
    above = kind == "grade"
    fee[above] = _fees(_higher(random, resource[above]), dear[above])
    total = minutes / 60 * fee
    slipped = kind == "total"
    total[slipped] *= random.choice([10.0, 0.1], slipped.sum())
    return {
        "Matter Number": number,
        "Firm Name": _names(random, firm),
        "Matter Type": matter_type,
        "Resource": resource,
        "Activity": activity,
        "Minutes": minutes.astype(np.int64),
        "Fee": fee.astype(np.int64),
        "Total": np.round(total, 2),
        "Error": np.where(kind == "", "False", "True"),
    }, kind


def _texts(random: np.random.Generator, counts: Mapping[str, float], rows: int) -> Array:
    """(rows,) texts in random order, as often as `counts` says in proportion."""
    edges = np.round(np.cumsum(list(counts.values())) / sum(counts.values()) * rows).astype(np.int64)
    return random.permutation(np.repeat(np.array(list(counts), dtype=object), np.diff(edges, prepend=0)))


def _matters(random: np.random.Generator, matter_type: Array) -> tuple[Array, Array]:
    """Each line's matter, which has one type, and the firm that the matter is with."""
    number = np.empty(len(matter_type), dtype=np.int64)
    matters = 0
    for name in MATTER_TYPES:
        lines = np.flatnonzero(matter_type == name)
        count = max(1, len(lines) // LINES_A_MATTER)
        number[lines] = matters + random.integers(0, count, len(lines))
        matters += count
    firms = max(1, matters // 8)
    return random.permutation(matters)[number], random.integers(0, firms, matters)[number]


def _names(random: np.random.Generator, firm: Array) -> Array:
    pairs = random.choice(FIRM_NAMES, (int(firm.max()) + 1, 2))
    return np.array([f"{one} & {other} {place}" for place, (one, other) in enumerate(pairs)], dtype=object)[firm]


def _fees(resource: Array, dear: Array) -> Array:
    """Tens of money an hour, within the range of the grade."""
    lowest = _each({grade: low for grade, (low, _) in FEES.items()}, resource)
    highest = _each({grade: high for grade, (_, high) in FEES.items()}, resource)
    fees: Array = np.round((lowest + dear * (highest - lowest)) / 10) * 10
    return fees


def _higher(random: np.random.Generator, resource: Array) -> Array:
    """A higher grade than `resource`; a partner's, which has none above it, stands for itself with the top fee."""
    grades = np.array(list(FEES), dtype=object)
    rank = _each({grade: place for place, grade in enumerate(grades)}, resource).astype(np.int64)
    return grades[np.minimum(random.integers(rank + 1, len(grades) + 1), len(grades) - 1)]


def _kinds(random: np.random.Generator, rows: int) -> Array:
    """ "" for a right line; errors of each kind at random places, as many as their share."""
    kind = np.full(rows, "", dtype=object)
    errors = round(rows * ERRORS / ROWS)
    kind[random.permutation(rows)[:errors]] = _texts(random, KINDS, errors)
    return kind


def _each(values: Mapping[str, float], texts: Array) -> Array:
    return np.array([values[text] for text in texts], dtype=np.float64)


def _rounded(minutes: Array) -> Array:
    """Minutes are noted in fives."""
    return np.maximum(5, np.round(minutes / 5) * 5)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write a sample of invoice lines.")
    parser.add_argument("--output", type=Path, required=True, help="a file that ends in .csv or .parquet")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    write(given.output, given.rows, given.seed)


if __name__ == "__main__":
    main()
