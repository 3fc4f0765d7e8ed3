"""Single records for the page: what moved the answer, from the lowest one to the highest."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.explanations.explain import Explanation
from contract.documents import Document

#: Records and columns of each that the page shows.
RECORDS, FOREMOST = 4, 6


def records(found: Explanation, raw: Mapping[str, NDArray[Any]], chosen: NDArray[np.int64]) -> Iterator[Document]:
    """Records spread from the lowest to the highest answer, each with the columns that moved it most.

    raw     column → (rows,) as of `analysis.analyze.Rows`;  chosen  (explained,) the rows of `found` among them

    Of several classes the one with the highest answer, which is the one decided: `output` is its key in the document
    of the explanations. `scale` says what an answer is where it is no prediction.
    """
    sums = found.values.sum(axis=2) + found.expected
    decided = sums.argmax(axis=1)
    answers = sums[np.arange(len(sums)), decided]
    order = np.argsort(answers, kind="stable")
    for place in order[np.unique(np.linspace(0, len(order) - 1, RECORDS).round().astype(int))]:
        output, row = int(decided[place]), int(chosen[place])
        values = found.values[place, output]
        ranked = np.argsort(-np.abs(values), kind="stable")
        yield {
            "row": row,
            "output": f"label{output}",
            "scale": found.scale,
            "answer": float(answers[place]),
            "expected": float(found.expected[output]),
            "columns": [
                {
                    "name": found.columns[index],
                    "value": _shown(raw.get(found.columns[index]), row),
                    "shap": float(values[index]),
                }
                for index in ranked[:FOREMOST]
            ],
            "others": float(values[ranked[FOREMOST:]].sum()),
        }


def _shown(column: NDArray[Any] | None, row: int) -> str:
    if column is None:
        return ""
    value = column[row]
    if value is None or value != value:
        return "missing"
    return f"{value:.10g}" if column.dtype.kind == "f" else str(value)
