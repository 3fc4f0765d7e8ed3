"""Model and Score: the built-in model as a transform job answers the validation and the test rows."""

from types import SimpleNamespace

from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TransformStep

from model_build.authoring.context import Context
from model_build.authoring.processing import address
from model_build.config import Security
from model_build.steps.train import artefact
from model_build.steps.train_builtin import IMAGE

MODEL, NAME = "Model", "Score"

#: Megabytes of a request.
PAYLOAD = 6


def model(context: Context, train: TrainingStep) -> ModelStep:
    """The algorithm's container alone."""
    security, session = context.config.security, context.session
    # What ModelBuilder.build() would do, which first looks for the code that serves: here there is none of ours.
    session.init_model_step_arguments(SimpleNamespace(sagemaker_session=session))
    session.create_model(
        name=context.name,
        role=context.target.role,
        container_defs={"Image": context.image(IMAGE), "ModelDataUrl": artefact(train)},
        enable_network_isolation=security.network_isolation,
        vpc_config=network(security),
        tags=[{"Key": key, "Value": value} for key, value in security.tags.items()] or None,
    )
    arguments, session.context = session.context, None
    return ModelStep(MODEL, step_args=arguments)


def network(security: Security) -> dict[str, list[str]] | None:
    """The VPC of a model, None without one."""
    if not security.subnets:
        return None
    return {"Subnets": list(security.subnets), "SecurityGroupIds": list(security.security_groups)}


def step(context: Context, encode: ProcessingStep, created: ModelStep) -> TransformStep:
    """The model's name is new each time, so the cache of AWS never answers for this step."""
    security = context.config.security
    transformer = Transformer(
        model_name=created.properties.ModelName,
        instance_count=1,
        instance_type=context.config.instances.inference[0],
        strategy="MultiRecord",
        assemble_with="Line",
        output_path=context.output(NAME),
        output_kms_key=security.kms_key,
        volume_kms_key=security.kms_key,
        accept="application/jsonlines",
        max_concurrent_transforms=1,
        max_payload=PAYLOAD,
        tags=[{"Key": key, "Value": value} for key, value in security.tags.items()] or None,
        sagemaker_session=context.session,
    )
    arguments = transformer.transform(data=address(encode, "scored"), content_type="text/csv", split_type="Line")
    return TransformStep(NAME, step_args=arguments, cache_config=context.cache)


def scores(scored: TransformStep, side: str) -> Join:
    """The address of the answers to the rows of a side: validation or test."""
    return Join(on="/", values=[scored.properties.TransformOutput.S3OutputPath, f"{side}/"])
