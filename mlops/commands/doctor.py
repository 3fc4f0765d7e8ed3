"""`mlops doctor`: is everything here that the commands need?"""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import typer

from local_aws import launch
from local_aws.processes.images import Images
from mlops import output
from mlops import target as targets
from mlops.options import JsonOption

Finding = dict[str, Any]


def doctor(as_json: JsonOption = False) -> None:
    """Check this machine: Python, packages, disk, the local server. Exits 1 when something is missing."""
    findings = list(_findings())
    if as_json:
        output.document(findings)
    else:
        table = output.table("Check", "Status", "Detail")
        for finding in findings:
            table.add_row(finding["Check"], output.status(finding["Status"]), finding["Detail"])
        output.console.print(table)
    if any(finding["Status"] == "missing" for finding in findings):
        raise typer.Exit(1)


def _findings() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield _finding("Python 3.11 to 3.13", (3, 11) <= sys.version_info[:2] <= (3, 13), version)
    sdk = importlib.util.find_spec("sagemaker") is not None
    yield _finding(
        "SageMaker SDK", sdk, _version("sagemaker") if sdk else "pip install sagemaker-mlops-template[build]"
    )
    yield from _image_packages()
    yield _disk()
    status = launch.status(targets.home())
    yield {"Check": "local server", "Status": "ok", "Detail": f"{status.Status}, state in {status.Home}"}
    named = {name: os.environ.get(name) for name in ("SAGEMAKER_PIPELINE_ROLE_ARN", "ARTIFACT_BUCKET")}
    unset = [name for name, value in named.items() if not value]
    detail = f"{' and '.join(unset)} not set: --target aws needs them" if unset else "ready"
    yield {"Check": "target aws", "Status": "warning" if unset else "ok", "Detail": detail}


def _finding(check: str, good: bool, detail: str) -> Finding:
    return {"Check": check, "Status": "ok" if good else "missing", "Detail": detail}


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _image_packages() -> Iterator[Finding]:
    """What each image's local host imports before a job begins."""
    for row in Images.read(targets.images()).rows:
        lacking = [name for name in row.preload if importlib.util.find_spec(name.partition(".")[0]) is None]
        detail = f"lacks {', '.join(lacking)}" if lacking else "its packages are here"
        yield _finding(f"image {row.repository}", not lacking, detail)


def _disk() -> Finding:
    folder = targets.home()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    return _finding("disk", free > 1, f"{free:.1f} GiB free at {folder}")
