"""Metrics of a model whose scores rank rows and are no probabilities: Random Cut Forest."""

from analysis.binary import Binary
from contract.decision import OF_PROBABILITIES
from contract.documents import Document


class Anomaly(Binary):
    """Test rows of a binary task with anomaly scores: any numbers, higher for what is less usual."""

    def undefined(self) -> dict[str, str]:
        """Also the metrics that would need probabilities."""
        return super().undefined() | dict.fromkeys(OF_PROBABILITIES, "Anomaly scores are no probabilities.")

    def details(self) -> Document:
        """Those of `Binary` without calibration."""
        return {name: detail for name, detail in super().details().items() if name != "calibration"}
