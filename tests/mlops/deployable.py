"""A tree that deploys in moments: the project's own stack, pipelines and promotion, with builds that only pretend.

The render step writes stages that are one topic each; the proof of a version fails when `model_deploy/bad` names
it.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PROGRAM = """
import json, os, pathlib, sys, time
module, output = sys.argv[2], pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
output.mkdir()
if pathlib.Path("model_deploy/slow").exists():
    time.sleep(600)
if module == "model_deploy.build":
    arn = os.environ["MODEL_PACKAGE_ARN"]
    if not arn.startswith("arn:"):
        sys.exit("No version is named.")
    template = {
        "Parameters": {"ModelPackageName": {"Type": "String"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "ModelPackageName"}}}},
    }
    for stage in ("staging", "prod"):
        tags = {"sagemaker:project-name": os.environ["SAGEMAKER_PROJECT_NAME"], "sagemaker:deployment-stage": stage}
        (output / f"{stage}-template-export.yml").write_text(json.dumps(template))
        config = {"Parameters": {"ModelPackageName": arn}, "Tags": tags}
        (output / f"{stage}-config-export.json").write_text(json.dumps(config))
    (output / "package.json").write_text(json.dumps({"ModelPackageArn": arn}))
else:
    package = json.loads(pathlib.Path(sys.argv[sys.argv.index("--package") + 1]).read_text())
    (output / "report.json").write_text("{}")
    bad = "begin" not in sys.argv and pathlib.Path("model_deploy/bad").read_text().split()
    if bad and os.environ["STAGE_NAME"] + ":" + package["ModelPackageArn"].rpartition("/")[2] in bad:
        print("FAILED  real_time  golden  record 7 is answered otherwise")
        sys.exit(1)
"""


def write(folder: Path) -> Path:
    """Such a tree in `folder`, which it returns."""
    for package in ("contract", "model_deploy/promotion", "model_deploy/buildspecs", "model_deploy/stages/credit"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "model_deploy/__init__.py", folder / "model_deploy/__init__.py")
    for name in ("requirements-deploy.lock", "model_deploy/bad"):
        (folder / name).write_text("")
    (folder / "model_deploy/program.py").write_text(PROGRAM)
    (folder / "Makefile").write_text(
        "setup-deploy:\n\tmkdir -p .venv-deploy/bin\n"
        f"\tprintf '#!/bin/sh\\nexec {sys.executable} model_deploy/program.py \"$$@\"\\n' > .venv-deploy/bin/python\n"
        "\tchmod +x .venv-deploy/bin/python\n"
    )
    (folder / ".gitignore").write_text("/home/\nignored\n")
    return folder


def register(sagemaker: Any, group: str, count: int) -> None:
    """`count` more versions in the registry, none approved."""
    known = [
        one["ModelPackageGroupName"] for one in sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    ]
    if group not in known:
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    for _ in range(count):
        sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [{"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/any:1"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
