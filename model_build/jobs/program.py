"""What the programs of the jobs share: how they end, and where the pipeline's own features come from."""

import errno
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

from contract.columns import Columns
from contract.errors import InputError
from preprocessing.derive import Features

#: Where SageMaker looks for the reason of a failure, by kind of job: the environment may name another file.
PROCESSING = ("MESSAGE_FILE", "/opt/ml/output/message")
TRAINING = ("FAILURE_FILE", "/opt/ml/output/failure")


def program(main: Callable[[], None], reason_file: tuple[str, str] = PROCESSING) -> Callable[[], None]:
    """Run `main`; on InputError, and on a full disk, leave one sentence where SageMaker looks, and exit with 1.

    The sentence goes to the standard error and to `reason_file`, which becomes the ExitMessage of a processing job
    and the FailureReason of a training job.
    """

    def run() -> None:
        try:
            main()
        except InputError as error:
            _fail(str(error), reason_file)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            _fail(f"The disk is full ({error}); give the job a larger volume.", reason_file)

    return run


def folder(variable: str, default: str | None = None) -> Path:
    """The path in the environment variable. Raises InputError when it is not set and there is no default."""
    path = os.environ.get(variable, default)
    if path is None:
        raise InputError(f"The environment variable {variable} is not set; the step must name the folder.")
    return Path(path)


def _fail(reason: str, reason_file: tuple[str, str]) -> None:
    print(reason, file=sys.stderr, flush=True)
    message = Path(os.environ.get(*reason_file))
    try:
        message.parent.mkdir(parents=True, exist_ok=True)
        message.write_text(reason, encoding="utf-8")
    except OSError as error:
        print(f"{message} could not be written: {error}", file=sys.stderr)
    sys.exit(1)


def own_features(columns: Columns) -> Features | None:
    """The function `features` of the bundle's `features.py`, None when no column is derived.

    Raises InputError when derived columns are described and the module or the function is missing.
    """
    if not columns.derived_numeric and not columns.derived_categorical:
        return None
    if importlib.util.find_spec("features") is None:
        raise InputError("Derived columns are described, but the pipeline's folder has no features.py.")
    try:
        module = importlib.import_module("features")
    except Exception as error:  # code of the user's own may raise anything
        raise InputError(f"features.py cannot be imported: {type(error).__name__}: {error}.") from error
    function: Features | None = getattr(module, "features", None)
    if function is None:
        raise InputError("features.py has no function features(columns).")
    return function
