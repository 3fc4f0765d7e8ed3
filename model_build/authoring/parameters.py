"""The parameters of every pipeline: what may differ from execution to execution without a new definition."""

from dataclasses import dataclass

from sagemaker.core.workflow.parameters import Parameter, ParameterInteger, ParameterString

from model_build.built import NONE
from model_build.config import Instances


@dataclass(frozen=True)
class Parameters:
    """`registered_*` are the hashes of the newest package: who starts an execution looks them up, so that a rerun
    that would register the same model again ends without doing so. `champion_*` are address and number of the newest
    approved version, with which Evaluate compares, and `baseline_*` its analysis, against which Analyze is held."""

    processing_instance_count: ParameterInteger
    processing_instance_type: ParameterString
    training_instance_type: ParameterString
    model_approval_status: ParameterString
    input_data_url: ParameterString
    input_data_fingerprint: ParameterString
    registered_artefact: ParameterString
    registered_code: ParameterString
    registered_data: ParameterString
    champion_model_url: ParameterString
    champion_version: ParameterString
    baseline_analysis_url: ParameterString

    @classmethod
    def of(cls, instances: Instances, input_data: str, no_champion: str) -> "Parameters":
        """`no_champion` is a prefix without a model: an input of a job needs an address that holds something."""
        return cls(
            processing_instance_count=ParameterInteger("ProcessingInstanceCount", instances.processing_count),
            processing_instance_type=ParameterString("ProcessingInstanceType", instances.processing),
            training_instance_type=ParameterString("TrainingInstanceType", instances.training),
            model_approval_status=ParameterString(
                "ModelApprovalStatus",
                "PendingManualApproval",
                enum_values=["PendingManualApproval", "Approved", "Rejected"],
            ),
            input_data_url=ParameterString("InputDataUrl", input_data),
            input_data_fingerprint=ParameterString("InputDataFingerprint", NONE),
            registered_artefact=ParameterString("RegisteredArtefact", NONE),
            registered_code=ParameterString("RegisteredCode", NONE),
            registered_data=ParameterString("RegisteredData", NONE),
            champion_model_url=ParameterString("ChampionModelUrl", no_champion),
            champion_version=ParameterString("ChampionVersion", NONE),
            baseline_analysis_url=ParameterString("BaselineAnalysisUrl", no_champion),
        )

    def all(self) -> list[Parameter]:
        return list(vars(self).values())
