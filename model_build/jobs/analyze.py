"""Analyze: what moved the scores of the test rows, and how the decisions treat groups, in Clarify's schema.

Environment: MODEL (folder with model.tar.gz), TEST (encoded rows), TEST_RAW (the same rows, raw), SETTINGS (path of
analyze.json, see `Settings`), GROUPS (label and facets of the training rows; not set without facets), BASELINE (folder
with an earlier analysis.json, or without one), OUTPUT. Leaves analysis.json, explanations_shap/out.csv, page.json and,
with a baseline, constraint_violations.json.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis import analyze as analysis
from analysis import baseline as drift
from analysis.analyze import Analysis, Learned, Rows
from analysis.explanations.ensemble import Floats, Matrix
from analysis.explanations.explain import Explainer, baseline
from contract import documents, package
from contract.columns import Columns
from contract.documents import Document
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from inference.model import Model, load
from model_build.jobs import raw_columns
from model_build.jobs.artefact import unpack
from model_build.jobs.compared import facet_of, of_groups, parted
from model_build.jobs.encoded import Encoded
from model_build.jobs.program import folder, program
from model_build.jobs.raw_columns import Column


@dataclass(frozen=True)
class Settings:
    """`analyze.json`; members that have no comment are those of `analysis.analyze.Settings`.

    facet_thresholds  numeric facet → the value above which a row is in its group
    facet_values      facet → the groups to look at; without, every one
    """

    favourable: tuple[str, ...] = ()
    favourable_above: float | None = None
    facet_thresholds: Mapping[str, float] | None = None
    facet_values: Mapping[str, list[str]] | None = None
    group_variable: str | None = None
    explain: int = 500
    partial_dependence: tuple[str, ...] = ()
    seed: int = 42

    @classmethod
    def from_document(cls, document: Document) -> "Settings":
        """Raises InputError on unknown keys."""
        members = {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
        return documents.into(cls, members, "The settings of Analyze")

    def compares(self, columns: Columns) -> bool:
        """Whether it is known which decision is the good one; in a binary task it is class 1 unless said otherwise."""
        return columns.task == "binary" or bool(self.favourable) or self.favourable_above is not None

    def resolved(
        self, columns: Columns, raw: Mapping[str, Column], cuts: Mapping[str, float | None]
    ) -> analysis.Settings:
        """What the analysis is asked for, now that the columns and the values of facets in `raw` are known; `cuts` are
        those of `facet_of`."""
        facets = columns.facets if self.compares(columns) else ()
        thresholds, values = self.facet_thresholds or {}, self.facet_values or {}
        return analysis.Settings(
            facets=tuple(facet_of(name, raw[name], thresholds, values, cuts) for name in facets),
            favourable=self.favourable,
            favourable_above=self.favourable_above,
            group_variable=self.group_variable,
            explain=self.explain,
            partial_dependence=self.partial_dependence,
            seed=self.seed,
        )


@program
def main() -> None:
    """Read the environment of the processing job and leave the documents in OUTPUT. Raises InputError."""
    settings = Settings.from_document(documents.read(folder("SETTINGS")))
    earlier = approved(Path(os.environ.get("BASELINE", "")))
    with tempfile.TemporaryDirectory() as unpacked:
        unpack(folder("MODEL") / "model.tar.gz", Path(unpacked))
        model = load(Path(unpacked), threads=os.cpu_count() or 1)
        found = analyze(model, trees_of(Path(unpacked)), settings, drift.cuts(earlier or {}))
    write(found, folder("OUTPUT"))
    if earlier is not None:
        hold(found.document, earlier, folder("OUTPUT"))
    for group in found.page["bias"]:
        print(group["sentence"])
    for warning in found.page["warnings"]:
        print(f"Warning: {warning}")
    print(f"{found.page['explained']} rows explained: {found.page['method']}.")


def approved(baseline_folder: Path) -> Document | None:
    """The earlier analysis, None without one. Raises InputError when it cannot be held against."""
    path = baseline_folder / package.ANALYSIS
    return drift.checked(documents.read(path)) if path.is_file() else None


def analyze(model: Model, trees: bytes | None, settings: Settings, cuts: Mapping[str, float | None]) -> Analysis:
    """The analysis of `model` on the test rows; `trees` is XGBoost's JSON, `cuts` of `facet_of`.

    Raises InputError.
    """
    columns = model.preprocessor.columns
    test = Encoded(folder("TEST"), model.preprocessor.feature_names, "test")
    matrix = np.concatenate([batch for batch, _ in test.batches()])
    wanted = {*columns.raw_features, *columns.facets, *filter(None, [settings.group_variable])}
    raw = raw_columns.read(folder("TEST_RAW"), parted(columns, settings.facet_thresholds or {}), sorted(wanted))
    if any(len(column) != test.rows for column in raw.values()):
        raise InputError(f"The raw test rows are not the {test.rows} encoded ones: run Encode again.")
    known = learned(model, settings)
    rows = Rows(raw, matrix, columns.label, test.labels(), known)
    resolved = settings.resolved(columns, (known or rows).raw, cuts)
    return analysis.analyze(rows, explainer(model, trees, raw, settings.seed), model.decision, resolved)


def learned(model: Model, settings: Settings) -> Learned | None:
    """Facets and labels of the training rows, when Fit has left them and they are asked for."""
    columns, classes = model.preprocessor.columns, model.decision.classes
    if not os.environ.get("GROUPS") or not settings.compares(columns):
        return None
    names = {columns.label, *columns.facets, *filter(None, [settings.group_variable])}
    left = of_groups(parted(columns, settings.facet_thresholds or {}), names)
    raw = dict(raw_columns.read(folder("GROUPS"), left, sorted(names)))
    texts = raw.pop(columns.label)
    if columns.task == "regression":
        return Learned(raw, texts.astype(np.float64))
    codes = {name: index for index, name in enumerate(classes)}
    return Learned(raw, np.array([codes[text] for text in texts], dtype=np.int64))


def explainer(model: Model, trees: bytes | None, raw: Mapping[str, Column], seed: int) -> Explainer:
    """The model with the baseline row of the columns in `raw`."""
    columns = model.preprocessor.columns
    record = baseline({name: raw[name] for name in columns.numeric}, {name: raw[name] for name in columns.categorical})

    def predict(matrix: Matrix) -> Floats:
        # float64, as decisions compare: the threshold may lie between two float32 values.
        return np.asarray(model.predict(matrix), dtype=np.float64)

    start = model.encoder.encode(record)[None]
    return Explainer(
        predict, dict(features_of(model.preprocessor)), start, trees, seed=seed, threads=os.cpu_count() or 1
    )


def features_of(preprocessor: Preprocessor) -> Iterator[tuple[str, range]]:
    """Column and the places of its features in the matrix."""
    position = 0
    for feature in preprocessor.features:
        yield feature.column, range(position, position + len(feature.names))
        position += len(feature.names)


def trees_of(artefact: Path) -> bytes | None:
    """The model as XGBoost's JSON, None when it is another's."""
    if (artefact / package.CODE / "predictor.py").is_file() or not (artefact / package.MODEL).is_file():
        return None
    import xgboost

    booster = xgboost.Booster(model_file=bytearray((artefact / package.MODEL).read_bytes()))
    return bytes(booster.save_raw("json"))


def hold(document: Document, earlier: Document, output: Path) -> None:
    """Leave what violates the earlier analysis in the folder, in Model Monitor's schema.

    Only sections that both have are compared, and explanations of the same columns.
    """
    earlier = {name: section for name, section in earlier.items() if name in document}
    found = drift.bias_violations(document, earlier)["violations"]
    try:
        found += drift.explanation_violations(document, earlier)["violations"]
    except InputError as error:
        print(f"Explanations are not compared: {error}")
    documents.write(output / package.VIOLATIONS, {"version": 0, "violations": found})
    for each in found:
        print(f"Violation: {drift.in_words(each)}.")


def write(found: Analysis, output: Path) -> None:
    """The documents of the analysis."""
    documents.write(output / package.ANALYSIS, found.document)
    documents.write(output / package.PAGE, found.page)
    local = output / package.EXPLANATIONS
    local.parent.mkdir(parents=True, exist_ok=True)
    local.write_text(found.explanations, encoding="utf-8")


if __name__ == "__main__":
    main()
