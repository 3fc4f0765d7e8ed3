"""What the programs of the preprocessing jobs share: how they end, and where the pipeline's own features come from."""

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


def program(main: Callable[[], None]) -> Callable[[], None]:
    """Run `main`; on InputError, and on a full disk, leave one sentence where SageMaker looks, and exit with 1.

    The sentence goes to the standard error and to the file named by MESSAGE_FILE, which becomes the job's ExitMessage.
    """

    def run() -> None:
        try:
            main()
        except InputError as error:
            _fail(str(error))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            _fail(f"The disk is full ({error}); give the job a larger volume.")

    return run


def _fail(reason: str) -> None:
    print(reason, file=sys.stderr, flush=True)
    message = Path(os.environ.get("MESSAGE_FILE", "/opt/ml/output/message"))
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
    function: Features | None = getattr(importlib.import_module("features"), "features", None)
    if function is None:
        raise InputError("features.py has no function features(columns).")
    return function
