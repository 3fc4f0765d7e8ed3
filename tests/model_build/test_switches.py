"""Every pair of values of every switch gives a definition that AWS would take, with all the security asked for."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from local_aws.pipelines.check import check as refused_by_the_server
from model_build import config
from model_build.check import shapes, violations
from model_build.check.kinds import TYPES
from tests.conftest import ROOT
from tests.model_build.conftest import define
from tests.model_build.switches import KEY, Base, Pair, pairs, rows, switches

PIPELINES = ("credit", "invoices")

#: What makes no sense and is refused, by pipeline: a value on its own, or two that contradict each other.
ALONE = {
    "credit": set(),
    "invoices": {
        "columns.task=multiclass",
        "columns.task=regression",
        "preprocess.impute=none",
        "split.by=time",
    },
}
CONTRADICTIONS = """
analysis.engine=clarify + analysis.hold_baseline=True
analysis.engine=clarify + partial_dependence=one
analysis.engine=clarify + train.engine=builtin
analysis.engine=off + analysis.fail_on_violation=False
analysis.engine=off + analysis.fail_on_violation=True
analysis.engine=off + analysis.hold_baseline=False
analysis.engine=off + analysis.hold_baseline=True
analysis.engine=off + analysis.register_new_baseline=False
analysis.engine=off + analysis.register_new_baseline=True
analysis.engine=off + analysis.skip_check=False
analysis.engine=off + analysis.skip_check=True
analysis.engine=off + bias_gate=four_fifths
analysis.engine=off + partial_dependence=one
analysis.fail_on_violation=False + train.engine=builtin
analysis.fail_on_violation=True + train.engine=builtin
analysis.hold_baseline=False + train.engine=builtin
analysis.hold_baseline=True + train.engine=builtin
analysis.register_new_baseline=False + train.engine=builtin
analysis.register_new_baseline=True + train.engine=builtin
analysis.skip_check=False + train.engine=builtin
analysis.skip_check=True + train.engine=builtin
bias_gate=four_fifths + columns.task=multiclass
bias_gate=four_fifths + columns.task=regression
bias_gate=four_fifths + facets=none
bias_gate=four_fifths + train.engine=builtin
champion.bound=lower + train.engine=builtin
champion.bound=upper + train.engine=builtin
champion.bound=value + train.engine=builtin
champion.enabled=True + train.engine=builtin
columns.task=multiclass + threshold=fixed
columns.task=multiclass + threshold=recall
columns.task=multiclass + train.algorithm=random_cut_forest
columns.task=multiclass + train.engine=builtin
columns.task=regression + threshold=fixed
columns.task=regression + threshold=recall
columns.task=regression + train.algorithm=random_cut_forest
columns.task=regression + train.engine=builtin
event_time=none + split.by=time
parents=one + train.engine=builtin
parents=one + tuning.strategy=grid
partial_dependence=one + train.engine=builtin
preprocess.impute=none + train.algorithm=random_cut_forest
preprocess.impute=none + train.engine=builtin
ranges=one + train.engine=builtin
ranges=one + tuning.strategy=grid
ranges=one + tuning.warm_start=identical
train.algorithm=xgboost + train.engine=builtin
train.engine=builtin + tuning.enabled=True
tuning.enabled=True + tuning.warm_start=identical
"""

Define = Callable[[Base, dict[str, str]], tuple[config.Config, dict[str, Any]]]


@cache
def base(pipeline: str) -> Base:
    return Base(ROOT / "model_build/pipelines" / pipeline)


@cache
def sorted_out(pipeline: str) -> tuple[set[Pair], set[Pair]]:
    return pairs(base(pipeline))


@pytest.fixture
def defined(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Define:
    """Configuration and definition with some switches thrown."""
    folder = tmp_path_factory.mktemp("switches")

    def make(on: Base, chosen: dict[str, str]) -> tuple[config.Config, dict[str, Any]]:
        parsed = on.config(chosen)
        monkeypatch.setattr(config, "load", lambda _: parsed)
        return parsed, define(folder)

    return make


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_what_contradicts_each_other_is_known(pipeline: str) -> None:
    """Whoever adds a refusal says so here; all other pairs must work."""
    refused = sorted_out(pipeline)[1]
    alone = {f"{name}={value}" for name, values in switches().items() for value in values} - {
        f"{name}={value}"
        for name, values in switches().items()
        for value in values
        if base(pipeline).holds({name: value})
    }
    assert alone == ALONE[pipeline]
    found = {" + ".join(sorted(pair)) for pair in refused if not pair & alone}
    known = {line for line in CONTRADICTIONS.split("\n") if line and not set(line.split(" + ")) & alone}
    assert found == known


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_pair_of_values_gives_a_definition_that_aws_would_take(pipeline: str, defined: Define) -> None:
    """A few dozen configurations hold every pair; in each, security reaches all that takes any."""
    on, (possible, _) = base(pipeline), sorted_out(pipeline)
    seen: set[Pair] = set()
    for chosen in rows(on, possible):
        parsed, definition = defined(on, chosen)
        assert faults(definition, parsed) == [], chosen
        named = ["=".join(item) for item in chosen.items()]
        seen |= {frozenset({one, other}) for one in named for other in named if one != other}
    assert possible <= seen


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("switch", sorted(switches()))
def test_every_value_with_every_other_alone(pipeline: str, switch: str, defined: Define) -> None:
    """Two switches thrown and nothing else; pairs stand with the switch that comes first by name."""
    for pair in sorted(sorted_out(pipeline)[0], key=sorted):
        chosen = dict(item.split("=", 1) for item in sorted(pair))
        if min(chosen) == switch:
            parsed, definition = defined(base(pipeline), chosen)
            assert faults(definition, parsed) == [], chosen


def faults(definition: dict[str, Any], parsed: config.Config) -> list[str]:
    """What our check, the server's and the demands on security have against a definition."""
    return [*violations(definition), *refused_by_the_server(definition), *insecure(definition, parsed.security)]


