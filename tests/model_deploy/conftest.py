"""The package, the project and the parameters of the project's stack that these tests render with."""

from typing import Any

import pytest

from model_deploy.project import Project

ACCOUNT, REGION = "111122223333", "us-east-1"

PROJECT = Project(
    name="credit",
    id="p-demo",
    region=REGION,
    execution_role=f"arn:aws:iam::{ACCOUNT}:role/credit-p-demo-model",
    group="credit-p-demo",
    bucket="sagemaker-project-p-demo",
)

PARAMETERS = {
    "SageMakerProjectName": "credit",
    "SageMakerProjectId": "p-demo",
    "ToolingAccountId": ACCOUNT,
    "StagingAccountId": ACCOUNT,
    "ProdAccountId": ACCOUNT,
    "BuildRepository": "example/credit-build",
    "DeployRepository": "example/credit-deploy",
    "ConnectionArn": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/01234567-89ab-cdef",
    "PromotionCodeKey": f"code/promotion-{'0' * 64}.zip",
    "ModelBucketName": "sagemaker-project-p-demo",
    "DataBucketName": "sagemaker-project-p-demo",
}


def package(**changes: Any) -> dict[str, Any]:
    """What DescribeModelPackage answers for an approved version."""
    return {
        "ModelPackageArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/credit-p-demo/3",
        "ModelPackageVersion": 3,
        "ModelApprovalStatus": "Approved",
        "InferenceSpecification": {
            "Containers": [{"Image": "xgboost:3.2-0"}],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large", "ml.m5.xlarge"],
            "SupportedTransformInstanceTypes": ["ml.m5.large", "ml.m5.xlarge"],
        },
        **changes,
    }


@pytest.fixture
def project() -> Project:
    return PROJECT
