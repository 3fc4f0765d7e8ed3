"""`gate.json`: the one flat document that the conditions of the pipeline read, whichever engine made the reports."""

from dataclasses import dataclass, field

from contract.documents import Document
from contract.errors import InputError


@dataclass(frozen=True)
class Finding:
    """What one judge found: a clause of the verdict, in words and without a full stop."""

    passed: bool
    clause: str

    @classmethod
    def from_document(cls, document: Document) -> "Finding":
        """Raises InputError when a part is missing; a document may say more than that."""
        try:
            return cls(bool(document["passed"]), str(document["clause"]))
        except KeyError as error:
            raise InputError(f"The finding cannot be read, it has no {error}.") from None


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
