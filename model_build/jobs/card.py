"""The model card of a version: what the configuration says about its use, and what the steps found about it.

The content follows the schema of a model package's card, which is narrower than that of a card on its own:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-details.html ("Model package model card schema").
It holds figures, and the report holds curves and tables; `card_size` keeps it within the length that SageMaker takes.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.metrics import section
from analysis.pages.bias import four_fifths, not_of_groups, warnings
from analysis.pages.card import render
from analysis.pages.explanations import by_class
from analysis.pages.names import name, sentence
from analysis.pages.origin import Origin
from analysis.pages.style import numbers
from contract import documents, package
from contract.decision import Decision
from contract.documents import Document
from contract.findings import Verdict
from contract.words import within
from model_build.jobs import card_size
from model_build.jobs.training_told import Training

#: Environment → what the card calls it.
DETAILS = {"INPUT_DATA": "input data", "DATA_FINGERPRINT": "data sha256"}

#: Limits of the schema, in characters and in rows of a matrix.
OBSERVATION, NOTE, NAME, TEXT, AXIS, MATRIX = 2096, 1024, 255, 63, 63, 20

#: Columns in the chart of explanations.
STRONGEST = 20

#: What a signer must find on a card, and the key of [card] that says it.
NEEDED = {
    ("model_overview", "model_creator"): "owner",
    ("intended_uses", "purpose_of_model"): "purpose",
    ("intended_uses", "intended_uses"): "intended_uses",
}


@dataclass(frozen=True)
class Found:
    """What the steps found; a document is empty where there was no such step.

    analysis  of Analyze, page  its words;  champion  of the comparison
    """

    evaluation: Document
    verdict: Verdict
    analysis: Document = field(default_factory=dict)
    page: Document = field(default_factory=dict)
    champion: Document = field(default_factory=dict)
    training: Training = field(default_factory=Training)
    origin: Origin = field(default_factory=Origin)


def content(said: Document, found: Found) -> Document:
    """The card, not longer than SageMaker takes it. Raises InputError when it cannot be made so.

    said  sections out of the configuration, see `model_build.card`
    """
    decision = Decision.from_document(found.evaluation["model"]["decision"])
    details = {name: os.environ[variable] for variable, name in DETAILS.items() if os.environ.get(variable)}
    information = said.get("additional_information", {})
    known = found.origin.facts() | found.training.facts() | details | {"artefact sha256": found.verdict.artefact}
    own = information.get("custom_details", {})
    custom = {name: within(text, NOTE) for name, text in {**own, **known}.items()}
    card = _stated(said) | {
        "training_details": {
            "training_observations": within(f"{_decision(decision)} {found.training.sentence()}".strip(), NOTE),
            **found.training.job_details(),
        },
        "evaluation_details": [
            _evaluation(found.evaluation, found.verdict),
            *_warnings(found),
            *_comparison(found.champion),
            *_four_fifths(found.analysis, found.page),
            *_bias(found.analysis),
            *_explanations(found.analysis, decision.outputs),
        ],
        "additional_information": information | {"custom_details": custom},
    }
    return card_size.fitting(card, [name for name in own if name not in known])


def write(card: Document, found: Found, output: Path) -> None:
    """card.json and card.html for people, and registration.json, which holds the text that Register sends."""
    documents.write(output / package.CARD, card)
    (output / package.CARD_PAGE).write_text(render(card, found.origin, found.verdict), encoding="utf-8")
    documents.write(output / package.REGISTRATION, {"card": card_size.text(card)})


def _stated(said: Document) -> Document:
    """The sections, with a word where what a signer must find was not written."""
    sections = {name: dict(members) for name, members in said.items()}
    for (part, member), key in NEEDED.items():
        sections.setdefault(part, {}).setdefault(member, f"Missing: nobody has written [card] {key} in config.toml.")
    return sections


def _decision(decision: Decision) -> str:
    """What the model decides and by which rule."""
    if not decision.classes:
        return "Predicts a number."
    said = f"Decides between {within(', '.join(decision.classes), 300)}"
    if decision.threshold is not None:
        said += f" at a score of {decision.threshold:.6g}: {decision.rule}"
    return f"{said}."


def _evaluation(evaluation: Document, verdict: Verdict) -> Document:
    metrics = section(evaluation)
    data = [
        _number(name(key), metric["value"], _interval(metric))
        for key, metric in metrics.items()
        if isinstance(metric, dict) and "value" in metric
    ]
    groups = [{"name": "Metrics", "metric_data": data}]
    matrix = metrics.get("confusion_matrix")
    if matrix and len(matrix) <= MATRIX:
        names = [within(str(name), AXIS) for name in matrix]
        rows = [list(row.values()) for row in matrix.values()]
        axes = {"x_axis_name": names, "y_axis_name": names}
        drawn = {"name": "actual by predicted", "type": "matrix", "value": rows, **axes}
        groups.append({"name": "Decisions", "metric_data": [drawn]})
    rows_said = {"test rows": str(evaluation["dataset"]["item_count"])}
    return _entry("Test split", f"{verdict.reason} {evaluation['method']}.", groups) | {"metadata": rows_said}


def _warnings(found: Found) -> Iterator[Document]:
    if others := not_of_groups(found.verdict.warnings, found.analysis, found.page):
        yield _entry("Warnings", "\n".join(others), [])


def _comparison(champion: Document) -> Iterator[Document]:
    if not champion:
        return
    groups = []
    if champion["compared"]:
        metric = name(champion["metric"])
        figures = [
            _number(f"{metric} of this model", champion["candidate"]),
            _number(f"{metric} of version {champion['champion']}", champion["reference"]),
            _number("Advantage", champion["advantage"]["value"], _interval(champion["advantage"])),
        ]
        groups = [{"name": "Comparison", "metric_data": figures}]
    yield _entry("Champion", sentence(champion["clause"]), groups)


def _four_fifths(analysis: Document, page: Document) -> Iterator[Document]:
    """The rule in words and its warnings, what fails first: a long list is cut at its end."""
    told = sorted(four_fifths(analysis, page), key=lambda each: (each["passes"] is not False, each["passes"] is True))
    if told:
        yield _entry("Four-fifths rule", "\n".join(each["sentence"] for each in told), [])
    if found := warnings(told):
        yield _entry("Warnings about groups", "\n".join(found), [])


def _bias(analysis: Document) -> Iterator[Document]:
    """An entry for each group, with the metrics of the data and of the decisions."""
    found: dict[str, list[Document]] = {}
    titles = (("Training data", "pre_training_bias_metrics"), ("Decisions", "post_training_bias_metrics"))
    for title, key in titles:
        for facet, groups in analysis.get(key, {}).get("facets", {}).items():
            for group in groups:
                data = [_number(one["name"], one["value"], _why(one)) for one in group["metrics"]]
                found.setdefault(f"{card_size.BIAS}{facet} = {group['value_or_threshold']}", []).append(
                    {"name": title, "metric_data": data}
                )
    rows = {"Training data": "the labels of the training rows", "Decisions": "the decisions on the test rows"}
    for title, groups_of in found.items():
        said = " and of ".join(rows[group["name"]] for group in groups_of)
        yield _entry(title, f"Clarify's metrics of {said}.", groups_of)


def _explanations(analysis: Document, outputs: Mapping[str, str]) -> Iterator[Document]:
    explained = analysis.get("explanations", {})
    charts = [
        {"name": _output(outputs.get(label, label)), "metric_data": [_chart(values["global_shap_values"])]}
        for label, values in by_class(explained.get("kernel_shap", {}), outputs).items()
        if values["global_shap_values"]
    ]
    if charts:
        observation = f"{explained.get('method', '')} {explained.get('note', '')}".strip()
        yield _entry(card_size.EXPLANATIONS, observation, charts)


def _chart(values: Mapping[str, float]) -> Document:
    strongest = sorted(values, key=lambda name: -abs(values[name]))[:STRONGEST]
    return {
        "name": "mean absolute SHAP value",
        "type": "bar_chart",
        "value": [values[name] for name in strongest],
        "x_axis_name": [within(name, AXIS) for name in strongest],
    }


def _output(name: str) -> str:
    return within(f"What moves the {name}", TEXT)


def _entry(name: str, observation: str, groups: list[Document]) -> Document:
    said = within(observation, OBSERVATION)
    return {"name": within(name, TEXT), "evaluation_observation": said, "metric_groups": groups}


def _number(name: str, value: float | None, note: str = "") -> Document:
    """A figure; one that is undefined says so as a text."""
    metric: Document = {"name": within(name, NAME), "type": "number", "value": value}
    if value is None:
        metric |= {"type": "string", "value": "undefined"}
    return metric | ({"notes": within(note, NOTE)} if note else {})


def _why(metric: Mapping[str, Any]) -> str:
    return f"{metric['description']}. {metric.get('error', '')}".strip()


def _interval(metric: Mapping[str, Any]) -> str:
    if metric.get("reason"):
        return str(metric["reason"])
    if metric.get("lower") is None:
        return ""
    _, lower, upper = numbers(metric["value"], metric["lower"], metric["upper"])
    return f"95 % interval {lower} to {upper}"
