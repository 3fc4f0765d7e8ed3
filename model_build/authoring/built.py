"""A pipeline and what its definition points to."""

from typing import Any

from sagemaker.mlops.workflow.pipeline import Pipeline

from model_build.authoring.context import Context


class BuildPipeline(Pipeline):  # type: ignore[misc]
    """The SDK's pipeline together with the code and settings that its steps need in S3."""

    def __init__(self, context: Context, steps: list[Any]) -> None:
        super().__init__(
            name=context.name, parameters=context.parameters.all(), steps=steps, sagemaker_session=context.session
        )
        self.context = context

    def upsert(self, *arguments: Any, **options: Any) -> Any:
        """Upload what is missing in S3, then create or update the pipeline."""
        s3 = self.sagemaker_session.boto_session.client("s3")
        self.context.assets.upload(s3, self.context.config.security.kms_key)
        return super().upsert(*arguments, **options)
