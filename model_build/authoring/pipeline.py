"""A pipeline and what its definition points to."""

from collections.abc import Mapping
from typing import Any

import boto3
from sagemaker.mlops.workflow.pipeline import Pipeline

from model_build.authoring import retries
from model_build.authoring.context import Context
from model_build.authoring.session import connected
from model_build.built import Built
from model_build.executions import prepare, start_parameters


class BuildPipeline(Pipeline):  # type: ignore[misc]
    """The SDK's pipeline, which also uploads what its steps need and knows how an execution must be started."""

    def __init__(self, context: Context, steps: list[Any]) -> None:
        retries.add(steps)
        super().__init__(
            name=context.name, parameters=context.parameters.all(), steps=steps, sagemaker_session=context.session
        )
        self.context = context

    def built(self) -> Built:
        """The definition and all that starting it needs, free of the SDK."""
        context, config = self.context, self.context.config
        return Built(
            name=context.name,
            folder=context.folder,
            text=self.definition(),
            description=config.pipeline.description,
            group=context.group,
            target=context.target,
            assets=context.assets,
            input_data=config.pipeline.input_data,
            kms_key=config.security.kms_key,
            tags=config.security.tags,
            source=config.pipeline.model_dump(exclude={"description", "input_data", "query_data"}, exclude_none=True),
        )

    def upsert(self, *arguments: Any, **options: Any) -> Any:
        """Upload what is missing in S3, then create or update the pipeline."""
        prepare(self.built(), self._connect())
        return super().upsert(*arguments, **options)

    def start(self, parameters: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Start an execution on the data of InputDataUrl, with its fingerprint and what the registry holds."""
        data = dict(parameters or {}).get("InputDataUrl")
        derived = start_parameters(self.built(), self._connect(), data)
        return super().start(parameters={**derived, **(parameters or {})}, **options)

    def _connect(self) -> boto3.Session:
        """From here on the pipeline's calls go to AWS, with the user's credentials."""
        self.sagemaker_session = connected(self.context.target)
        boto_session: boto3.Session = self.sagemaker_session.boto_session
        return boto_session
