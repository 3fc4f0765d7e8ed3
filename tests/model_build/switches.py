"""The switches of a configuration, and few configurations in which every pair of their values stands together."""

import itertools
import tomllib
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from contract.errors import InputError
from model_build import config
from model_build.config import Config

#: "section.key" → value; None takes the key away.
Change = Mapping[str, Any]
Pair = frozenset[str]

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

#: Keys that are neither a Literal nor a truth value, with values that change what is built: name → change.
OTHERS: dict[str, dict[str, Change]] = {
    "gate": {
        "default": {"gate.metric": None, "gate.bound": None, "gate.minimum": None, "gate.maximum": None},
        "maximum": {"gate.metric": None, "gate.minimum": None, "gate.maximum": 0.99},
    },
    "facets": {"none": {"columns.facets": []}, "two": {"columns.facets": 2}},
    "bias_gate": {"four_fifths": {"analysis.bias_gate": {"DI": 0.8}}},
    "partial_dependence": {"one": {"analysis.partial_dependence": 1}},
    "ranges": {"one": {"tuning.enabled": True, "tuning.ranges": 1}},
    "parents": {"one": {"tuning.enabled": True, "tuning.parents": ["earlier"]}},
    "kms_key": {"alias": {"security.kms_key": "alias/key"}, "arn": {"security.kms_key": KEY}},
    "vpc": {"given": {"security.subnets": ["subnet-1", "subnet-2"], "security.security_groups": ["sg-1"]}},
    "tags": {"two": {"security.tags": {"team": "risk", "cost-centre": "42"}}},
    "processing_count": {"three": {"instances.processing_count": 3}},
    "training_count": {"three": {"instances.training_count": 3}},
    "inference": {"one": {"instances.inference": ["ml.m5.large"]}},
    "input_data": {"elsewhere": {"pipeline.input_data": "s3://elsewhere/data/"}},
    "event_time": {"none": {"columns.event_time": None}},
    "threshold": {"fixed": {"train.threshold": "fixed:0.5"}, "recall": {"train.threshold": "recall:0.9"}},
    "mlflow": {"server": {"mlflow.tracking_uri": "http://127.0.0.1:5000"}},
}

#: What has to change with a value, unless another switch decides about it.
TOGETHER: dict[str, Change] = {
    "columns.task=multiclass": {"columns.positive": None, "gate.metric": None, "gate.minimum": None},
    "columns.task=regression": {"columns.positive": None, "gate.metric": None, "gate.minimum": None},
    "train.engine=builtin": {"train.algorithm": "random_cut_forest", "train.hyperparameters": {}},
    "train.algorithm=xgboost": {"train.hyperparameters": {}, "train.engine": "script"},
    "tuning.strategy=grid": {"tuning.max_jobs": 2, "tuning.ranges": 2},
    "split.by=time": {"split.key": []},
    "bias_gate=four_fifths": {"columns.facets": 1},
}


def switches() -> dict[str, list[str]]:
    """Switch → its values as texts: each Literal and each truth value of the configuration, and OTHERS."""
    found = {key: [str(value) for value in values] for key, values in _literals().items()}
    return found | {key: list(changes) for key, changes in OTHERS.items()}


def _literals() -> dict[str, list[Any]]:
    rows = {}
    for section, field in Config.model_fields.items():
        kind: Any = field.annotation
        for key, leaf in kind.model_fields.items():
            if values := list(_values(leaf.annotation)):
                rows[f"{section}.{key}"] = values
    return rows


def _values(annotation: Any) -> Iterator[Any]:
    if annotation is bool:
        yield from (True, False)
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _values(each)


class Base:
    """A pipeline's configuration, on which switches are thrown."""

    def __init__(self, folder: Path) -> None:
        self.document: dict[str, Any] = tomllib.loads((folder / config.FILE).read_text(encoding="utf-8"))

    def config(self, chosen: Mapping[str, str]) -> Config:
        """The configuration with `chosen` (switch → value). Raises InputError when it contradicts itself."""
        explicit = dict(itertools.chain.from_iterable(self._change(*item).items() for item in chosen.items()))
        along: dict[str, Any] = {}
        for switch, value in chosen.items():
            along |= TOGETHER.get(f"{switch}={value}", {})
        new = {section: dict(values) for section, values in self.document.items()}
        for key, value in {**along, **explicit}.items():
            section, _, name = key.partition(".")
            held = new.setdefault(section, {})
            held.pop(name, None)
            if value is not None:
                held[name] = self._resolved(key, value)
        if isinstance(count := new.get("tuning", {}).get("ranges"), int):
            new["tuning"]["ranges"] = _ranges(new.get("train", {}).get("algorithm", "xgboost"), count)
        return config.parse(new, "config.toml")

    def holds(self, chosen: Mapping[str, str]) -> bool:
        """Whether `chosen` makes sense together."""
        try:
            self.config(chosen)
        except InputError:
            return False
        return True

    def _change(self, switch: str, value: str) -> Change:
        if switch in OTHERS:
            return OTHERS[switch][value]
        return {switch: next(each for each in _literals()[switch] if str(each) == value)}

    def _resolved(self, key: str, value: Any) -> Any:
        """A number of columns as the first of them."""
        columns = self.document["columns"]
        if key == "columns.facets" and isinstance(value, int):
            return columns["categorical"][:value]
        if key == "analysis.partial_dependence" and isinstance(value, int):
            return [*columns["categorical"][:1], *columns["numeric"][:1]][:value]
        return value


def _ranges(algorithm: str, values: int) -> dict[str, Any]:
    """A range of the algorithm's: from one value to another, or two values."""
    name, low, high = ("max_depth", 3, 4) if algorithm == "xgboost" else ("num_trees", 50, 60)
    return {name: {"min": low, "max": high} if values == 1 else {"values": [low, high]}}


def pairs(base: Base) -> tuple[set[Pair], set[Pair]]:
    """Pairs of "switch=value" that make sense together, and those that do not."""
    items = [(switch, value) for switch, values in switches().items() for value in values]
    both = ((one, other) for one, other in itertools.combinations(items, 2) if one[0] != other[0])
    sorted_out: tuple[set[Pair], set[Pair]] = (set(), set())
    for one, other in both:
        pair = frozenset({"=".join(one), "=".join(other)})
        sorted_out[0 if base.holds(dict([one, other])) else 1].add(pair)
    return sorted_out


def rows(base: Base, wanted: set[Pair]) -> Iterator[dict[str, str]]:
    """Configurations in which each pair of `wanted` stands at least once; greedy, and always the same ones."""
    left = dict.fromkeys(sorted(wanted, key=sorted))
    table = switches()
    while left:
        chosen = dict(item.split("=", 1) for item in sorted(next(iter(left))))
        for switch, values in table.items():
            if switch in chosen:
                continue
            gains = {value: _gain(chosen, switch, value, left) for value in values}
            for value in sorted((value for value in values if gains[value]), key=lambda value: -gains[value]):
                if base.holds({**chosen, switch: value}):
                    chosen[switch] = value
                    break
        for one, other in itertools.combinations(chosen.items(), 2):
            left.pop(frozenset({"=".join(one), "=".join(other)}), None)
        yield chosen


def _gain(chosen: Mapping[str, str], switch: str, value: str, left: Mapping[Pair, None]) -> int:
    """How many pairs that no configuration has yet the value would bring."""
    return sum(frozenset({f"{switch}={value}", "=".join(item)}) in left for item in chosen.items())
