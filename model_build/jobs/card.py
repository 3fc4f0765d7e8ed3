"""The model card of a version: what the configuration says about its use, and what the steps found about it.

The content follows the schema of a model package's card, which is narrower than that of a card on its own:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-details.html ("Model package model card schema").
A card has at most 100,000 characters: it holds figures, and the report holds curves and tables.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.metrics import section
from analysis.pages.card import render
from contract import documents, package
from contract.decision import Decision
from contract.documents import Document
from contract.findings import Verdict

#: Environment → what the card calls it. What only an execution knows; each text has at most 256 characters.
DETAILS = {"INPUT_DATA": "input data", "DATA_FINGERPRINT": "data sha256"}

#: Limits of the schema, in characters and in rows of a matrix.
OBSERVATION, NOTE, NAME, TEXT, AXIS, MATRIX = 2096, 1024, 255, 63, 63, 20

#: Columns in the chart of explanations.
STRONGEST = 20


def content(said: Document, evaluation: Document, analysis: Document, champion: Document, verdict: Verdict) -> Document:
    """The card.

    said      sections out of the configuration, see `model_build.card`
    analysis  of Analyze, champion  of the comparison; both empty where there was none
    """
    decision = Decision.from_document(evaluation["model"]["decision"])
    details = {name: os.environ[variable] for variable, name in DETAILS.items() if os.environ.get(variable)}
    information = said.get("additional_information", {})
    known = details | {"artefact sha256": verdict.artefact}
    custom = {**information.get("custom_details", {}), **known}
    return said | {
        "training_details": {"training_observations": _decision(decision)},
        "evaluation_details": [
            _evaluation(evaluation, verdict),
            *_comparison(champion),
            *_bias(analysis),
            *_explanations(analysis, decision.outputs),
        ],
        "additional_information": information | {"custom_details": custom},
    }


def write(card: Document, name: str, output: Path) -> None:
    """card.json and card.html for people, and registration.json, which holds the text that Register sends."""
    documents.write(output / package.CARD, card)
    (output / package.CARD_PAGE).write_text(render(card, name), encoding="utf-8")
    text = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
    documents.write(output / package.REGISTRATION, {"card": text})


def _decision(decision: Decision) -> str:
    """What the model decides and by which rule."""
    if not decision.classes:
        return "Predicts a number."
    said = f"Decides between {', '.join(decision.classes)}"
    if decision.threshold is not None:
        said += f" at a score of {decision.threshold:.6g}: {decision.rule}"
    return f"{said}."[:NOTE]


def _evaluation(evaluation: Document, verdict: Verdict) -> Document:
    metrics = section(evaluation)
    data = [
        _number(name, metric["value"], _interval(metric))
        for name, metric in metrics.items()
        if isinstance(metric, dict) and "value" in metric
    ]
    groups = [{"name": "Metrics", "metric_data": data}]
    matrix = metrics.get("confusion_matrix")
    if matrix and len(matrix) <= MATRIX:
        names = [str(name)[:AXIS] for name in matrix]
        rows = [list(row.values()) for row in matrix.values()]
        axes = {"x_axis_name": names, "y_axis_name": names}
        drawn = {"name": "actual by predicted", "type": "matrix", "value": rows, **axes}
        groups.append({"name": "Decisions", "metric_data": [drawn]})
    rows_said = {"test rows": str(evaluation["dataset"]["item_count"])}
    return _entry("Test split", f"{verdict.reason} {evaluation['method']}.", groups) | {"metadata": rows_said}


def _comparison(champion: Document) -> Iterator[Document]:
    if not champion:
        return
    clause = champion["clause"]
    groups = []
    if champion["compared"]:
        metric = champion["metric"]
        figures = [
            _number(f"{metric} of this model", champion["candidate"]),
            _number(f"{metric} of version {champion['champion']}", champion["reference"]),
            _number("advantage", champion["advantage"]["value"], _interval(champion["advantage"])),
        ]
        groups = [{"name": "Comparison", "metric_data": figures}]
    yield _entry("Champion", f"{clause[:1].upper()}{clause[1:]}.", groups)


def _bias(analysis: Document) -> Iterator[Document]:
    """An entry for each group, with the metrics of the data and of the decisions."""
    found: dict[str, list[Document]] = {}
    for title, key in (("Data", "pre_training_bias_metrics"), ("Decisions", "post_training_bias_metrics")):
        for facet, groups in analysis.get(key, {}).get("facets", {}).items():
            for group in groups:
                data = [_number(one["name"], one["value"], _why(one)) for one in group["metrics"]]
                name = f"Bias: {facet} = {group['value_or_threshold']}"
                found.setdefault(name, []).append({"name": title, "metric_data": data})
    for name, groups_of in found.items():
        yield _entry(name[:TEXT], "Clarify's metrics on the test rows.", groups_of)


def _explanations(analysis: Document, outputs: Mapping[str, str]) -> Iterator[Document]:
    explained = analysis.get("explanations", {})
    charts = [
        {"name": _output(outputs.get(label, label)), "metric_data": [_chart(values["global_shap_values"])]}
        for label, values in explained.get("kernel_shap", {}).items()
        if values["global_shap_values"]
    ]
    if charts:
        yield _entry("Explanations", f"{explained.get('method', '')} {explained.get('note', '')}".strip(), charts)


def _chart(values: Mapping[str, float]) -> Document:
    strongest = sorted(values, key=lambda name: -abs(values[name]))[:STRONGEST]
    return {
        "name": "mean absolute SHAP value",
        "type": "bar_chart",
        "value": [values[name] for name in strongest],
        "x_axis_name": [name[:AXIS] for name in strongest],
    }


def _output(name: str) -> str:
    return f"What moves the {name}"[:TEXT]


def _entry(name: str, observation: str, groups: list[Document]) -> Document:
    return {"name": name, "evaluation_observation": observation[:OBSERVATION], "metric_groups": groups}


def _number(name: str, value: float | None, note: str = "") -> Document:
    """A figure; one that is undefined says so as a text."""
    metric: Document = {"name": name[:NAME], "type": "number", "value": value}
    if value is None:
        metric |= {"type": "string", "value": "undefined"}
    return metric | ({"notes": note[:NOTE]} if note else {})


def _why(metric: Mapping[str, Any]) -> str:
    return f"{metric['description']}. {metric.get('error', '')}".strip()


def _interval(metric: Mapping[str, Any]) -> str:
    if metric.get("reason"):
        return str(metric["reason"])
    if metric.get("lower") is None:
        return ""
    return f"95 % interval {metric['lower']:.4g} to {metric['upper']:.4g}"
