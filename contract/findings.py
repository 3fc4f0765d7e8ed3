"""`gate.json`: the one flat document that the conditions of the pipeline read, whichever engine made the reports."""

from dataclasses import dataclass, field

from contract.documents import Document


@dataclass(frozen=True)
class Verdict:
    """What the gate decided and why.

    passed    whether the model may be registered
    reason    one sentence in words, also when it passed
    artefact  SHA-256 of model.tar.gz
    metrics   metric → value on the test split
    """

    passed: bool
    reason: str
    artefact: str
    metrics: dict[str, float] = field(default_factory=dict)

    def to_document(self) -> Document:
        return {"passed": self.passed, "reason": self.reason, "artefact": self.artefact, "metrics": self.metrics}