#: Members of requests that hold a key, and the two that must say yes. A job's network has these names in all requests.
KEYS = {"VolumeKmsKeyId", "KmsKeyId"}
ISOLATION, ENCRYPTION = "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"
#: Members that a request may leave out and that must be there to hold the above.
NEEDED = {"NetworkConfig", "OutputDataConfig", "ProcessingOutputConfig", "SecurityConfig", "TransformOutput"}


def insecure(definition: dict[str, Any], security: config.Security) -> list[str]:
    """One sentence for each place in a request that takes security and does not have what the configuration asks."""
    return [sentence for step in steps_of(definition["Steps"]) for sentence in _insecure_step(step, security)]


def steps_of(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield step
        for side in ("IfSteps", "ElseSteps"):
            yield from steps_of(step["Arguments"].get(side, []) if step["Type"] == "Condition" else [])


def _insecure_step(step: dict[str, Any], security: config.Security) -> Iterator[str]:
    kind = TYPES.get(step["Type"])
    if step.get("CheckType", "").startswith("MODEL"):  # it asks an endpoint, which isolation would keep it from
        security = security.model_copy(update={"network_isolation": False})
    if kind is not None:
        shape = shapes.model().operation_model(kind.operation).input_shape
        yield from _insecure(step["Arguments"], shape, step["Name"], security)


def _insecure(given: dict[str, Any], shape: Any, place: str, security: config.Security) -> Iterator[str]:
    wanted = {
        **dict.fromkeys(KEYS, security.kms_key),
        ISOLATION: security.network_isolation,
        ENCRYPTION: security.encrypt_between_containers,
    }
    for name, member in shape.members.items():
        here = f"{place}.{name}"
        if name in wanted and (given.get(name) or None) != (wanted[name] or None):
            yield f"{here} is {given.get(name)!r}, it must be {wanted[name]!r}"
        elif name == "VpcConfig":
            subnets = given.get(name, {}).get("Subnets", [])
            if subnets != list(security.subnets):
                yield f"{here} has the subnets {subnets}, it must have {list(security.subnets)}"
        elif isinstance(given.get(name), dict) and member.type_name == "structure":
            yield from _insecure(given[name], member, here, security)
        elif name in NEEDED and name not in given and (security.kms_key or name == "NetworkConfig"):
            yield f"{here} is missing"


@pytest.mark.parametrize("member", ["KmsKeyId", "VolumeKmsKeyId", ISOLATION, ENCRYPTION, "VpcConfig"])
def test_a_job_without_its_security_would_be_found(member: str, defined: Define) -> None:
    """Taken out of one job after the other, each loss is told with step and member."""
    asked = {"kms_key": "arn", "vpc": "given", "security.encrypt_between_containers": "True", "tuning.enabled": "True"}
    parsed, definition = defined(base("credit"), asked)
    assert parsed.security.kms_key == KEY
    assert insecure(definition, parsed.security) == []
    jobs = [step["Name"] for step in definition["Steps"] if step["Type"] in ("Processing", "Tuning")]
    for name in jobs:
        broken = json.loads(json.dumps(definition))
        step = next(step for step in broken["Steps"] if step["Name"] == name)
        without(step["Arguments"], member)
        found = insecure(broken, parsed.security)
        assert len(found) >= 1
        assert all(name in sentence and member in sentence for sentence in found)


def without(value: Any, member: str) -> None:
    if isinstance(value, dict):
        value.pop(member, None)
        for inner in value.values():
            without(inner, member)
