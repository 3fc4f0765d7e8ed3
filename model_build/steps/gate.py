"""Gate and Reject: conditions on `gate.json`. Two of them, since conditional steps do not nest on AWS."""

from sagemaker.core.workflow.conditions import ConditionEquals, ConditionNot, ConditionOr
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep

from model_build.authoring.context import Context
from model_build.steps.verdict import verdict


def gate(context: Context, register: ModelStep) -> ConditionStep:
    """Register what passed, unless the newest package already is this model: same artefact, code and data."""
    parameters = context.parameters
    new = ConditionOr(
        conditions=[
            ConditionNot(ConditionEquals(left=verdict("artefact"), right=parameters.registered_artefact)),
            ConditionNot(ConditionEquals(left=context.assets.code_hash, right=parameters.registered_code)),
            ConditionNot(ConditionEquals(left=parameters.input_data_fingerprint, right=parameters.registered_data)),
        ]
    )
    passed = ConditionEquals(left=verdict("passed"), right=True)
    return ConditionStep("Gate", conditions=[passed, new], if_steps=[register], else_steps=[])


def reject() -> ConditionStep:
    """Fail with the reason in words."""
    fail = FailStep("Fail", error_message=Join(on="", values=["Not registered. ", verdict("reason")]))
    failed = ConditionEquals(left=verdict("passed"), right=False)
    return ConditionStep("Reject", conditions=[failed], if_steps=[fail], else_steps=[])
