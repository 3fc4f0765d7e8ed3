"""Metrics and parameters of an execution to MLflow, when the configuration names a server.

Jobs log nothing: their images have no mlflow, and they have no network. What cannot be logged is a sentence, and the
model is built all the same.
"""

import logging
import os
import time
from importlib.util import find_spec
from typing import Any

from contract.documents import Document
from contract.errors import InputError
from model_build.config import Config

#: A server that does not answer is given up after two attempts of a few seconds, and standard output, which may be one
#: JSON document, stays ours; the user's own settings win.
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

#: The longest value of a parameter that every server takes.
LONGEST = 500


def log(config: Config, name: str, report: Document) -> str | None:
    """Log a finished execution as a run of MLflow; its address, None when no server is configured.

    name    of the pipeline, and of the experiment when the configuration names none
    report  what `mlops run --json` prints
    Raises InputError with the reason when it could not be logged.
    """
    uri = config.mlflow.tracking_uri
    if uri is None or not report.get("Metrics"):
        return None
    if find_spec("mlflow") is None:
        raise InputError("Not logged to MLflow: the package mlflow is not installed; the extra `tracking` brings it.")
    for variable, value in SETTINGS.items():
        os.environ.setdefault(variable, value)
    from mlflow import MlflowClient  # takes seconds to import
    from mlflow.entities import Metric, Param
    from mlflow.exceptions import MlflowException

    # SageMaker's plugin of mlflow takes every address for an ARN, and says at each request that it is none.
    logging.getLogger("mlflow.tracking.request_header.registry").setLevel(logging.ERROR)
    now = int(time.time() * 1000)
    metrics = [Metric(key, value, now, 0) for key, value in report["Metrics"].items()]
    chosen = [Param(key, value) for key, value in parameters(config).items()]

    try:
        client = MlflowClient(uri)
        run, place = _begin(client, config.mlflow.experiment or name, report)
        client.log_batch(run, metrics, chosen)
        succeeded = report["PipelineExecutionStatus"] == "Succeeded"
        client.set_terminated(run, "FINISHED" if succeeded else "FAILED")
    except (MlflowException, OSError) as error:
        said = str(error).splitlines()[0][:300]
        if "failed with exception" in said:  # of requests, with all its wrapping
            said = "the server does not answer."
        raise InputError(f"Not logged to MLflow at {uri}: {said}") from None
    return f"{uri}/#/{place}"


def _begin(client: Any, experiment: str, report: Document) -> tuple[str, str]:
    """A run of the experiment, which is made when it is not there: its id, and where the server shows it."""
    known = client.get_experiment_by_name(experiment)
    identity = known.experiment_id if known else client.create_experiment(experiment)
    execution = report["PipelineExecutionArn"].rpartition("/")[2]
    run = str(client.create_run(identity, run_name=execution, tags=tags(report)).info.run_id)
    return run, f"experiments/{identity}/runs/{run}"


def tags(report: Document) -> dict[str, str]:
    """What names the execution and the model package that it registered or already found."""
    return {name: report[name] for name in ("PipelineExecutionArn", "ModelPackageArn") if name in report}


def parameters(config: Config) -> dict[str, str]:
    """What the configuration says about the training, as texts: `train.hyperparameters.max_depth`."""
    found = {
        f"{section}.{key}": value
        for section in ("preprocess", "split", "train")
        for key, value in getattr(config, section).model_dump().items()
    }
    chosen = found.pop("train.hyperparameters")
    found |= {f"train.hyperparameters.{key}": value for key, value in chosen.items()}
    return {key: str(value)[:LONGEST] for key, value in found.items()}
