"""`mlops new`: look at a data file and write the configuration of a pipeline for it, readable and commented."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.columns import Columns, Task
from contract.errors import InputError
from model_build import catalogue, config, roles
from preprocessing import read
from preprocessing.clean import has_text, texts_of

#: Rows that are looked at; the first ones.
ROWS = 100_000

#: What a pipeline may be called: the pattern of CreatePipeline.
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")

#: What becomes of the facets: a task of two classes alone tells which decision is the good one.
_COMPARED: dict[Task, str] = {
    "binary": "whose groups the bias analysis compares",
    "multiclass": 'compared once [analysis] favourable = ["…"] names the classes that are good for a person',
    "regression": "compared once [analysis] favourable_above = … says above which value it is good for a person",
}

Values = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True)
class Wishes:
    """What the user said about the columns."""

    label: str
    positive: str | None = None
    facets: tuple[str, ...] = ()
    time: str | None = None
    drop: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def check(self, present: Sequence[str], source: str) -> None:
        """Raises InputError when a column that was named is not there, or has two roles."""
        wanted = {"label": (self.label,), "facet": self.facets, "time": (self.time,), "drop": self.drop}
        for option, named in wanted.items():
            for name in named:
                if name is not None and name not in present:
                    known = ", ".join(map(repr, present))
                    raise InputError(f"--{option} {name}: {source} has no such column; it has {known}.")
        for name in (self.time, *self.drop, *self.facets):
            if name == self.label:
                raise InputError(f"{name!r} is the label and cannot be anything else.")


def write(
    name: str,
    data: Path,
    label: str,
    *,
    positive: str | None = None,
    facets: tuple[str, ...] = (),
    time: str | None = None,
    drop: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
) -> Path:
    """Write `config.toml` of the new pipeline `name` for the file or folder `data`, and return its path.

    Raises InputError when the data cannot be read, a named column is not there, or the pipeline exists already.
    """
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot be a pipeline's name: letters, digits and single hyphens, at most 64.")
    path = catalogue.own_root() / name / config.FILE
    if path.exists():
        raise InputError(f"{path} is there already; remove it or choose another name.")
    text = describe(data, Wishes(label, positive, facets, time, drop, names))
    config.parse(tomllib.loads(text), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def describe(data: Path, wishes: Wishes) -> str:
    """The text of a configuration for `data`."""
    values, unread = look(data, wishes)
    rows = len(values[wishes.label])
    if not rows:
        raise InputError(f"{data.name} has no rows.")
    task = roles.task(wishes.label, values[wishes.label])
    columns = [roles.column(name, values[name]) for name in values if name not in (wishes.label, wishes.time)]
    columns += [roles.Column(name, "drop", why) for name, why in unread.items() if name != wishes.time]
    return "\n".join(_lines(data.name, rows, task, columns, values, wishes)) + "\n"


def look(data: Path, wishes: Wishes) -> tuple[Values, dict[str, str]]:
    """The first rows of the data as texts, None where missing, by column; and the columns not read, with the reason.

    Raises InputError as `preprocessing.read` does, and when a named column is not there.
    """
    if not data.exists():
        raise InputError(f"The data {data} does not exist.")
    found = read.files(data)
    if not found:
        raise InputError(f"The folder {data} holds no data files.")
    if repeated := sorted({name for name in wishes.names if wishes.names.count(name) > 1}):
        raise InputError(f"--names holds {repeated[0]!r} twice; rename one.")
    present = list(wishes.names) or read.header(found[0])
    wishes.check(present, found[0].name)
    others = tuple(name for name in present if name != wishes.label)
    columns = Columns(label=wishes.label, task="regression", drop=others, names=wishes.names)
    unread = dict.fromkeys(wishes.drop, "left out with --drop")
    values: dict[str, list[str | None]] = {name: [] for name in present if name not in unread}
    for batch in read.batches(found, columns, list(values)):
        for name in list(values):
            kind = batch.data.schema.field(name).type
            if name != wishes.label and not has_text(kind):
                unread[name] = f"neither a number nor a text: its type is {kind}"
                del values[name]
            else:
                values[name] += texts_of(batch, name, columns.missing).objects().tolist()
        if len(values[wishes.label]) >= ROWS:
            break
    return {name: texts[:ROWS] for name, texts in values.items()}, unread


def _lines(
    source: str, rows: int, task: Task, columns: Sequence[roles.Column], values: Values, wishes: Wishes
) -> Iterator[str]:
    yield f"# What predicts {wishes.label!r}: written by `mlops new` from the first {rows} rows of {source}."
    yield "# Look at each column's role before the first run. All other keys, with defaults: docs/configuration.md."
    yield ""
    yield "[columns]"
    yield f"label = {_text(wishes.label)}"
    yield f"task = {_text(task)}"
    if task == "binary":
        positive = roles.positive(wishes.label, values[wishes.label], wishes.positive)
        share = sum(value == positive for value in values[wishes.label]) / rows
        yield f"positive = {_text(positive)}  # class 1; {share:.1%} of the rows"
    elif wishes.positive is not None:
        raise InputError(f"--positive belongs to a label of two values; {wishes.label!r} makes a {task} task.")
    for role in ("numeric", "categorical", "drop"):
        yield from _listed(role, [column for column in columns if column.role == role])
    if wishes.facets:
        yield f"facets = [{', '.join(map(_text, wishes.facets))}]  # {_COMPARED[task]}"
    if wishes.time:
        yield f"event_time = {_text(wishes.time)}"
    if wishes.names:
        yield from _names(wishes.names)
    yield ""
    yield "[split]"
    yield from _split(wishes)


def _split(wishes: Wishes) -> Iterator[str]:
    if wishes.time:
        yield 'by = "time"  # the latest rows are the test'
    else:
        yield 'by = "stratified"'
    defaults = config.Split()
    yield from (f"{name} = {getattr(defaults, name)}" for name in ("seed", "train", "validation", "test"))


def _listed(role: str, columns: Sequence[roles.Column]) -> Iterator[str]:
    if not columns:
        return
    entries = [f"    {_text(column.name)}," for column in columns]
    width = min(max(map(len, entries)), 40)
    yield f"{role} = ["
    for entry, column in zip(entries, columns, strict=True):
        yield f"{entry:<{width}}  # {_comment(column.why)}"
    yield "]"


def _names(names: Iterable[str]) -> Iterator[str]:
    yield "names = [  # the header, which the file does not have"
    yield from (f"    {_text(name)}," for name in names)
    yield "]"


def _text(value: str) -> str:
    """A TOML basic string: JSON's, since TOML knows the same escapes."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
