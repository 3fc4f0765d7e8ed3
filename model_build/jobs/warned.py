"""What no limit judges and a person should know before they approve a model, a sentence each."""

from collections.abc import Iterator

from analysis.fairness import SECTIONS
from analysis.metrics import section
from contract.decision import Decision
from contract.documents import Document
from contract.words import listed
from model_build.jobs.training_told import Training

#: Task without a favourable decision of its own → what names one.
UNNAMED = {
    "regression": "a regression has no favourable decision until analysis.favourable_above says above which value it "
    "is good for a person",
    "multiclass": "a model of several classes has no favourable decision until analysis.favourable names the classes "
    "that are good for a person",
}


def warnings(evaluation: Document, decision: Decision, analysis: Document, training: Training) -> Iterator[str]:
    """Sentences about the split, decisions that say nothing, and groups that nobody compared.

    evaluation  of Evaluate;  analysis  `analysis.json`, empty without an analysis
    """
    yield from training.split
    if decision.task == "binary":
        yield from _useless(section(evaluation).get("confusion_matrix"), decision)
    elif training.facets and analysis and not any(name in analysis for name in SECTIONS):
        yield f"The bias between the groups of {listed(training.facets)} is not analysed: {UNNAMED[decision.task]}."


def _useless(matrix: Document | None, decision: Decision) -> Iterator[str]:
    """Of decisions on test rows of both classes, actual → decided → rows, that are all the same or never a hit."""
    if not matrix:
        return
    negative, positive = decision.classes
    hits, false_alarms = matrix[positive][positive], matrix[negative][positive]
    positives, rows = sum(matrix[positive].values()), sum(sum(row.values()) for row in matrix.values())
    if not 0 < positives < rows:
        return
    rule = f"the threshold of {decision.threshold:.6g} ({decision.rule})"
    mending = "another train.threshold, or a model that ranks better, would mend it"
    if hits + false_alarms == 0:
        yield f"At {rule} no test row is decided {positive!r}, though {positives:,} of {rows:,} are; {mending}."
    elif hits + false_alarms == rows:
        yield f"At {rule} every test row is decided {positive!r}, though {positives:,} of {rows:,} are; {mending}."
    elif hits == 0:
        yield (
            f"At {rule} none of the {positives:,} test rows that are {positive!r} is found, and all of the "
            f"{false_alarms:,} decided so are false alarms; {mending}."
        )
