"""`get-pipeline-definition` and `run-pipeline`, with the arguments that AWS's build templates gave them.

Exit codes: 0 done, 1 it failed, 2 bad arguments or configuration.
"""

import argparse
import ast
import importlib
import inspect
import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import InputError
from model_build import catalogue

#: What AWS's build templates call the module of a pipeline. Here only a folder that departs from the usual has one.
CONVENTIONAL = re.compile(r"model_build\.pipelines\.([^.]+)\.pipeline")

#: Seconds between two looks at an execution, and how it can end.
LOOK, ENDED = 5.0, ("Succeeded", "Failed", "Stopped")


def get_pipeline_definition(arguments: Sequence[str] | None = None) -> None:
    """Print or write the definition of the pipeline that a module's get_pipeline returns; no network."""
    parser = argparse.ArgumentParser("get-pipeline-definition", description="Gets the pipeline definition.")
    _module(parser)
    parser.add_argument("-f", "--file-name", type=Path, help="write there instead of to standard output")
    given = parser.parse_args(arguments)
    _finish(lambda: _write_definition(given), given)


def run_pipeline(arguments: Sequence[str] | None = None) -> None:
    """Create or update the pipeline, start an execution, and wait for its end."""
    parser = argparse.ArgumentParser("run-pipeline", description="Creates or updates and runs the pipeline.")
    _module(parser)
    parser.add_argument("-role-arn", "--role-arn", dest="role_arn", required=True, help="the role of the pipeline")
    parser.add_argument("-description", "--description", dest="description", help="the pipeline's description")
    parser.add_argument("-tags", "--tags", dest="tags", help='a list of tags: [{"Key": "k", "Value": "v"}]')
    given = parser.parse_args(arguments)
    _finish(lambda: _run(given), given)


def _module(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--module-name", dest="module_name", required=True, help="a module with get_pipeline")
    parser.add_argument("-kwargs", "--kwargs", dest="kwargs", help="a dictionary of arguments for get_pipeline")


def _finish(work: Callable[[], None], given: argparse.Namespace) -> None:
    try:
        work()
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except (ClientError, BotoCoreError) as error:
        print(f"{given.module_name}: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _write_definition(given: argparse.Namespace) -> None:
    from model_build.check import refuse

    definition = _pipeline(given).definition()
    refuse(definition)
    if given.file_name:
        given.file_name.write_text(definition, encoding="utf-8")
    else:
        print(definition)  # noqa: T201


def _run(given: argparse.Namespace) -> None:
    from model_build.check import refuse

    tags = _literal(given.tags, "--tags", list)
    pipeline = _pipeline(given, role=given.role_arn)
    refuse(pipeline.definition())
    arn = pipeline.upsert(role_arn=given.role_arn, description=given.description, tags=tags or None)["PipelineArn"]
    print(json.dumps({"PipelineArn": arn}))  # noqa: T201
    execution = pipeline.start()
    found = _ended(execution)
    told = ("PipelineExecutionArn", "PipelineExecutionStatus", "FailureReason")
    print(json.dumps({name: found[name] for name in told if name in found}))  # noqa: T201
    if found["PipelineExecutionStatus"] != "Succeeded":
        sys.exit(1)


def _ended(execution: Any) -> dict[str, Any]:
    """The execution as it is described at its end. The SDK's own waiter gives up after half an hour, and knows no
    execution that was stopped."""
    while True:
        found: dict[str, Any] = execution.describe()
        if found["PipelineExecutionStatus"] in ENDED:
            return found
        time.sleep(LOOK)


def _pipeline(given: argparse.Namespace, **defaults: Any) -> Any:
    """The pipeline of the module, from its get_pipeline with the arguments given. Raises InputError."""
    arguments: Mapping[str, Any] = _literal(given.kwargs, "--kwargs", dict)
    if conventional := CONVENTIONAL.fullmatch(given.module_name):
        module = _of_folder(conventional[1])
        defaults["pipeline_name"] = conventional[1]
    else:
        module = _imported(given.module_name)
    if not hasattr(module, "get_pipeline"):
        raise InputError(f"--module-name {given.module_name}: the module has no get_pipeline.")
    arguments = {**defaults, **arguments}
    try:
        inspect.signature(module.get_pipeline).bind(**arguments)
    except TypeError as error:
        raise InputError(f"--kwargs: get_pipeline of {given.module_name} {error}.") from None
    with catalogue.own_code(Path(module.__file__ or given.module_name)):
        return module.get_pipeline(**arguments)


def _of_folder(name: str) -> Any:
    """The pipeline.py of the pipeline `name`, else the generic module. Raises InputError when there is no such name."""
    own = catalogue.folder(name) / "pipeline.py"
    return catalogue.load(own) if own.is_file() else importlib.import_module("model_build.pipeline")


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception as error:  # code of the user's own may raise anything
        raise InputError(f"--module-name {name}: {type(error).__name__}: {error}.") from error


def _literal(text: str | None, option: str, kind: type) -> Any:
    """A JSON document or Python literal on the command line, as the templates' own programs take it."""
    if not text:
        return kind()
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise InputError(f"{option}: {text!r} is neither JSON nor a Python literal.") from None
    if not isinstance(value, kind):
        raise InputError(f"{option}: {text!r} is no {kind.__name__}.")
    return value
