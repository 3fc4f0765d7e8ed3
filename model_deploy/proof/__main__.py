"""TestStaging and TestProd: `python -m model_deploy.proof --stage S --package package.json --output DIR`.

What it reads of the project comes from the environment of the CodeBuild project. Exit codes: 0 every check passed,
1 a check failed or AWS refused, 2 bad arguments or configuration.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from contract import documents
from contract.documents import Document
from contract.errors import InputError
from model_deploy import project, stages
from model_deploy.proof import account, golden, live, report
from model_deploy.proof.checks import Check
from model_deploy.proof.detached import Detached
from model_deploy.proof.prove import Subject, prove

#: The parts of a watch.
WATCH = {"begin": Detached.begin, "send": Detached.send, "read": Detached.read}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("model_deploy.proof", description="Prove a stage against its golden records.")
    parser.add_argument("--stage", required=True, choices=stages.NAMES, help="the stage to prove")
    parser.add_argument("--package", required=True, type=Path, help="the version, as the Build stage wrote it")
    parser.add_argument("--output", type=Path, default=Path("report"), help="where the report goes")
    parser.add_argument(
        "--watch",
        choices=WATCH,
        help="while the stage is deployed: begin a build that re-sends the golden records, be it, or read its report",
    )
    given = parser.parse_args(arguments)
    try:
        found = subject(given.stage, documents.read(given.package))
        checks = watched(found, given.watch) if given.watch else proved(found)
        return _said(found, checks, given.output)
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except (BotoCoreError, ClientError) as error:
        print(f"The stage cannot be proved: {error}", file=sys.stderr)  # noqa: T201
        return 1


def subject(stage: str, package: Document) -> Subject:
    """What is to be proved, with clients of both accounts. Raises InputError for what is missing or wrong."""
    of = project.from_environment()
    settings = stages.load(stages.project(of.name), stage)
    s3 = boto3.client("s3", region_name=of.region)
    entered = account.enter(of, settings.name)
    return Subject(of, settings, package, golden.read(s3, package), entered, s3)


def proved(of: Subject) -> Iterator[Check]:
    deployed = live.stack(of.account, of.project.stack(of.stage.name))
    return prove(replace(of, stack=deployed))


def watched(of: Subject, part: str) -> list[Check]:
    def client(service: str) -> Any:
        return boto3.client(service, region_name=of.project.region)  # type: ignore[call-overload]

    return WATCH[part](Detached.of(of, os.environ, client))


def _said(of: Subject, checks: Iterable[Check], output: Path) -> int:
    """Print each check once it is carried out, write the report, and 1 unless every check passed."""
    carried_out = []
    for check in checks:
        print(report.line(check), flush=True)  # noqa: T201
        carried_out.append(check)
    found = report.document(of.stage.name, of.package, carried_out)
    report.write(output, found)
    print(report.count(carried_out))  # noqa: T201
    return 0 if found["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
