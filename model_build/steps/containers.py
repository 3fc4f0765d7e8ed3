"""What a model package serves with: one container of ours, or SageMaker's own between two."""

from dataclasses import dataclass

from sagemaker.core.shapes import ContainerDefinition
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TuningStep

from model_build.authoring.context import Context
from model_build.steps import threshold
from model_build.steps.train import artefact
from model_build.steps.train_builtin import IMAGE

JSON, JSON_LINES, CSV, PARQUET = "application/json", "application/jsonlines", "text/csv", "application/x-parquet"


@dataclass(frozen=True)
class Containers:
    """In the order in which a request passes them.

    responses  content types of the answers; requests may come as CSV, JSON, JSON Lines or Parquet
    """

    definitions: list[ContainerDefinition]
    responses: tuple[str, ...]


def environment(module: str) -> dict[str, str]:
    """The image's own gunicorn serves our WSGI callable out of the artefact. Without SAGEMAKER_PROGRAM, nothing is
    installed at start, so a read-only file system will do."""
    return {
        "SAGEMAKER_SERVING_MODULE": f"{module}:app",
        "PYTHONPATH": "/opt/ml/model/code",
        "SAGEMAKER_USE_NGINX": "false",
    }


def single(context: Context, trained: TrainingStep | TuningStep) -> Containers:
    """Encoding, model and decision in one."""
    container = ContainerDefinition(
        image=context.image("xgboost"),
        model_data_url=artefact(trained),
        environment=environment("inference.app"),
    )
    return Containers([container], (CSV, JSON, JSON_LINES))


def chain(context: Context, trained: TrainingStep, decided: ProcessingStep) -> Containers:
    """Records → features → anomaly scores → decisions. Each container is told what the client accepts, and the
    algorithm answers no CSV."""
    ours = {
        name: ContainerDefinition(
            container_hostname=name,
            image=context.image("xgboost"),
            model_data_url=threshold.container(decided, name),
            environment=environment(f"inference.{name}_app"),
        )
        for name in ("encoding", "deciding")
    }
    forest = ContainerDefinition(
        container_hostname="forest", image=context.image(IMAGE), model_data_url=artefact(trained)
    )
    return Containers([ours["encoding"], forest, ours["deciding"]], (JSON, JSON_LINES))
