"""Evaluate, where the model is SageMaker's own: the scores that it gave the test rows, and the sealed decision.

Environment: as `evaluate`, and SCORES (what the transform job answered to the test rows). MODEL is the folder of the
first container's model.tar.gz, whose hash names the whole chain.
"""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis import metrics
from contract import documents, package
from contract.errors import InputError
from contract.package import Golden
from inference.chain import load_encoding
from inference.model import Model
from model_build.jobs import golden, scores
from model_build.jobs.artefact import unpack
from model_build.jobs.encoded import Encoded
from model_build.jobs.evaluate import Settings, evaluate
from model_build.jobs.program import folder, program


@program
def main() -> None:
    """Read the environment of the processing job and leave the reports in OUTPUT. Raises InputError."""
    settings = Settings.from_document(documents.read(folder("SETTINGS")))
    archive, output = folder("MODEL") / "model.tar.gz", folder("OUTPUT")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as unpacked:
        unpack(archive, Path(unpacked))
        model = load_encoding(Path(unpacked))
    test = Encoded(folder("TEST"), model.preprocessor.feature_names, "test")
    found = scores.read(folder("SCORES"), test)
    write_golden(model, test.labels(), found, settings, output)
    artefact = documents.sha256(archive.read_bytes())
    rows = metrics.sample(test.labels(), found, model.decision)
    evaluation = evaluate(model, rows, test.rows, settings, artefact, output)
    for name, value in metrics.flat(evaluation).items():
        print(f"test-{name}: {value:.5f}")


def write_golden(
    model: Model, labels: NDArray[np.float32], found: NDArray[np.float64], settings: Settings, output: Path
) -> None:
    """golden.jsonl and payload.tar.gz: raw test rows, with the scores of the transform job. Raises InputError."""
    raw = golden.read(folder("TEST_RAW"), model.preprocessor.columns.raw_features)
    if raw.rows != len(labels):
        raise InputError(f"{raw.rows} raw test rows stand against {len(labels)} encoded ones: run Encode again.")
    indices = golden.choose(raw, labels, model.preprocessor, settings.golden, settings.seed)
    decided = model.decide(found[indices])
    chosen = [
        Golden(record, score, decision)
        for record, score, decision in zip(raw.at(indices), found[indices].tolist(), decided, strict=True)
    ]
    golden.write(output / package.GOLDEN, chosen)
    golden.write_payload(output / package.PAYLOAD, chosen)


if __name__ == "__main__":
    main()
