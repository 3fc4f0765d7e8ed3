"""The analysis by SageMaker Clarify's check steps: bias of the data, bias of the decisions, explanations.

Clarify starts a shadow endpoint of the model and asks it. Its steps are open to existing customers alone.
"""

from collections.abc import Iterator
from typing import Any

from sagemaker.core.clarify import (
    BiasConfig,
    DataConfig,
    ModelConfig,
    ModelPredictedLabelConfig,
    SageMakerClarifyProcessor,
    SHAPConfig,
)
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.check_job_config import CheckJobConfig
from sagemaker.mlops.workflow.clarify_check_step import (
    ClarifyCheckConfig,
    ClarifyCheckStep,
    DataBiasCheckConfig,
    ModelBiasCheckConfig,
    ModelExplainabilityCheckConfig,
)
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import ProcessingStep

from contract import package
from model_build.authoring.context import Context
from model_build.authoring.processing import address
from model_build.config import Config, analyses
from model_build.steps import evaluate as evaluate_step
from model_build.steps import preprocess_fit
from model_build.steps.analyzed import Analyzed
from model_build.steps.containers import JSON, JSON_LINES

DATA_BIAS, MODEL_BIAS, EXPLAINABILITY = "DataBias", "ModelBias", "Explainability"
PARQUET = "application/x-parquet"

#: What each check is called where the package is registered: its document, and its baselines for drift.
REGISTERED = {
    DATA_BIAS: ("bias_pre_training", "bias_pre_training_constraints"),
    MODEL_BIAS: ("bias_post_training", "bias_post_training_constraints"),
    EXPLAINABILITY: ("explainability", "explainability_constraints"),
}


class CheckStep(ClarifyCheckStep):  # type: ignore[misc]
    """The SDK's, which writes its settings to S3 while the definition is made, two checks to one address, and puts an
    object of its own where the network's settings belong (sagemaker 3.27)."""

    def __init__(self, context: Context, name: str, check: ClarifyCheckConfig, *, isolated: bool) -> None:
        self._context, self._isolated = context, isolated
        analysis = context.config.analysis
        super().__init__(
            name,
            clarify_check_config=check,
            check_job_config=_job(context),
            skip_check=analysis.skip_check,
            fail_on_violation=analysis.fail_on_violation,
            register_new_baseline=analysis.register_new_baseline,
            model_package_group_name=context.group,
            # The key of the cache does not hold the model, which is a new one whenever anything else is.
            cache_config=context.cache if isolated else None,
        )

    @property
    def arguments(self) -> dict[str, Any]:
        security = self._context.config.security
        request: dict[str, Any] = super().arguments
        network: dict[str, Any] = {
            "EnableNetworkIsolation": security.network_isolation and self._isolated,
            "EnableInterContainerTrafficEncryption": security.encrypt_between_containers,
        }
        if security.subnets:
            groups = list(security.security_groups)
            network["VpcConfig"] = {"Subnets": list(security.subnets), "SecurityGroupIds": groups}
        return request | {"NetworkConfig": network}

    def _upload_monitoring_analysis_config(self) -> str:
        return ""  # of a monitoring schedule, which nobody has asked for

    def _generate_processing_job_parameters(
        self, analysis_config: dict[str, Any], baselining_processor: SageMakerClarifyProcessor
    ) -> dict[str, Any]:
        """The SDK's inputs and output; the settings lie below a hash of their content."""
        data, places = self.clarify_check_config.data_config, baselining_processor
        analysis_config["methods"]["report"] = {"name": "report", "title": f"{self.name} of {self._context.name}"}
        settings = self._context.settings("analysis_config.json", analysis_config)
        sink = ProcessingS3Output(
            s3_uri=data.s3_output_path, local_path=places._CLARIFY_OUTPUT, s3_upload_mode="EndOfJob"
        )
        return {
            "config_input": _input("analysis_config", settings, places._CLARIFY_CONFIG_INPUT),
            "data_input": _input("dataset", data.s3_data_input_path, places._CLARIFY_DATA_INPUT),
            "result_output": ProcessingOutput(output_name="analysis_result", s3_output=sink),
        }


