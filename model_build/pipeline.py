"""The pipeline that a `config.toml` describes. A folder whose steps depart brings a `pipeline.py` of its own."""

from pathlib import Path

from model_build import catalogue, config
from model_build.assets import Assets
from model_build.authoring import session
from model_build.authoring.context import Context
from model_build.authoring.parameters import Parameters
from model_build.authoring.pipeline import BuildPipeline
from model_build.engines import ENGINES
from model_build.steps import gate, preprocess_encode, preprocess_fit, register, verdict
from model_build.target import Target, resolve


def get_pipeline(
    region: str | None = None,
    role: str | None = None,
    default_bucket: str | None = None,
    model_package_group_name: str | None = None,
    pipeline_name: str = "credit",
    base_job_prefix: str | None = None,
    *,
    folder: Path | None = None,
    target: Target | None = None,
) -> BuildPipeline:
    """Preprocess → Train → Evaluate → Verdict → Gate → Register or Fail, with the arguments that AWS's templates have.

    folder   the pipeline's; by default the one called `pipeline_name` among the project's pipelines
    target   account, region, bucket and role in one; it takes the place of the first three arguments
    Raises InputError on a configuration that cannot work. No network.
    """
    target = target or resolve(region=region, bucket=default_bucket, role=role)
    context = describe(pipeline_name, target, folder, model_package_group_name, base_job_prefix)
    fit = preprocess_fit.step(context)
    encode = preprocess_encode.step(context, fit)
    model = ENGINES[context.config.train.engine](context, fit, encode)
    judged = verdict.step(context, fit, model.trained, model.evaluated, model.analyzed)
    # After all others, whose code it names.
    registered = register.step(context, model.containers, fit, model.evaluated, model.analyzed)
    steps = [fit, encode, *model.steps, judged, gate.gate(context, registered), gate.reject()]
    return BuildPipeline(context, steps)


def describe(
    name: str, target: Target, folder: Path | None = None, group: str | None = None, prefix: str | None = None
) -> Context:
    """What the steps share, out of the configuration in the pipeline's folder."""
    folder = folder or catalogue.folder(name)
    prefix = prefix or name
    loaded = config.load(folder)
    data = loaded.pipeline.input_data or f"s3://{target.bucket}/{prefix}/data/"
    assets = Assets(target.bucket, prefix)
    return Context(
        name=name,
        folder=folder,
        config=loaded,
        target=target,
        group=group or name,
        session=session.offline(target),
        parameters=Parameters.of(loaded.instances, data, no_champion=assets.settings("no-champion.json", {})),
        assets=assets,
    )
