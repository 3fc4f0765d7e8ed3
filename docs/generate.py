"""Write the pages that follow from the code: the commands and the keys of a pipeline's and its stages' configuration.

`make docs` writes them; a test fails when they are stale.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mlops.app import app
from model_build.algorithms import ALGORITHMS
from model_build.config import Config
from model_deploy.config import Stage

HERE = Path(__file__).parent


def commands() -> str:
    """`commands.md`: every command with its arguments and options."""
    return "# Commands\n\n" + "\n".join(_command("mlops", typer.main.get_command(app))) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        if name != "mlops":
            yield f"## {name}\n\n{command.help}\n"
        for each, child in command.commands.items():
            yield from _command(f"{name} {each}", child)
        return
    yield f"## {name}\n\n{command.help}\n"
    rows = [row for parameter in command.params if (row := _parameter(parameter))]
    if rows:
        yield "\n".join(["| argument or option | meaning |", "|---|---|", *rows]) + "\n"


def _parameter(parameter: Any) -> str | None:
    if parameter.name == "help":
        return None
    if parameter.param_type_name == "option":
        name = ", ".join(parameter.opts) + (f" {parameter.metavar}" if parameter.metavar else "")
    else:
        name = parameter.metavar or parameter.name.upper()
    return f"| `{name}` | {parameter.help or ''} |"


def configuration() -> str:
    """`configuration.md`: every section and key of `config.toml`, and of the stages' files."""
    sections: dict[str, Any] = {f"[{name}]": field.annotation for name, field in Config.model_fields.items()}
    for name, algorithm in ALGORITHMS.items():
        sections[f"[train.hyperparameters] of {name}"] = algorithm.hyperparameters
    pipeline = ["# config.toml of a pipeline\n", "Unknown keys are refused. `mlops new` writes a file to begin with.\n"]
    stage = [
        "# base.toml, staging.toml and prod.toml in model_deploy/stages\n",
        "What stands in a stage's own file wins over base.toml. Unknown keys, and what AWS would refuse, are refused "
        "with a reason: `mlops check NAME` tells all of it before anything runs.\n",
    ]
    parts = [*pipeline, *(_section(*each) for each in sections.items())]
    return "\n".join([*parts, *stage, *(_section(*each) for each in _stage_sections("", Stage))])


def _stage_sections(name: str, model: Any) -> Iterator[tuple[str, Any]]:
    """A section, and those within it."""
    yield (f"[{name}]" if name else "Above the sections"), model
    for key, inner in _inner(model).items():
        yield from _stage_sections(f"{name}.{key}" if name else key, inner)


def _inner(model: Any) -> dict[str, Any]:
    """The keys of a section that are sections themselves."""
    found = {}
    for name, field in model.model_fields.items():
        for kind in (
            field.annotation,
            *(get_args(field.annotation) if get_origin(field.annotation) is not dict else ()),
        ):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found[name] = kind
    return found


def _section(title: str, model: Any) -> str:
    parts = [f"## {title}\n"]
    if model.__doc__ and model.__doc__ != model.__base__.__doc__:
        parts.append(" ".join(model.__doc__.split()) + "\n")
    parts.append("| key | takes | default | meaning |\n|---|---|---|---|")
    properties, inner = model.model_json_schema(by_alias=False)["properties"], _inner(model)
    for name, field in model.model_fields.items():
        if model is Stage and name == "name":  # the file's name is the stage's
            continue
        default = "needed" if field.is_required() else f"`{_default(field)}`"
        takes = "a section" if name in inner else _takes(properties[name])
        default = "" if name in inner else default
        parts.append(f"| `{field.alias or name}` | {takes} | {default} | {field.description or ''} |")
    return "\n".join([*parts, ""])


BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def _takes(schema: dict[str, Any]) -> str:
    """What a key accepts, in words, out of its JSON schema."""
    if "anyOf" in schema:
        return " or ".join(_takes(option) for option in schema["anyOf"] if option.get("type") != "null")
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "enum" in schema.get("items", {}):
        return f"list of {_takes(schema['items'])}"
    kind = {"array": "list of texts", "string": "text", "object": "table"}.get(schema["type"], schema["type"])
    return " ".join([kind, *(f"{sign} {schema[bound]}" for bound, sign in BOUNDS.items() if bound in schema)])


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True)
    return list(value) if isinstance(value, tuple) else value


PAGES = {"commands.md": commands, "configuration.md": configuration}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (HERE / page).write_text(write(), encoding="utf-8")
