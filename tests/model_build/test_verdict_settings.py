"""The rule of the gate that Verdict is given, with the defaults that a configuration leaves open."""

import tomllib

import pytest

from model_build import config
from model_build.steps.verdict import gate
from tests.model_build.conftest import SMALL


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("", {"metric": "auc", "bound": "lower", "minimum": 0.5}),
        ("minimum = 0.7", {"metric": "auc", "bound": "lower", "minimum": 0.7}),
        ('metric = "log_loss"\nmaximum = 0.5', {"metric": "log_loss", "bound": "upper", "maximum": 0.5}),
        (
            'metric = "log_loss"\nbound = "value"\nmaximum = 0.5',
            {"metric": "log_loss", "bound": "value", "maximum": 0.5},
        ),
    ],
    ids=["nothing", "minimum", "maximum", "bound"],
)
def test_the_careful_end_of_the_interval_is_the_default(said: str, rule: dict[str, object]) -> None:
    assert gate(config.parse(tomllib.loads(f"{SMALL}\n[gate]\n{said}\n"), "config.toml")) == rule
