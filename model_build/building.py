"""From a pipeline's folder to its definition. The SDK is imported only where a definition has to be written anew."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from contract.errors import InputError
from model_build import catalogue, memo
from model_build.built import Built
from model_build.check import refuse
from model_build.target import Target, resolve

#: A pipeline's own program, which stands in for the generic one.
OWN = "pipeline.py"


def build(name: str, target: Target | None = None, **arguments: Any) -> Built:
    """The definition of the pipeline `name` for `target`; without one, no network is needed and AWS's example account
    stands in.

    `arguments` go to its `get_pipeline`. Raises InputError when the configuration or the definition cannot work.
    """
    folder = catalogue.folder(name)
    target = target or resolve()
    key = memo.key(name, folder, target, arguments)
    if key and (known := memo.recall(key, folder)):
        return known
    author = _author(folder)
    with catalogue.own_code(folder / OWN) if (folder / OWN).is_file() else nullcontext():
        built: Built = author(pipeline_name=name, folder=folder, target=target, **arguments).built()
    refuse(built.text)
    if key:
        memo.remember(key, built)
    return built


def _author(folder: Path) -> Any:
    """`get_pipeline` of the folder's own pipeline.py, or the generic one."""
    own = folder / OWN
    if not own.is_file():
        from model_build.pipeline import get_pipeline

        return get_pipeline
    module = catalogue.load(own)
    if not hasattr(module, "get_pipeline"):
        raise InputError(f"{own} defines no get_pipeline.")
    return module.get_pipeline
