"""Why few test rows of a class leave a metric without a figure, and what mends that, as parts of a sentence."""

from contract.documents import Document

#: Metrics that a sample defines only where it has rows of the classes: each of them, or the positive one.
OF_THE_CLASSES = frozenset({"auc", "average_precision", "recall", "macro_auc"})


def cause(metric: str, section: Document) -> str:
    """The rarest class with its rows, where they are why resamples leave `metric` undefined; else nothing.

    section  the metrics of a report, or the details of a sample
    """
    confusion = section.get("confusion_matrix")
    if metric not in OF_THE_CLASSES or not confusion:
        return ""
    rows = {name: sum(counts.values()) for name, counts in confusion.items()}
    rarest = min(rows, key=lambda name: rows[name])
    return f", since the rarest class, {rarest}, has {rows[rarest]:,} test row{'' if rows[rarest] == 1 else 's'}"


def remedy(metric: str, section: Document, rule: str, interval: bool) -> str:
    """What would mend it.

    rule      section of the configuration that asks for the metric
    interval  whether it is the interval alone that is missing, so that the value would do
    """
    ways = [f'{rule}.bound = "value"'] if interval else []
    ways.append(f"another {rule}.metric")
    if metric in OF_THE_CLASSES:
        ways.append("more test rows of rare classes")
    if len(section.get("confusion_matrix", {})) > 2:
        ways.append("fewer classes")
    *first, last = ways
    return f"{', '.join(first)} or {last} would mend it" if first else f"{last} would mend it"
