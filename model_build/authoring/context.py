"""What the steps of one pipeline share while they are written down."""

from dataclasses import dataclass
from pathlib import Path

from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import CacheConfig

from contract.documents import Document
from model_build.assets import Assets
from model_build.authoring import images
from model_build.authoring.parameters import Parameters
from model_build.authoring.session import AuthoringSession
from model_build.bundle import Bundle, collect
from model_build.config import Config
from model_build.target import Target


@dataclass(frozen=True)
class Context:
    """`folder` is the pipeline's own, `group` the model package group, `assets` collects what will be uploaded."""

    name: str
    folder: Path
    config: Config
    target: Target
    group: str
    session: AuthoringSession
    parameters: Parameters
    assets: Assets

    @property
    def cache(self) -> CacheConfig:
        cache = self.config.cache
        return CacheConfig(enable_caching=cache.enabled, expire_after=cache.expire_after)

    def image(self, role: str) -> str:
        return images.uri(role, self.target.region)

    def output(self, step: str, name: str = "") -> Join:
        """Where an execution keeps what a step puts out. SageMaker's cache key leaves outputs out."""
        below = [step, *filter(None, [name])]
        root = f"{self.target.bucket}/{self.assets.prefix}/executions"
        return Join(on="/", values=["s3:/", root, ExecutionVariables.PIPELINE_EXECUTION_ID, *below])

    def own(self, module: str) -> list[str]:
        """`module` when the pipeline's folder brings it, else nothing."""
        return [module] if (self.folder / f"{module}.py").is_file() else []

    def code(self, *entries: str) -> Bundle:
        """The bundle of a program: its modules and the pipeline's own feature code."""
        return collect([*entries, *self.own("features")], self.folder)

    def serving(self) -> Bundle:
        """What the endpoint runs: the handler, the feature code, and how a model of one's own answers."""
        return self.code("inference.app", *self.own("predictor"))

    def settings(self, name: str, document: Document) -> str:
        return self.assets.settings(name, document)
