"""SageMaker's hyperparameters of Random Cut Forest, with its ranges.

https://docs.aws.amazon.com/sagemaker/latest/dg/rcf_hyperparameters.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from contract.errors import InputError

METRICS = ("accuracy", "precision_recall_fscore")

#: Name → smallest and largest value.
RANGES = {"feature_dim": (1, 10_000), "num_trees": (50, 1000), "num_samples_per_tree": (1, 2048)}

#: What the SDK and tuning jobs send along and this algorithm has no use for; so does everything with a leading "_".
IGNORED = ("mini_batch_size", "epochs", "force_dense")


@dataclass(frozen=True)
class Hyperparameters:
    """Checked when made; raises InputError."""

    feature_dim: int
    num_trees: int = 100
    num_samples_per_tree: int = 256
    eval_metrics: tuple[str, ...] = METRICS

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise InputError(f"{name} is {getattr(self, name)}, Random Cut Forest takes {least} to {most}.")
        if unknown := [metric for metric in self.eval_metrics if metric not in METRICS]:
            raise InputError(f"eval_metrics has {', '.join(unknown)}; it takes {' and '.join(METRICS)}.")

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> "Hyperparameters":
        """Out of texts, as in `hyperparameters.json`, or numbers. Raises InputError for what SageMaker would refuse."""
        known = (*RANGES, "eval_metrics")
        unknown = [name for name in given if name not in known and name not in IGNORED and not name.startswith("_")]
        if unknown:
            raise InputError(
                f"Random Cut Forest has no hyperparameter {', '.join(unknown)}; it has {', '.join(known)}."
            )
        if "feature_dim" not in given:
            raise InputError("feature_dim is missing: set it to the number of features.")
        numbers = {name: _whole(name, given[name]) for name in RANGES if name in given}
        metrics = _names(given["eval_metrics"]) if "eval_metrics" in given else METRICS
        return cls(**numbers, eval_metrics=metrics)


def _whole(name: str, value: object) -> int:
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise InputError(f"{name} is {value!r}, a whole number is needed.")


def _names(value: object) -> tuple[str, ...]:
    """A list, its JSON text, or names with commas between."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = [name.strip() for name in str(value).split(",")]
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise InputError(f"eval_metrics is {value!r}, a list of names is needed.")
    return tuple(value)
