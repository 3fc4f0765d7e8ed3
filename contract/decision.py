"""`decision.json`: from a score to a decision. Chosen by Train on the validation split, sealed in the artefact."""

from dataclasses import asdict, dataclass
from typing import Literal

from contract.columns import Task
from contract.documents import Document
from contract.errors import InputError

#: What the scores of a binary task are: the probability of class 1, or a measure that only ranks.
Scale = Literal["probability", "anomaly"]

#: Metrics that take a score for a probability.
OF_PROBABILITIES = ("log_loss", "brier", "expected_calibration_error")


@dataclass(frozen=True)
class Decision:
    """`threshold` belongs to a binary task: class 1 from there on. `rule` says in words how it was chosen, `scale` what
    the scores are."""

    task: Task
    classes: tuple[str, ...]
    threshold: float | None = None
    rule: str = ""
    scale: Scale = "probability"

    @property
    def outputs(self) -> dict[str, str]:
        """What the model answers with, in words, by the key under which an explanation has it."""
        if self.task == "regression":
            names = ["prediction"]
        elif self.scale == "anomaly":
            names = ["anomaly score"]
        else:
            scored = self.classes if self.task == "multiclass" else self.classes[1:]
            names = [f"score of {name}" for name in scored]
        return {f"label{number}": name for number, name in enumerate(names)}

    def to_document(self) -> Document:
        return asdict(self)

    @classmethod
    def from_document(cls, document: Document) -> "Decision":
        """Raises InputError when a part is missing or unknown."""
        try:
            return cls(**{**document, "classes": tuple(document["classes"])})
        except (KeyError, TypeError) as error:
            raise InputError(f"The decision document cannot be read: {error!r}.") from None
