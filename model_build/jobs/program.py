"""How a program inside a job ends: quietly, with one sentence for a person, or with the traceback of a defect."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from contract.errors import InputError


def run(program: Callable[[], None], message_file: Path) -> None:
    """Run `program`. An InputError goes as one sentence to `message_file` and to stderr, and the process exits 1.

    SageMaker shows the file as the job's failure reason: `/opt/ml/output/message` of a processing job,
    `/opt/ml/output/failure` of a training job. Any other exception keeps its traceback.
    """
    try:
        program()
    except InputError as error:
        message_file.parent.mkdir(parents=True, exist_ok=True)
        message_file.write_text(f"{error}\n", encoding="utf-8")
        sys.exit(f"{error}")


def folder(variable: str, default: str | None = None) -> Path:
    """The path in the environment variable. Raises InputError when it is not set and there is no default."""
    path = os.environ.get(variable, default)
    if path is None:
        raise InputError(f"The environment variable {variable} is not set; the step must name the folder.")
    return Path(path)
