"""Whether anomaly scores have anything to do with the errors: what is unusual need not be wrong."""

from collections.abc import Iterator

from analysis.metrics import section
from contract.decision import Decision
from contract.documents import Document
from contract.findings import Finding

CHANCE = 0.5


def judge(report: Document, decision: Decision) -> Iterator[Finding]:
    """A finding against a model whose anomaly scores do not rank errors above other rows; none for any other model.

    report  of `analysis.metrics.evaluate`; where its AUC is undefined, the gate says so
    """
    auc = section(report).get("auc", {})
    if decision.scale != "anomaly" or auc.get("lower") is None or auc["lower"] > CHANCE:
        return
    interval = f"AUC {auc['value']:.4f}, 95 % interval {auc['lower']:.4f} to {auc['upper']:.4f}"
    yield Finding(
        False,
        f"Random Cut Forest has shown no power on these data: the unusual rows are not the errors ({interval}); "
        'with labels, algorithm = "xgboost" learns from them',
    )
