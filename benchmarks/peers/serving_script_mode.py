"""Script mode of the XGBoost image: its framework's Worker and Transformer around the four functions of a script.

As `sagemaker_xgboost_container.serving.main` puts them together; the image patches the same name in for its Python.
"""

import collections
import collections.abc
import os

collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]

import joblib  # noqa: E402
from sagemaker_containers.beta.framework import transformer, worker  # noqa: E402
from serving_pipeline import read  # noqa: E402


def model_fn(_model_dir):  # type: ignore[no-untyped-def]
    return joblib.load(os.environ["PEER_MODEL"] + "/pipeline.joblib")


def input_fn(body, _content_type):  # type: ignore[no-untyped-def]
    return read(body)


def predict_fn(rows, model):  # type: ignore[no-untyped-def]
    return model.predict_proba(rows)[:, 1]


def output_fn(scores, accept):  # type: ignore[no-untyped-def]
    text = "".join(f"{score >= 0.5},{score}\n" for score in scores)
    return worker.Response(text, mimetype=accept)


transforming = transformer.Transformer(model_fn, input_fn, predict_fn, output_fn)
transforming.initialize()
app = worker.Worker(transform_fn=transforming.transform, module_name="script")
