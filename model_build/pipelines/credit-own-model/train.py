"""A model of one's own: logistic regression. The same channels in as the template's Train, the same artefact out.

What is served beside the usual parts: `coefficients.json`, which `predictor.py` reads. No pickle: it would tie the
artefact to the version of scikit-learn that wrote it.
"""

import argparse
from pathlib import Path

import numpy as np
import predictor  # type: ignore[import-not-found]  # beside this file, in the bundle as here
from sklearn.linear_model import LogisticRegression

from analysis import threshold
from contract import documents, package
from contract.decision import Decision
from contract.preprocessor import Preprocessor
from model_build.jobs.artefact import seal
from model_build.jobs.program import TRAINING, folder, program
from model_build.jobs.train import check_labels, load_split


def train() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threshold_rule", default="f1")
    parser.add_argument("--regularisation", type=float, default=1.0)
    given, _ = parser.parse_known_args()  # the others are the platform's

    document = folder("SM_CHANNEL_PREPROCESSOR") / "preprocessor.json"
    preprocessor = Preprocessor.from_document(documents.read(document))
    training, validation = load_split("train", preprocessor), load_split("validation", preprocessor)
    check_labels(training.labels(), preprocessor.columns.task, preprocessor.classes)
    features = np.concatenate([matrix for matrix, _ in training.batches()])
    fitted = LogisticRegression(C=1 / given.regularisation, max_iter=1000).fit(features, training.labels())

    model_dir = folder("SM_MODEL_DIR", "/opt/ml/model")
    coefficients = {"weights": fitted.coef_[0].tolist(), "intercept": float(fitted.intercept_[0])}
    documents.write(model_dir / package.CODE / predictor.FILE, coefficients)
    scores = validation.predict(predictor.load(model_dir))
    cut, words = threshold.choose(given.threshold_rule, validation.labels(), scores)
    print(f"Threshold {cut:.6f}: {words}.", flush=True)  # noqa: T201 (the job's log)
    decision = Decision(preprocessor.columns.task, preprocessor.classes, cut, words)
    seal(model_dir, document, decision, Path(__file__).resolve().parent / "serving")


main = program(train, TRAINING)

if __name__ == "__main__":
    main()
