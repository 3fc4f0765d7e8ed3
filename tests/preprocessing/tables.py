"""Small tables on disk, and one call from raw rows to features, for the tests of this room."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from preprocessing.derive import Features
from preprocessing.fit import Fitted, fit
from preprocessing.settings import Settings
from preprocessing.write import encode_files


def sample(rows: int, seed: int = 0) -> pd.DataFrame:
    """A label `y` (0, 1), numbers `n` and `m` (some missing), texts `c` (few) and `d` (many), `key` and a time `t`."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "n": rng.normal(size=rows).round(3),
            "m": rng.integers(0, 9, rows).astype(float),
            "c": rng.choice(["red", "green", "blue"], rows, p=[0.6, 0.3, 0.1]),
            "d": [f"d{number}" for number in rng.zipf(1.5, rows) % 300],
            "key": [f"k{number}" for number in rng.integers(0, max(2, rows // 4), rows)],
            "t": pd.date_range("2024-01-01", periods=rows, freq="h").strftime("%Y-%m-%dT%H:%M:%S"),
        }
    )
    frame.loc[rng.random(rows) < 0.1, "m"] = np.nan
    frame.loc[rng.random(rows) < 0.05, "c"] = None
    frame["y"] = (frame["n"] + rng.normal(size=rows) > 1).astype(int)
    return frame


COLUMNS: dict[str, Any] = {
    "label": "y",
    "task": "binary",
    "positive": "1",
    "numeric": ["n", "m"],
    "categorical": ["c", "d"],
    "drop": ["key"],
    "event_time": "t",
}


def settings(**choice: Any) -> Settings:
    return Settings.from_document({"columns": {**COLUMNS, **choice.pop("columns", {})}, **choice})


@dataclass
class Built:
    """What Fit and Encode left, with the rows of each side in order."""

    fitted: Fitted
    encoded: dict[str, pd.DataFrame]
    raw: pd.DataFrame

    @property
    def rows(self) -> dict[str, list[bytes]]:
        """The encoded rows of each side as sorted bytes: the side as a set."""
        return {side: sorted(row.tobytes() for row in frame.to_numpy()) for side, frame in self.encoded.items()}


def build(source: Path, chosen: Settings, output: Path, features: Features | None = None) -> Built:
    """Fit, then Encode on one host."""
    fitted = fit(source, chosen, features)
    fitted.duplicates.write(output / "duplicates")
    encode_files(source, fitted.preprocessor, output / "duplicates", output, "algo-1", features)
    return Built(
        fitted, {side: read(output / side) for side in ("train", "validation", "test")}, read(output / "test_raw")
    )


def read(folder: Path) -> pd.DataFrame:
    """All rows below a folder, by the names of the files."""
    tables = [pq.read_table(path) for path in sorted(folder.glob("*.parquet"))]
    return pa.concat_tables(tables, promote_options="permissive").to_pandas() if tables else pd.DataFrame()
