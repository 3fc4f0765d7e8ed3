"""Files through a stage's scoring pipeline: uploaded, scored by a transform job, downloaded."""

import csv
import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import boto3

from contract.errors import InputError
from mlops import objects, stacks
from mlops.invocations import CONTENT_TYPES
from mlops.projects import Project
from mlops.stacks import Say
from model_deploy.proof import golden
from model_deploy.proof.lines import ERROR, OUTPUT


def settings(project: Project, stage: str) -> dict[str, str]:
    """The parameters of the stage's stack. Raises InputError when it is not there, or has no batches."""
    stack = stacks.find(project.stage_stack(stage))
    found = stacks.parameters(stack) if stack else {}
    if not found:
        raise InputError(f"{project.name} is not deployed to {stage}: `mlops approve {project.name}` begins.")
    if "BatchContentType" not in found:
        raise InputError(f"{stage} has no batches: add batch to the modes of model_deploy/stages/{project.name}.")
    return found


def check_free(folder: Path, file: Path) -> None:
    """Raises InputError when the folder holds results of a file of that name."""
    if (taken := folder / f"{file.name}.out").exists():
        raise InputError(f"{taken} is there already: name another folder with --output.")


def start(project: Project, stage: str, file: Path, say: Say) -> str:
    """Upload the file and start the scoring pipeline over it; the execution's ARN.

    Of a CSV file with a header the model's columns are sent, in its order and without the header.

    Raises InputError for a file that is missing or of another type than the stage's batches.
    """
    if not file.exists() or file.is_dir():
        raise InputError(f"There is no file {file}.")
    given = settings(project, stage)
    kind, taken = CONTENT_TYPES.get(file.suffix.lower()), given["BatchContentType"]
    if kind not in (None, taken):
        raise InputError(f"{file} is {kind}; the batches of {stage} take {taken} ([batch] content_type).")
    # Not below batch/in/, where an arrival would start the pipeline once more.
    key = f"{project.data(stage)}/batch/by-hand/{uuid.uuid4().hex}/{file.name}"
    with _at_rest(file) as whole, _by_position(whole, given, say) as sent:
        boto3.client("s3").upload_file(str(sent), given["DataBucketName"], key)
    answer = boto3.client("sagemaker").start_pipeline_execution(
        PipelineName=f"{project.name}-{stage}-batch", PipelineParameters=[{"Name": "InputKey", "Value": key}]
    )
    return str(answer["PipelineExecutionArn"])


@contextmanager
def _at_rest(file: Path) -> Iterator[Path]:
    """A stream, such as /dev/stdin, can be read but once: its copy of the same name."""
    if file.is_file():
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        with file.open("rb") as stream, copy.open("wb") as out:
            shutil.copyfileobj(stream, out)
        yield copy


@contextmanager
def _by_position(file: Path, given: dict[str, str], say: Say) -> Iterator[Path]:
    """The file as the batches take it: SageMaker cuts a file into parts, and only the first would have the header.

    Raises InputError, with the line, for a file that is no CSV.
    """
    if given["BatchContentType"] != CONTENT_TYPES[".csv"]:
        yield file
        return
    columns = _columns(given["ModelPackageName"])
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / file.name
        try:
            header = selected(file, columns, written)
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{file} is no CSV in UTF-8: {error}.") from None
        if header:
            say(f"{len(columns)} of {len(header)} columns are sent, those of the model")
        yield written if header else file


def selected(file: Path, columns: Sequence[str], written: Path) -> list[str]:
    """Write the named columns of a CSV file with a header, without it; the header.

    Empty, with nothing written, when the first line names none of them. Raises InputError for a column that is missing
    and for a line of another length.
    """
    with file.open(encoding="utf-8-sig", newline="") as text, written.open("w", encoding="utf-8", newline="") as out:
        rows = csv.reader(text)
        header = next(rows, [])
        if not set(columns) & set(header):
            return []
        places, writer = _places(file, header, columns), csv.writer(out, lineterminator="\n")
        for row in filter(None, rows):
            if len(row) != len(header):
                raise InputError(f"{file}, line {rows.line_num}: {len(row)} cells under {len(header)} columns.")
            writer.writerow([row[place] for place in places])
    return header


def _columns(package: str) -> list[str]:
    """The columns that a version takes, in its order, out of its golden records."""
    found: Any = boto3.client("sagemaker").describe_model_package(ModelPackageName=package)
    (first,) = islice(golden.read(boto3.client("s3"), found), 1)
    return list(first.record)


def _places(file: Path, header: Sequence[str], columns: Sequence[str]) -> list[int]:
    if lacking := [name for name in columns if name not in header]:
        raise InputError(f"{file}: the header lacks {', '.join(lacking)}, which the model takes.")
    return [header.index(name) for name in columns]


def refused(files: Sequence[Path], kind: str) -> tuple[int, list[str]]:
    """How many rows there are in results of a content type, and why records could not be answered, a reason each."""
    rows, reasons = 0, []
    for file in files:
        with file.open(encoding="utf-8", newline="") as text:
            for reason in _REASONS[kind](text):
                rows += 1
                if reason:
                    reasons.append(reason)
    return rows, reasons


def _of_cells(text: TextIO) -> Iterator[str]:
    for row in filter(None, csv.reader(text)):
        yield next((cell.removeprefix(ERROR) for cell in row if cell.startswith(ERROR)), "")


def _of_documents(text: TextIO) -> Iterator[str]:
    for line in filter(str.strip, text):
        document = json.loads(line)
        inner = document.get(OUTPUT, document) if isinstance(document, dict) else {}
        yield str(inner.get("error", "")) if isinstance(inner, dict) else ""


#: Content type → reads results: for each row why it is none, "" for an answer.
_REASONS: Mapping[str, Callable[[TextIO], Iterator[str]]] = {
    CONTENT_TYPES[".csv"]: _of_cells,
    CONTENT_TYPES[".jsonl"]: _of_documents,
}


def results(project: Project, stage: str, arn: str, folder: Path) -> list[Path]:
    """Download what the execution wrote into `folder`; the files."""
    bucket = settings(project, stage)["DataBucketName"]
    prefix = f"s3://{bucket}/{project.data(stage)}/batch/out/{arn.rpartition('/')[2]}/"
    return objects.download(prefix, folder)
