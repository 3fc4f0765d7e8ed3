"""Model and Score: the built-in model as a transform job answers the validation and the test rows."""

from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TransformStep

from model_build.authoring.context import Context
from model_build.authoring.processing import address
from model_build.steps import model as created
from model_build.steps.train import artefact
from model_build.steps.train_builtin import IMAGE

NAME = "Score"

#: Megabytes of a request.
PAYLOAD = 6


def model(context: Context, train: TrainingStep) -> ModelStep:
    """The algorithm's container alone."""
    return created.step(context, {"Image": context.image(IMAGE), "ModelDataUrl": artefact(train)})


def step(context: Context, encode: ProcessingStep, asked: ModelStep) -> TransformStep:
    """The model's name is new each time, so the cache of AWS never answers for this step."""
    security = context.config.security
    transformer = Transformer(
        model_name=asked.properties.ModelName,
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
