"""The test report in the pipeline's artifacts: JSON for programs, Markdown for people."""

from collections.abc import Sequence
from pathlib import Path

from contract import documents
from contract.documents import Document
from model_deploy.proof.checks import Check, failed

JSON, MARKDOWN = "proof.json", "proof.md"


def document(stage: str, package: Document, checks: Sequence[Check]) -> Document:
    """What was proved of which version, check by check."""
    return {
        "stage": stage,
        "model_package_arn": package["ModelPackageArn"],
        "model_version": package["ModelPackageVersion"],
        "passed": bool(checks) and all(check.passed for check in checks),
        "checks": [
            {
                "mode": check.mode,
                "name": check.name,
                "passed": check.passed,
                "said": check.said,
                "measured": {name: round(value, 6) for name, value in check.measured.items()},
            }
            for check in checks
        ],
    }


def markdown(found: Document) -> str:
    """The same as a table."""
    verdict = "proved" if found["passed"] else "NOT proved"
    rows = [
        f"| {one['mode']} | {one['name']} | {'passed' if one['passed'] else '**failed**'} | {_cell(one['said'])} |"
        for one in found["checks"]
    ]
    head = f"# Version {found['model_version']} in {found['stage']}: {verdict}\n\n{found['model_package_arn']}\n"
    return "\n".join([head, "| mode | check | result | what was seen |", "|---|---|---|---|", *rows]) + "\n"


def write(folder: Path, found: Document) -> None:
    documents.write(folder / JSON, found)
    (folder / MARKDOWN).write_text(markdown(found), encoding="utf-8")


def line(check: Check) -> str:
    """A check, for the log of the build."""
    return f"{'passed' if check.passed else 'FAILED'}  {check.mode:12}  {check.name:10}  {check.said}"


def count(checks: Sequence[Check]) -> str:
    return f"{len(checks) - len(list(failed(checks)))} of {len(checks)} checks passed."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
