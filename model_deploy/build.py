"""The Build stage: `python -m model_deploy.build --output export` renders and verifies the templates of both stages.

What it reads of the project comes from the environment of the CodeBuild project; MODEL_PACKAGE_ARN names the version.
Exit codes: 0 done, 1 a template has findings or AWS refused, 2 bad arguments or configuration.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from contract.documents import Document, dumps
from contract.errors import InputError
from model_deploy import project, registry, stages, template
from model_deploy.render import Rendered, render
from model_deploy.verify import verify

PACKAGE = "package.json"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("model_deploy.build", description="Render and verify the templates of a version.")
    parser.add_argument("--output", type=Path, default=Path("export"), help="where the files go")
    given = parser.parse_args(arguments)
    try:
        return build(project.from_environment(), os.environ.get("MODEL_PACKAGE_ARN", ""), given.output)
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except (BotoCoreError, ClientError) as error:
        print(f"The version cannot be read: {error}", file=sys.stderr)  # noqa: T201
        return 1


def build(of: project.Project, arn: str, output: Path) -> int:
    """Write the templates, their configurations and the package; 1 when a template has findings."""
    package = registry.chosen(boto3.client("sagemaker", region_name=of.region), of.group, arn)
    folder = stages.project(of.name)
    rendered = [render(package, stages.load(folder, name), of) for name in stages.NAMES]
    write(rendered, package, output)
    found = [f"{one.files[0]}: {finding}" for one in rendered for finding in verify(one.template, one.configuration)]
    for line in found:
        print(line, file=sys.stderr)  # noqa: T201
    return 1 if found else 0


def write(rendered: Sequence[Rendered], package: Document, output: Path) -> None:
    """The files of the artifact that the later stages read."""
    output.mkdir(parents=True, exist_ok=True)
    for one in rendered:
        names = one.files
        (output / names[0]).write_text(template.dumps(one.template), encoding="utf-8")
        (output / names[1]).write_text(dumps(one.configuration), encoding="utf-8")
    # Times become text: the document is for reading.
    (output / PACKAGE).write_text(json.dumps(package, default=str, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
