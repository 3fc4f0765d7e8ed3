"""Model: a container as SageMaker's model, for steps that ask it by name."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from sagemaker.mlops.workflow.model_step import ModelStep

from model_build.authoring.context import Context
from model_build.config import Security

NAME = "Model"


def step(context: Context, container: Mapping[str, Any]) -> ModelStep:
    """`container`  Image, ModelDataUrl and perhaps Environment, as CreateModel takes them."""
    security, session = context.config.security, context.session
    # What ModelBuilder.build() would do, which first looks for code that serves in a place of its own.
    session.init_model_step_arguments(SimpleNamespace(sagemaker_session=session))
    session.create_model(
        name=context.name,
        role=context.target.role,
        container_defs=dict(container),
        enable_network_isolation=security.network_isolation,
        vpc_config=network(security),
        tags=[{"Key": key, "Value": value} for key, value in security.tags.items()] or None,
    )
    arguments, session.context = session.context, None
    return ModelStep(NAME, step_args=arguments)


def network(security: Security) -> dict[str, list[str]] | None:
    """The VPC of a model, None without one."""
    if not security.subnets:
        return None
    return {"Subnets": list(security.subnets), "SecurityGroupIds": list(security.security_groups)}
