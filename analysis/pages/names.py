"""Names of metrics as people know them, and clauses of a verdict as sentences."""

#: Metric → name, and what it says. `{positive}` is the text of class 1.
MEANINGS: dict[str, tuple[str, str]] = {
    "auc": ("AUC", "chance that a “{positive}” ranks before another row; .5 is guessing"),
    "average_precision": ("Average precision", "mean precision over all recalls; the base rate is guessing"),
    "log_loss": ("Log loss", "how surprised the probabilities are by the truth; less is better"),
    "brier": ("Brier score", "mean squared error of the probability; less is better"),
    "expected_calibration_error": (
        "Calibration error",
        "mean gap between score and observed share; noise can only widen it",
    ),
    "accuracy": ("Accuracy", "share of right decisions"),
    "precision": ("Precision", "share of those called “{positive}” that are"),
    "recall": ("Recall", "share of “{positive}” that are found"),
    "f1": ("F1", "harmonic mean of precision and recall"),
    "macro_auc": ("AUC, mean over classes", "one class against the rest; .5 is guessing"),
    "macro_f1": ("F1, mean over classes", "each class counts the same"),
    "weighted_f1": ("F1, mean over rows", "each class counts by its rows"),
    "r2": ("R²", "share of the variance explained; 0 is the mean of the label"),
    "mse": ("Mean squared error", "in the label's unit, squared"),
    "rmse": ("Root mean squared error", "in the label's unit"),
    "mae": ("Mean absolute error", "in the label's unit"),
    "median_absolute_error": ("Median absolute error", "half of the rows are closer, in the label's unit"),
}


def name(metric: str) -> str:
    """Of a metric of the evaluation; another one keeps its own."""
    return MEANINGS[metric][0] if metric in MEANINGS else metric


def sentence(clause: str) -> str:
    """A clause of a verdict, which may begin with a metric, as a sentence of its own."""
    first, space, rest = clause.partition(" ")
    head = name(first) if first in MEANINGS else f"{first[:1].upper()}{first[1:]}"
    return f"{head}{space}{rest}."
