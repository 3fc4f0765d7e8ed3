"""The model folder that a training job leaves: it is packed as model.tar.gz and ready to serve in every mode."""

import os
import shutil
import tarfile
from pathlib import Path

from contract import documents, package
from contract.decision import Decision
from contract.errors import InputError

#: A fixed time for all files, so that equal models pack into equal archives: 1980-01-01, the first that zip knows.
EPOCH = 315_532_800


def seal(model_dir: Path, preprocessor: Path, decision: Decision, serving: Path) -> None:
    """Add to the model in `model_dir` all that serving needs beside it, and fix the times of the files.

    preprocessor  path of `preprocessor.json`
    serving       folder whose content becomes `code/`: the closure of inference.app and the pipeline's own features

    Raises InputError when one of them is missing.
    """
    copy_code(serving, model_dir)
    if not preprocessor.is_file():
        raise InputError(f"{preprocessor} is missing: the channel `preprocessor` must hold Fit's output.")
    shutil.copyfile(preprocessor, model_dir / package.PREPROCESSOR)
    documents.write(model_dir / package.DECISION, decision.to_document())
    for path in [model_dir, *model_dir.rglob("*")]:
        os.utime(path, (EPOCH, EPOCH))


def copy_code(source: Path, model_dir: Path) -> None:
    """Copy the serving code in `source` to `code/` of the model folder. Raises InputError when there is none."""
    if not source.is_dir():
        raise InputError(f"{source} is missing: the bundle must hold the serving code.")
    shutil.copytree(
        source, model_dir / package.CODE, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )


def unpack(archive: Path, target: Path) -> None:
    """The files of model.tar.gz, none outside `target`. Raises InputError when it is missing or broken."""
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(target, filter="data")
    except FileNotFoundError:
        raise InputError(f"{archive} is missing: the artefact of Train is needed.") from None
    except tarfile.TarError as error:
        raise InputError(f"{archive} cannot be unpacked: {str(error).splitlines()[0].rstrip(':')}.") from None
