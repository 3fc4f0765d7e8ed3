"""Time series: shingles, and what they are for, on the taxi rides of the Numenta Anomaly Benchmark."""

import csv
import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from contract.errors import InputError
from random_cut_forest import RandomCutForest
from random_cut_forest.shingle import shingle

DAY = 48


def test_rows_of_consecutive_values() -> None:
    assert shingle([1, 2, 3, 4], 3).tolist() == [[1, 2, 3], [2, 3, 4]]
    assert shingle([[1, 10], [2, 20], [3, 30]], 2).tolist() == [[1, 10, 2, 20], [2, 20, 3, 30]]
    assert shingle([1, 2], 1).tolist() == [[1], [2]]


@pytest.mark.parametrize("size", [0, 5])
def test_refuses_sizes_out_of_range(size: int) -> None:
    with pytest.raises(InputError, match=f"shingle size is {size}"):
        shingle([1, 2, 3, 4], size)


def test_finds_the_unusual_days_of_the_taxi_rides(data: Path) -> None:
    """The labelled windows (marathon, Thanksgiving, Christmas, New Year, blizzard): unusual days, not values."""
    with (data / "nab" / "nyc_taxi.csv").open() as file:
        rides = [(datetime.fromisoformat(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
    windows = [
        [datetime.fromisoformat(time) for time in window]
        for window in json.loads((data / "nab" / "combined_windows.json").read_text())["realKnownCause/nyc_taxi.csv"]
    ]
    times, values = zip(*rides, strict=True)
    unusual = np.array([any(first <= time <= last for first, last in windows) for time in times])

    def auc(size: int) -> float:
        rows = shingle(values, size)
        return float(roc_auc_score(unusual[size - 1 :], RandomCutForest(num_trees=50).fit(rows).score(rows)))

    assert auc(DAY) > 0.6
    assert auc(DAY) > auc(1) + 0.05
