"""Sample data for `credit`: applications for a consumer loan, by seed and number of rows.

Each row is drawn first, with its gaps; the label is then drawn with a probability that depends on what the row shows,
gaps included. So nothing is hidden, and the best possible score is that probability itself: the Bayes limit. Over ten
million rows its AUC is `BAYES_AUC` and its log loss `BAYES_LOG_LOSS`; no model can do better but by chance.

What the sample contains on purpose:
- a protected attribute, `sex`, which does not enter the probability, and `income`, which does and differs by sex;
- missing numbers in `income` and `employment_years`, missing texts in `housing`; income that is not stated is a risk;
- rare categories in `purpose` (down to one row in a thousand) and `region`;
- an identifier and a date of application, which carry no information.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

BAYES_AUC = 0.816
BAYES_LOG_LOSS = 0.423

ROWS = 20_000
SEED = 42

PURPOSES = {  # share of the rows, effect on the log-odds
    "car": (0.33, -0.2),
    "furniture": (0.25, 0.1),
    "education": (0.15, 0.4),
    "repairs": (0.13, 0.0),
    "business": (0.10, 0.7),
    "holiday": (0.035, 0.9),
    "boat": (0.004, -0.8),
    "wedding": (0.001, 0.5),
}
HOUSING = {"rent": (0.42, 0.35), "mortgage": (0.38, -0.25), "own": (0.17, -0.45), None: (0.03, 0.2)}
REGIONS = {
    "north": (0.30, 0.0),
    "south": (0.28, 0.15),
    "east": (0.22, 0.3),
    "west": (0.19, -0.15),
    "islands": (0.01, 0.6),
}
SEXES = {"female": (0.47, 0.0), "male": (0.53, 0.0)}
TERMS = np.array([12, 24, 36, 48, 60])


def table(rows: int, seed: int = SEED) -> pa.Table:
    """`rows` applications; equal arguments give equal rows."""
    columns, probability, draw = _draw(rows, seed)
    columns["default"] = pa.DictionaryArray.from_arrays((draw < probability).astype(np.int8), ["no", "yes"]).cast(
        pa.string()
    )
    return pa.table(columns)


def probabilities(rows: int, seed: int = SEED) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The true probability of default and the label (bool) of the rows of `table(rows, seed)`."""
    _, probability, draw = _draw(rows, seed)
    return probability, draw < probability


def write(path: Path, rows: int = ROWS, seed: int = SEED) -> None:
    """Write the sample as CSV or Parquet, by the ending of `path`; equal arguments give equal bytes."""
    sample = table(rows, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(sample, path)
    else:
        pyarrow.csv.write_csv(sample, path)


def _draw(rows: int, seed: int) -> tuple[dict[str, pa.Array], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Columns, probability of default, and the uniform draw that decides."""
    random = np.random.default_rng(seed)
    sex, _ = _category(random, SEXES, rows)
    purpose, purpose_effect = _category(random, PURPOSES, rows)
    housing, housing_effect = _category(random, HOUSING, rows)
    region, region_effect = _category(random, REGIONS, rows)
    female = np.asarray(sex.indices) == 0
    age = np.clip(random.gamma(6.0, 4.0, rows) + 18, 18, 85).astype(np.int64)
    income = np.round(np.exp(random.normal(10.4 - 0.18 * female, 0.45)), -2)
    loan = np.round(np.exp(random.normal(9.0, 0.7, rows)), -2) + 500
    term = random.choice(TERMS, rows)
    employment = np.round(np.minimum(random.exponential(6.0, rows), age - 18.0), 1)
    lines = random.poisson(3.0, rows)
    late = random.negative_binomial(0.6, 0.45, rows)
    income_gap = random.random(rows) < 0.06
    employment_gap = random.random(rows) < 0.04
    burden = np.log(loan * (1 + 0.08 * term / 12) / term * 12 / income)
    logit = (
        -2.7
        + np.where(income_gap, 0.9, 1.2 * (burden + 2.4))
        + np.where(employment_gap, 0.3, 0.6 - 0.15 * np.minimum(employment, 8))
        + 0.6 * np.minimum(late, 5)
        + 0.5 * ((age < 25) & (term >= 48))
        - 0.012 * (age - 40)
        + 0.06 * np.abs(lines - 3)
        + purpose_effect
        + housing_effect
        + region_effect
    )
    days = random.integers(0, 730, rows).astype("timedelta64[D]")
    columns = {
        "application_id": pa.array(np.char.add("A", np.char.zfill(np.arange(rows).astype("U9"), 9))),
        "applied_on": pa.array(np.datetime64("2024-01-01") + days),
        "sex": sex.cast(pa.string()),
        "age": pa.array(age),
        "income": pa.array(income, mask=income_gap),
        "loan_amount": pa.array(loan),
        "term_months": pa.array(term),
        "employment_years": pa.array(employment, mask=employment_gap),
        "credit_lines": pa.array(lines),
        "late_payments": pa.array(late),
        "purpose": purpose.cast(pa.string()),
        "housing": housing.cast(pa.string()),
        "region": region.cast(pa.string()),
    }
    return columns, 1 / (1 + np.exp(-logit)), random.random(rows)


def _category(
    random: np.random.Generator, shares: dict[Any, tuple[float, float]], rows: int
) -> tuple[pa.DictionaryArray, np.ndarray[Any, Any]]:
    """A drawn column of texts, and each row's effect on the log-odds."""
    names = list(shares)
    cuts = np.cumsum([share for share, _ in shares.values()])
    codes = np.searchsorted(cuts / cuts[-1], random.random(rows), side="right").astype(np.int8)
    effects = np.array([effect for _, effect in shares.values()])[codes]
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, pa.string())), effects


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write a sample of credit applications.")
    parser.add_argument("--output", type=Path, required=True, help="a file that ends in .csv or .parquet")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    write(given.output, given.rows, given.seed)


if __name__ == "__main__":
    main()
