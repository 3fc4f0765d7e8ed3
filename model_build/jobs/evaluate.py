"""Evaluate: judge the sealed artefact on the test split, with the code that will serve it.

Environment: MODEL (folder with model.tar.gz), TEST (encoded rows), TEST_RAW (the same rows, raw), SETTINGS (path of
evaluate.json: {"bootstrap": 200, "golden": 100, "seed": 42, "champion": {…}}), OUTPUT. With a rule for a champion
also CHAMPION and CHAMPION_VERSION, see `model_build.jobs.champion`.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import metrics, plots
from contract import documents, package
from contract.columns import Columns
from contract.documents import Document
from inference.model import Model, load
from model_build.jobs import champion, golden, raw_columns
from model_build.jobs.artefact import unpack
from model_build.jobs.encoded import Encoded
from model_build.jobs.program import folder, program


@dataclass(frozen=True)
class Settings:
    """`evaluate.json`. `champion` is a rule of `analysis.champion`; empty: no comparison. `explain` test rows are left
    for an analysis that explains all that it is given, and the others with the column `grouped` for its comparisons."""

    bootstrap: int = 200
    golden: int = 100
    seed: int = 42
    champion: Document = field(default_factory=dict)
    explain: int = 0
    grouped: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: Document) -> "Settings":
        """Raises InputError on unknown or missing keys."""
        return documents.into(cls, document, "The settings of Evaluate")


@program
def main() -> None:
    """Read the environment of the processing job and leave the reports in OUTPUT. Raises InputError."""
    settings = Settings.from_document(documents.read(folder("SETTINGS")))
    archive = folder("MODEL") / "model.tar.gz"
    output = folder("OUTPUT")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as unpacked, champion.asked(settings.champion) as reference:
        unpack(archive, Path(unpacked))
        model = load(Path(unpacked), threads=os.cpu_count() or 1)
        test = Encoded(folder("TEST"), model.preprocessor.feature_names, "test")
        labels, scores = test.labels(), test.predict(model.predict)
        places, records = golden.chosen(folder("TEST_RAW"), labels, model.preprocessor, settings.golden, settings.seed)
        decided = golden.decide(model, records)
        golden.check(decided, scores[places])
        golden.write(output, decided)
        if settings.explain:
            write_rows(model.preprocessor.columns, settings, output)
        rows = metrics.sample(labels, scores, model.decision)
        evaluation = evaluate(model, rows, len(labels), settings, documents.sha256(archive.read_bytes()), output)
        if reference:
            compared = reference.judge(model, labels, scores, settings.bootstrap, settings.seed)
            documents.write(output / package.CHAMPION, compared.to_document())
            print(f"{compared.finding.clause}.")
    for name, value in metrics.flat(evaluation).items():
        print(f"test-{name}: {value:.5f}")


def write_rows(columns: Columns, settings: Settings, output: Path) -> None:
    """For an analysis that reads files: all test rows with what it compares them by, and some to explain."""
    names = [columns.label, *dict.fromkeys([*columns.raw_features, *columns.facets, *settings.grouped])]
    raw = raw_columns.read(folder("TEST_RAW"), columns, names)
    rows = len(raw[columns.label])
    chosen = np.random.default_rng(settings.seed).choice(rows, min(settings.explain, rows), replace=False)
    explained = {name: raw[name][np.sort(chosen)] for name in columns.raw_features}
    for place, table in ((package.COMPARED, raw), (package.EXPLAINED, explained)):
        (output / place).mkdir(parents=True, exist_ok=True)
        pq.write_table(
            pa.table({name: pa.array(table[name], from_pandas=True) for name in table}), output / place / "rows.parquet"
        )


def evaluate(
    model: Model, rows: metrics.Sample, count: int, settings: Settings, artefact: str, output: Path
) -> Document:
    """evaluation.json and the plots; the former's document, which also says what was evaluated. Raises InputError."""
    evaluation = metrics.evaluate(rows, count, settings.bootstrap, settings.seed)
    pictures = plots.draw(rows, evaluation)
    for name, picture in pictures.items():
        (output / f"{name}.png").write_bytes(picture)
    subject = {"artefact": artefact, "decision": model.decision.to_document()}
    document = evaluation | {"model": subject, "plots": list(pictures)}
    documents.write(output / package.EVALUATION, document)
    return document


if __name__ == "__main__":
    main()
