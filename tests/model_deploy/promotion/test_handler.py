"""What the function imports, and which events it looks for."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract.errors import InputError
from model_deploy.promotion import handler
from model_deploy.promotion.services import connect

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
sys.path.insert(0, {root!r})
import model_deploy.promotion.handler, model_deploy.promotion.rollback
print(*sorted(name for name in sys.modules if name.split(".")[0] not in sys.stdlib_module_names))
"""
#: What boto3 brings along is there in Lambda as well.
BOTO = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3", "contract", "model_deploy"}


def test_it_imports_the_standard_library_boto3_and_the_contract() -> None:
    program = PROGRAM.format(root=str(ROOT))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded >= {"boto3", "contract.errors", "model_deploy.promotion.decisions"}
    own = {name for name in loaded if name.startswith("model_deploy.")}
    assert {name for name in own if not name.startswith("model_deploy.promotion")} == set()
    assert not {"pydantic", "yaml", "cfnlint", "rich", "typer"} & {name.split(".")[0] for name in loaded}
    vendored = {name.split(".")[0] for name in loaded} - BOTO
    assert {name for name in vendored if not name.startswith(("_", "brotli", "zstandard", "certifi"))} <= {"awscrt"}


def event(**detail: Any) -> dict[str, Any]:
    detail = {"ModelPackageVersion": 3, "ModelApprovalStatus": "Approved", **detail}
    return {"source": "aws.sagemaker", "time": "2026-11-21T12:00:00Z", "detail": detail}


def test_only_a_change_of_the_approval_status_counts() -> None:
    assert handler.concerns(event(UpdatedModelPackageFields=["ModelApprovalStatus", "ApprovalDescription"]))
    assert not handler.concerns(event(UpdatedModelPackageFields=["CustomerMetadataProperties"]))
    assert handler.concerns(event())  # a version that was registered as approved
    assert handler.concerns({"source": "aws.codepipeline", "detail": {"state": "FAILED"}})


def test_what_an_event_says_was_approved() -> None:
    assert handler.approvals(event(UpdatedModelPackageFields=["ModelApprovalStatus"])) == {3: 1795262400.0}
    rejected = event(UpdatedModelPackageFields=["ModelApprovalStatus"], ModelApprovalStatus="Rejected")
    assert handler.approvals(rejected) == handler.approvals(event()) == {}


def test_a_function_without_its_environment_says_what_is_missing() -> None:
    with pytest.raises(InputError, match="lacks SAGEMAKER_PROJECT_NAME, SOURCE_MODEL"):
        connect({})