def analyze(context: Context, fit: ProcessingStep, evaluate: ProcessingStep, created: ModelStep) -> Analyzed:
    """The checks that the configuration has a question for; without facets, explanations alone."""
    steps = list(_checks(context, fit, evaluate, created))
    calculated = {step.name: step.properties.CalculatedBaselineConstraints for step in steps}
    used = {step.name: step.properties.BaselineUsedForDriftCheckConstraints for step in steps}
    return Analyzed(
        steps=[created, *steps],
        folders={f"analysis/{name}": place for name, place in calculated.items()},
        documents={REGISTERED[name][0]: place for name, place in calculated.items()},
        baselines={REGISTERED[name][1]: place for name, place in used.items()},
    )


def _checks(context: Context, fit: ProcessingStep, evaluate: ProcessingStep, created: ModelStep) -> Iterator[CheckStep]:
    config = context.config
    columns, analysis = config.columns, config.analysis
    model = ModelConfig(
        model_name=created.properties.ModelName,
        instance_count=1,
        instance_type=config.instances.inference[0],
        endpoint_name_prefix=f"{context.name}-clarify",  # the role of the project's stack allows these names alone
        content_type=JSON,
        accept_type=JSON_LINES,
        content_template="$records",
        record_template="$features_kvp",
    )
    if analyses.compares(config):
        groups = Join(on="/", values=[address(fit, preprocess_fit.OUTPUT), f"{package.GROUPS}/"])
        check = DataBiasCheckConfig(_data(context, DATA_BIAS, groups, label=columns.label), bias(config))
        yield CheckStep(context, DATA_BIAS, check, isolated=True)
        compared = evaluate_step.file(evaluate, f"{package.COMPARED}/")
        besides = [name for name in dict.fromkeys([*columns.facets, *filter(None, [analysis.group_variable])])
                   if name not in columns.numeric + columns.categorical]  # fmt: skip
        rows = _data(context, MODEL_BIAS, compared, label=columns.label, excluded=besides)
        decided = ModelPredictedLabelConfig(label="decision")
        check = ModelBiasCheckConfig(rows, bias(config), model, decided)
        yield CheckStep(context, MODEL_BIAS, check, isolated=False)
    shap = SHAPConfig(agg_method="mean_abs", save_local_shap_values=True, seed=analysis.seed)
    explained = _data(context, EXPLAINABILITY, evaluate_step.file(evaluate, f"{package.EXPLAINED}/"))
    score = "score" if columns.task != "regression" else "decision"
    yield CheckStep(
        context, EXPLAINABILITY, ModelExplainabilityCheckConfig(explained, model, shap, score), isolated=False
    )


def bias(config: Config) -> BiasConfig:
    """Groups and favourable values as Clarify is told them."""
    columns, analysis = config.columns, config.analysis
    good: list[Any] = list(analysis.favourable) or [columns.positive]
    if analysis.favourable_above is not None:
        good = [analysis.favourable_above]
    chosen = {name: [above] for name, above in analysis.facet_thresholds.items()} | {
        name: [float(value) if name in columns.numeric else value for value in values]
        for name, values in analysis.facet_values.items()
    }
    return BiasConfig(
        label_values_or_threshold=good,
        facet_name=list(columns.facets),
        facet_values_or_threshold=[chosen.get(name) for name in columns.facets] if chosen else None,
        group_name=analysis.group_variable,
    )


def _data(
    context: Context, name: str, place: Any, label: str | None = None, excluded: list[str] | None = None
) -> DataConfig:
    return DataConfig(
        s3_data_input_path=place,
        s3_output_path=context.output(name),
        # Asked for where the output is known late; the settings go elsewhere, see CheckStep.
        s3_analysis_config_output_path=f"s3://{context.target.bucket}/{context.assets.prefix}",
        label=label,
        dataset_type=PARQUET,
        excluded_columns=excluded or None,
    )


def _job(context: Context) -> CheckJobConfig:
    config = context.config
    return CheckJobConfig(
        role=context.target.role,
        instance_count=1,
        instance_type=context.parameters.processing_instance_type,
        volume_size_in_gb=config.instances.volume_gb,
        volume_kms_key=config.security.kms_key,
        output_kms_key=config.security.kms_key,
        max_runtime_in_seconds=config.instances.max_runtime_seconds,
        sagemaker_session=context.session,
        tags=[{"Key": key, "Value": value} for key, value in config.security.tags.items()] or None,
    )


def _input(name: str, place: Any, path: str) -> ProcessingInput:
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(s3_uri=place, local_path=path, s3_data_type="S3Prefix", s3_input_mode="File"),
    )
