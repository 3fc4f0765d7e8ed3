"""Hyperparameters as the training toolkit hands them over: `--name value` on the command line, all of them text."""

from collections.abc import Sequence

from contract.errors import InputError


def pairs(arguments: Sequence[str]) -> dict[str, str]:
    """Name → value without the platform's own, which begin with `sagemaker_`.

    Raises InputError for arguments that are not `--name value`.
    """
    names, values = arguments[::2], arguments[1::2]
    if len(names) != len(values) or not all(name.startswith("--") for name in names):
        raise InputError(f"Hyperparameters come as --name value, got: {' '.join(arguments)}.")
    found = {name.removeprefix("--"): value for name, value in zip(names, values, strict=True)}
    return {name: value for name, value in found.items() if not name.startswith("sagemaker_")}
