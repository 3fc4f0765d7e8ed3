"""Threshold: the scores of the validation rows → the two containers that stand around the built-in Random Cut Forest.

Environment: SCORES (what the transform job answered to the validation rows), VALIDATION (the same rows, encoded),
PREPROCESSOR (folder that Fit wrote), FOREST (folder with the algorithm's model.tar.gz), RULE (of the threshold),
SERVING (folder of serving code), ENCODING and DECIDING (folders, each gets a model.tar.gz).
"""

import tempfile
from pathlib import Path

from contract import documents, package
from contract.decision import Decision
from contract.preprocessor import Preprocessor
from model_build.jobs import anomaly_threshold, archive, scores
from model_build.jobs.artefact import seal
from model_build.jobs.encoded import Encoded
from model_build.jobs.program import folder, program

ARCHIVE = "model.tar.gz"

#: In the first container: the hashes of the others, so that its own hash names the whole chain.
CHAIN = f"{package.CODE}/chain.json"


@program
def main() -> None:
    """Read the environment of the processing job and leave both archives. Raises InputError."""
    document = folder("PREPROCESSOR") / "preprocessor.json"
    preprocessor = Preprocessor.from_document(documents.read(document))
    validation = Encoded(folder("VALIDATION"), preprocessor.feature_names, "validation")
    labels = validation.labels()
    rule = str(folder("RULE"))
    anomaly_threshold.check(rule, labels)
    cut, words = anomaly_threshold.choose(rule, labels, scores.read(folder("SCORES"), validation))
    print(f"Threshold {cut:.6f}: {words}.", flush=True)
    decision = Decision(preprocessor.columns.task, preprocessor.classes, cut, words, scale="anomaly")
    forest = documents.sha256((folder("FOREST") / ARCHIVE).read_bytes())
    deciding = sealed(document, decision, {})
    encoding = sealed(document, decision, {"forest": forest, "deciding": documents.sha256(deciding)})
    for name, content in (("ENCODING", encoding), ("DECIDING", deciding)):
        folder(name).mkdir(parents=True, exist_ok=True)
        (folder(name) / ARCHIVE).write_bytes(content)


def sealed(preprocessor: Path, decision: Decision, chain: dict[str, str]) -> bytes:
    """The archive of a container. Raises InputError when the bundle lacks the serving code."""
    with tempfile.TemporaryDirectory() as path:
        if chain:
            documents.write(Path(path) / CHAIN, chain)
        seal(Path(path), preprocessor, decision, folder("SERVING"))
        return archive.pack(Path(path))


if __name__ == "__main__":
    main()
