"""Register: the model package, from which deployment learns all that it needs."""

from collections.abc import Mapping
from typing import Any

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.resources import Model
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import ProcessingStep
from sagemaker.serve.model_builder import ModelBuilder

from contract import package
from model_build.authoring.context import Context
from model_build.authoring.processing import address
from model_build.config.limits import METRICS
from model_build.steps import preprocess_fit
from model_build.steps.analyzed import Analyzed
from model_build.steps.containers import CSV, JSON, JSON_LINES, PARQUET, Containers
from model_build.steps.evaluate import file
from model_build.steps.verdict import card_content, gate, verdict

NAME = "Register"
TASKS = {"binary": "CLASSIFICATION", "multiclass": "CLASSIFICATION", "regression": "REGRESSION"}


def step(
    context: Context,
    containers: Containers,
    fit: ProcessingStep,
    evaluate: ProcessingStep,
    analyzed: Analyzed,
) -> ModelStep:
    # A list of containers: for a single one ModelBuilder would add an empty SAGEMAKER_PROGRAM, and the image would
    # serve in algorithm mode. The name does not reach the definition.
    model = Model(model_name=context.name, containers=containers.definitions)
    builder = ModelBuilder(model=[model], role_arn=context.target.role, sagemaker_session=context.session)
    instances = list(context.config.instances.inference)
    arguments = builder.register(
        model_package_group_name=context.group,
        content_types=[CSV, JSON, JSON_LINES, PARQUET],
        response_types=list(containers.responses),
        inference_instances=instances,
        transform_instances=instances,
        approval_status=context.parameters.model_approval_status,
        model_metrics=ModelMetrics(**_quality(fit, evaluate), **_documents(analyzed.documents)),
        drift_check_baselines=DriftCheckBaselines(**_quality(fit, evaluate), **_documents(analyzed.baselines)),
        customer_metadata_properties=_metadata(context, evaluate),
        sample_payload_url=file(evaluate, package.PAYLOAD),
        domain="MACHINE_LEARNING",
        task=TASKS[context.config.columns.task],
        skip_model_validation="None",
    )
    # register() takes the two members as pydantic texts only, and the content is known when Verdict has run.
    card = {"ModelCardContent": card_content(), "ModelCardStatus": "PendingReview"}
    arguments.create_model_package_request |= {"ModelPackageDescription": verdict("reason"), "ModelCard": card}
    if key := context.config.security.kms_key:
        arguments.create_model_package_request["SecurityConfig"] = {"KmsKeyId": key}  # register() has no argument
    return ModelStep(NAME, step_args=arguments)


def _quality(fit: ProcessingStep, evaluate: ProcessingStep) -> dict[str, MetricsSource]:
    """The model's figures, and the data that it was trained on."""
    data = address(fit, preprocess_fit.OUTPUT)
    return {
        "model_statistics": _source(file(evaluate, package.EVALUATION)),
        "model_data_statistics": _source(Join(on="/", values=[data, package.STATISTICS])),
        "model_data_constraints": _source(Join(on="/", values=[data, package.CONSTRAINTS])),
    }


def _documents(addresses: Mapping[str, Any]) -> dict[str, MetricsSource]:
    return {name: _source(address) for name, address in addresses.items()}


def _source(place: Any) -> MetricsSource:
    return MetricsSource(content_type="application/json", s3_uri=place)


def _metadata(context: Context, evaluate: ProcessingStep) -> dict[str, Any]:
    metric = gate(context.config)["metric"]
    shown = dict.fromkeys([metric, METRICS[context.config.columns.task][0]])
    return {
        package.DATA_HASH: context.parameters.input_data_fingerprint,
        package.CODE_HASH: context.assets.code_hash,
        package.ARTEFACT_HASH: verdict("artefact"),
        package.GOLDEN_URL: file(evaluate, package.GOLDEN),
        # Joined, since the metadata takes texts and the document holds numbers.
        **{package.METRIC_PREFIX + name: Join(on="", values=[verdict(f"metrics.{name}")]) for name in shown},
    }
