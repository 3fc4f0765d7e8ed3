"""`gate.json`: the one flat document that the conditions of the pipeline read, whichever engine made the reports."""

from dataclasses import dataclass, field

from contract.documents import Document
from contract.errors import InputError

#: Stands for the value of a metric that has none: registration asks for it, and a package's metadata are texts.
UNDEFINED = "undefined"


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

    passed     whether the model may be registered
    reason     one sentence in words, also when it passed, that SageMaker takes as a description
    artefact   SHA-256 of model.tar.gz
    metrics    metric → value on the test split
    undefined  metrics that the test split leaves undefined; the document has this word for their value
    clauses    all that the reason says, and what it had no place for
    warnings   what no limit judges and a person should know of, a sentence each; without any, the document has none
    """

    passed: bool
    reason: str
    artefact: str
    metrics: dict[str, float] = field(default_factory=dict)
    undefined: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_document(self) -> Document:
        metrics: Document = self.metrics | dict.fromkeys(self.undefined, UNDEFINED)
        told: Document = {"warnings": list(self.warnings)} if self.warnings else {}
        return {"passed": self.passed, "reason": self.reason, "artefact": self.artefact, "metrics": metrics} | told
