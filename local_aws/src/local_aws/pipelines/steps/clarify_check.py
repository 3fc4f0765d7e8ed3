"""ClarifyCheck: a processing job of SageMaker Clarify, whose result is held against an earlier one.

Developer guide, "ClarifyCheck step" and "Baseline calculation, drift detection and lifecycle". On AWS the service makes
a shadow endpoint and compares; here the image's stand-in does both: it finds the model and the baseline among its
inputs, and what the service would tell it in CHECK.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from local_aws import models
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws
from local_aws.pipelines.steps.job import JobStep
from local_aws.pipelines.steps.kind import Document, Outcome, Start
from local_aws.registry import groups, packages

#: Check → where a package's DriftCheckBaselines have the document.
BASELINES = {
    "DATA_BIAS": ("Bias", "PreTrainingConstraints"),
    "MODEL_BIAS": ("Bias", "PostTrainingConstraints"),
    "MODEL_EXPLAINABILITY": ("Explainability", "Constraints"),
}
#: In values of the container's environment, for the folder that its model is unpacked to.
MODEL_FOLDER = "{model}"

CALCULATED, USED = "CalculatedBaselineConstraints", "BaselineUsedForDriftCheckConstraints"


@dataclass(frozen=True)
class ClarifyCheckStep(JobStep):
    """Its properties are the two documents; its job's environment remembers which they are."""

    def start(self, start: Start) -> Outcome:
        check = {name: start.members.get(name) for name in self.own_members}
        if check["CheckType"] not in BASELINES:
            raise AwsError("ValidationException", f"CheckType is one of {', '.join(BASELINES)}.")
        request = {**start.arguments, "Environment": dict(start.arguments.get("Environment", {}))}
        earlier = _earlier(start.aws, check)
        request["ProcessingInputs"] = [
            *request.get("ProcessingInputs", []),
            *([] if check["SkipCheck"] else [_input("baseline", _required(earlier, check))]),
        ]
        told: Document = {"fail_on_violation": check["FailOnViolation"] is not False}
        if check["ModelName"]:
            container = _container(start.aws, check["ModelName"])
            request["ProcessingInputs"].append(_input("model", container["ModelDataUrl"]))
            values = container["Environment"].items()
            told["environment"] = {name: value.replace("/opt/ml/model", MODEL_FOLDER) for name, value in values}
        calculated = _result(request)
        kept = calculated if check["RegisterNewBaseline"] else earlier
        told[USED] = kept
        request["Environment"]["CHECK"] = json.dumps(told)
        outcome = super().start(replace(start, arguments=request))
        job = outcome.metadata[self.metadata_key]["Arn"]
        shown = {name: check[name] for name in _SHOWN if check[name] is not None}
        metadata = {**shown, "CheckJobArn": job, CALCULATED: calculated, **({USED: kept} if kept else {})}
        return Outcome(outcome.status, outcome.resource, {"ClarifyCheck": metadata})

    def properties(self, aws: Aws, resource: str) -> Document:
        job = super().properties(aws, resource)
        used = json.loads(job["Environment"]["CHECK"])[USED]
        return {CALCULATED: _result(job)} | ({USED: used} if used else {})


_SHOWN = ("CheckType", "ModelPackageGroupName", "SkipCheck", "RegisterNewBaseline")


def _earlier(aws: Aws, check: Document) -> str | None:
    """The earlier document: the one that the step supplies, else the newest approved version's."""
    return check["SuppliedBaselineConstraints"] or _known(aws, check)


def _required(earlier: str | None, check: Document) -> str:
    """Raises AwsError when there is none to hold the result against."""
    if earlier:
        return earlier
    raise AwsError(
        "ValidationException",
        "There is no baseline to check against: neither SuppliedBaselineConstraints nor an approved version of"
        f" {check['ModelPackageGroupName']} has one. For a first run, set SkipCheck and RegisterNewBaseline.",
    )


def _known(aws: Aws, check: Document) -> str | None:
    """What the newest approved version of the group was registered with."""
    group = check["ModelPackageGroupName"]
    if not group or not aws.store.get(groups.KIND, groups.name_of(group)):
        return None
    request = {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 1,
    }
    listed = (packages.list_packages(aws, request) or {})["ModelPackageSummaryList"]
    found: Any = packages.describe(aws, listed[0]["ModelPackageArn"]) if listed else {}
    for member in ("DriftCheckBaselines", *BASELINES[check["CheckType"]], "S3Uri"):
        found = (found or {}).get(member)
    return str(found) if found else None


def _container(aws: Aws, model: str) -> Document:
    """The model's one container. Raises NotSupported for what the stand-in cannot ask."""
    described = models.describe(aws, model)
    containers = described.get("Containers") or [described.get("PrimaryContainer", {})]
    if len(containers) != 1 or "SAGEMAKER_SERVING_MODULE" not in containers[0].get("Environment", {}):
        raise NotSupported("a ClarifyCheck step on a model that is not one container with SAGEMAKER_SERVING_MODULE")
    return dict(containers[0])


def _input(name: str, uri: str) -> Document:
    source = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}", "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": source | {"S3InputMode": "File"}}


def _result(request: Document) -> str:
    output = request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    return f"{output.rstrip('/')}/analysis.json"


CLARIFY_CHECK = ClarifyCheckStep(
    name="ClarifyCheck",
    job="Processing",
    operation="CreateProcessingJob",
    answer="DescribeProcessingJob",
    supplied=frozenset({"ProcessingJobName"}),
    # "Default cache key attributes by pipeline step type", developer guide
    cache_key=("AppSpecification", "Environment", "ProcessingInputs"),
    members=frozenset({"CacheConfig"}),  # "The retry policy only supports …", developer guide: this kind is not there
    own_members=frozenset(
        {
            "CheckType",
            "FailOnViolation",
            "ModelName",
            "ModelPackageGroupName",
            "RegisterNewBaseline",
            "SkipCheck",
            "SuppliedBaselineConstraints",
        }
    ),
    own_properties=frozenset({CALCULATED, USED}),
    name_member="ProcessingJobName",
    metadata_key="ProcessingJob",
)
