"""The processing job: /opt/ml/processing/input/{config,data} in, /opt/ml/processing/output out.

Beside what Clarify itself is given stand, in local_aws, input/model (model.tar.gz of the shadow endpoint) and
input/baseline (the document that the result is held against); CHECK in the environment is a JSON document with the
endpoint's `environment` and `fail_on_violation`. On AWS the service does that part.
"""

import html
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from clarify_stand_in import bias, dataset  # type: ignore[import-not-found]  # beside it at run time
from clarify_stand_in.dataset import Codes, Columns  # type: ignore[import-not-found]
from clarify_stand_in.shadow import Endpoint, RefusedError, endpoint  # type: ignore[import-not-found]
from numpy.typing import NDArray

from analysis import baseline as drift
from analysis.analyze import local_values
from analysis.explanations.explain import Explainer, baseline
from contract import documents
from contract.documents import Document
from contract.errors import InputError

Config = Mapping[str, Any]

#: How the values of a column become its weight.
AGGREGATES: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "mean_abs": lambda values: np.abs(values).mean(axis=0),
    "median": lambda values: np.median(values, axis=0),
    "mean_sq": lambda values: (values**2).mean(axis=0),
}


def main(root: Path) -> None:
    """`root` stands for /opt/ml. What is wrong is one sentence in output/message, and exit code 1."""
    try:
        run(root / "processing", json.loads(os.environ.get("CHECK", "{}")))
    except (InputError, RefusedError) as error:
        reason = f"ClientError: {error}" if isinstance(error, InputError) else f"ClientError: The model: {error}."
        (root / "output").mkdir(parents=True, exist_ok=True)
        (root / "output/message").write_text(reason, encoding="utf-8")
        sys.exit(reason)


def run(place: Path, check: Config) -> None:
    """Analyse, hold against the baseline, and leave the documents. Raises InputError, RefusedError."""
    config = documents.read(place / "input/config/analysis_config.json")
    output = place / "output"
    columns = dataset.read(place / "input/data", config["dataset_type"])
    found: Document = {"version": "1.0"}
    with _asked(place, config, check) as model:
        methods = config["methods"]
        if {"pre_training_bias", "post_training_bias"} & set(methods):
            decided = decisions(config, columns, model) if "post_training_bias" in methods else None
            found |= bias.analyze(config, columns, decided)
        if "shap" in methods:
            found["explanations"], local = explain(config, columns, model)
            if methods["shap"].get("save_local_shap_values", True):
                (output / "explanations_shap").mkdir(parents=True, exist_ok=True)
                (output / "explanations_shap/out.csv").write_text(local, encoding="utf-8")
        if unknown := sorted(set(methods) - {"pre_training_bias", "post_training_bias", "shap", "report"}):
            raise InputError(f"The method {unknown[0]} is not supported on this machine.")
    documents.write(output / "analysis.json", found)
    (output / "report.html").write_text(page(config, found), encoding="utf-8")
    violations = violated(place / "input/baseline", found)
    if violations is not None:
        documents.write(output / "constraint_violations.json", violations)
        for each in violations["violations"]:
            print(f"{each['metric_name']}: {each['description']}")  # noqa: T201  the log of the job
        if violations["violations"] and check.get("fail_on_violation"):
            first = violations["violations"][0]
            count = len(violations["violations"])
            raise InputError(
                f"{count} violations of the baseline, first {first['metric_name']}: {first['description']}"
            )


@contextmanager
def _asked(place: Path, config: Config, check: Config) -> Iterator[Endpoint | None]:
    """The shadow endpoint, when the analysis has a predictor."""
    if "predictor" not in config:
        yield None
        return
    with endpoint(place / "input/model/model.tar.gz", check["environment"], config["predictor"]) as model:
        yield model


def features(config: Config, columns: Columns) -> Columns:
    """What the model is asked with: all columns but the label and those that are excluded."""
    left_out = {config.get("label"), *config.get("excluded_columns", [])}
    return {name: column for name, column in columns.items() if name not in left_out}


def decisions(config: Config, columns: Columns, model: Endpoint) -> NDArray[Any]:
    """(rows,) the model's predicted labels, as texts, or as numbers where the label is one."""
    labels, asked = dataset.one(columns, config.get("label"), "label"), features(config, columns)
    codes = Codes(asked, dict.fromkeys(asked))
    predictor = config["predictor"]
    if "label" not in predictor:
        raise InputError("predictor.label is missing: the member of an answer that holds the predicted label.")
    found = [_member(answer, predictor["label"]) for answer in model.ask(codes.records(codes.matrix))]
    if labels.dtype.kind == "f":
        return np.array(found, dtype=np.float64)
    return np.array([str(value) for value in found], dtype=object)


def explain(config: Config, columns: Columns, model: Endpoint) -> tuple[Document, str]:
    """`explanations`, and the values of each row as CSV."""
    asked, shap = features(config, columns), config["methods"]["shap"]
    codes = Codes(asked, _start(shap, asked))
    member = config["predictor"].get("label") or config["predictor"].get("probability")
    if member is None:
        raise InputError("predictor.label is missing: the member of an answer that holds the score.")

    def predict(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        answers = model.ask(codes.records(matrix))
        return np.array([_member(answer, member) for answer in answers], dtype=np.float64)

    places = {name: [index] for index, name in enumerate(asked)}
    found = Explainer(predict, places, codes.baseline, seed=shap.get("seed") or 0).explain(codes.matrix)
    weigh = AGGREGATES[shap.get("agg_method", "mean_abs")]
    values = {
        f"label{label}": {
            "global_shap_values": dict(zip(asked, map(float, weigh(found.values[:, label])), strict=True)),
            "expected_value": float(expected),
        }
        for label, expected in enumerate(found.expected)
    }
    return {"kernel_shap": values, "method": found.method}, local_values(found)


def _start(shap: Config, columns: Columns) -> Mapping[str, Any]:
    """The baseline record: the one that is given, or means and most frequent values, where Clarify would cluster."""
    given = shap.get("baseline")
    if given is None:
        numeric = {name: column for name, column in columns.items() if column.dtype.kind == "f"}
        return baseline(numeric, {name: column for name, column in columns.items() if name not in numeric})
    if not (isinstance(given, list) and len(given) == 1 and len(given[0]) == len(columns)):
        raise InputError("methods.shap.baseline must be one row with a value for each feature on this machine.")
    return dict(zip(columns, given[0], strict=True))


def _member(answer: Any, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise InputError(f"The model's answer {json.dumps(answer)[:100]} has no member {name!r}.")
    return answer[name]


def violated(folder: Path, found: Document) -> Document | None:
    """`constraint_violations.json`, None without a baseline. Raises InputError when it is about something else."""
    paths = sorted(folder.rglob("*.json")) if folder.is_dir() else []
    if not paths:
        return None
    whole = documents.read(paths[0])
    earlier = {name: section for name, section in whole.items() if name in found}
    if not set(earlier) - {"version"}:
        raise InputError("The baseline has nothing of what is checked here: register a new one.")
    every = drift.bias_violations(found, earlier)["violations"]
    if "explanations" in earlier:
        every += drift.explanation_violations(found, earlier)["violations"]
    return {"version": 0, "violations": every}


def page(config: Config, found: Document) -> str:
    """report.html: the document, for a person."""
    title = html.escape(config["methods"].get("report", {}).get("title", "Analysis"))
    text = html.escape(json.dumps(found, indent=1))
    return f'<!doctype html><meta charset="utf-8"><title>{title}</title><h1>{title}</h1><pre>{text}</pre>\n'


if __name__ == "__main__":
    main(Path(sys.argv[1]))
