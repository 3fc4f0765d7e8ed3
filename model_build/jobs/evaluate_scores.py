"""Evaluate, where the model is SageMaker's own: the scores that it gave the test rows, and the sealed decision.

Environment: as `evaluate`, and SCORES (what the transform job answered to the test rows). MODEL is the folder of the
first container's model.tar.gz, whose hash names the whole chain.
"""

import tempfile
from pathlib import Path

from analysis import metrics
from contract import documents
from contract.package import Golden
from inference.chain import load_encoding
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
    labels, found = test.labels(), scores.read(folder("SCORES"), test)
    places, records = golden.chosen(folder("TEST_RAW"), labels, model.preprocessor, settings.golden, settings.seed)
    decided = zip(records, found[places].tolist(), model.decide(found[places]), strict=True)
    golden.write(output, [Golden(*one) for one in decided])
    artefact = documents.sha256(archive.read_bytes())
    rows = metrics.sample(labels, found, model.decision)
    evaluation = evaluate(model, rows, test.rows, settings, artefact, output)
    for name, value in metrics.flat(evaluation).items():
        print(f"test-{name}: {value:.5f}")


if __name__ == "__main__":
    main()
