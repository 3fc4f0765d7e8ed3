"""What a decision says about the answers of its model."""

import pytest

from contract.decision import Decision


@pytest.mark.parametrize(
    ("decision", "outputs"),
    [
        (Decision("binary", ("No", "Yes"), 0.5), ["score of Yes"]),
        (Decision("binary", ("right", "wrong"), 1.5, scale="anomaly"), ["anomaly score"]),
        (Decision("multiclass", ("a", "b", "c")), ["score of a", "score of b", "score of c"]),
        (Decision("regression", ()), ["prediction"]),
    ],
    ids=["binary", "anomaly", "multiclass", "regression"],
)
def test_each_output_has_a_name(decision: Decision, outputs: list[str]) -> None:
    assert decision.outputs == {f"label{number}": name for number, name in enumerate(outputs)}
