"""The configuration: what it refuses, and how it says so."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from contract.errors import InputError
from model_build import config
from model_build.config import training
from model_build.config.limits import METRICS
from model_build.hyperparameters import XGBoost
from tests.model_build.conftest import SMALL

GOOD: dict[str, Any] = {
    "columns": {
        "label": "bought",
        "task": "binary",
        "positive": "yes",
        "numeric": ["age", "visits"],
        "categorical": ["city"],
    }
}


def with_values(**sections: dict[str, Any]) -> dict[str, Any]:
    return {name: {**GOOD.get(name, {}), **sections.get(name, {})} for name in {**GOOD, **sections}}


FACETS = {"columns": {"facets": ["city"]}}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "bias within nothing": ({**FACETS, "analysis": {"bias_gate": {"CDDL": 0.1}}}, "CDDL compares within the values"),
    "bias that binds nobody": ({**FACETS, "analysis": {"bias_gate": {"DPPL": 7}}}, "DPPL = 7 rejects nothing"),
    "a limit as a text": (
        {**FACETS, "analysis": {"bias_gate": {"DI": "0.8"}}},
        "analysis.bias_gate = {'DI': '0.8'}: write a number, without quotation marks",
    ),
    "a number as a truth": ({"evaluate": {"seed": True}}, "evaluate.seed = True: write a number"),
    "a text as a truth": ({"cache": {"enabled": "true"}}, "cache.enabled = 'true': write true or false"),
    "a perfect model": (
        {"gate": {"minimum": 1.0}},
        "gate.minimum = 1: auc must lie above it, and lies between 0 and 1",
    ),
    "a better than perfect one": (
        {"columns": {"task": "regression", "positive": None}, "gate": {"minimum": 2}},
        "gate.minimum = 2: r2 must lie above it, and lies between -inf and 1",
    ),
    "no error at all": ({"gate": {"metric": "brier", "maximum": 0}}, "gate.maximum = 0: brier must lie below it"),
    "a limit that all meet": ({"gate": {"metric": "brier", "maximum": 2}}, "lies between 0 and 1"),
    "upside down": ({"gate": {"metric": "log_loss", "minimum": 0.5}}, "less log_loss is better; write gate.maximum"),
    "a margin that all keep": ({"champion": {"margin": 5.0}}, "champion.margin = 5: two models differ by at most 1"),
    "an infinite margin": ({"champion": {"margin": math.inf}}, "champion.margin = inf: write a finite number"),
    "an infinite bias": ({**FACETS, "analysis": {"bias_gate": {"AD": math.inf}}}, "bias_gate.AD = inf: write a finite"),
    "no bad decision": ({**FACETS, "analysis": {"favourable": ["yes", "no"]}}, "more than one of the two values"),
    "a good one twice": ({**FACETS, "analysis": {"favourable": ["yes", "yes"]}}, "favourable: 'yes' stands twice"),
    "a facet twice": ({"columns": {"facets": ["city", "city"]}}, "columns.facets: 'city' stands twice"),
    "a group twice": ({**FACETS, "analysis": {"facet_values": {"city": ["Ulm", "Ulm"]}}}, "'Ulm' stands twice for"),
    "no group": ({**FACETS, "analysis": {"facet_values": {"city": []}}}, "no group of 'city' is named"),
    "no recall": ({"train": {"threshold": "recall:0"}}, "train.threshold = 'recall:0'"),
    "grown from nothing": (
        {"tuning": {"enabled": True, "warm_start": "identical"}},
        "name them in tuning.parents",
    ),
    "trees dropped without dart": ({"train": {"hyperparameters": {"rate_drop": 0.1}}}, "rate_drop has no effect"),
    "signs of two of three": (
        {"train": {"hyperparameters": {"monotone_constraints": "(1,1)"}}},
        "monotone_constraints names 2 features, there are 3",
    ),
    "no signs": ({"train": {"hyperparameters": {"monotone_constraints": "up"}}}, "write -1, 0 or 1 for each feature"),
    "a feature too far": (
        {"train": {"hyperparameters": {"interaction_constraints": "[[0,3]]"}}},
        "interaction_constraints names the feature 3, there are 3, numbered from 0",
    ),
    "six parents": ({"tuning": {"parents": list("abcdef")}}, "tuning.parents"),
    "tag without a value": (
        {"security": {"tags": {"team": ""}}},
        "security.tags: 'team' = '' has no value, which the tags of jobs need; write one, or remove the tag.",
    ),
    "tag without a name": ({"security": {"tags": {"": "risk"}}}, "with the value 'risk' has no name; give it one"),
    "long tag": ({"security": {"tags": {"team": "x" * 257}}}, "the value has 257 characters, at most 256 are taken"),
    "long name of a tag": ({"security": {"tags": {"x" * 129: "a"}}}, "= 'a': the name has 129 characters, at most 128"),
    "tag of strange characters": (
        {"security": {"tags": {"team": "a;b"}}},
        "'team' = 'a;b': the value has ';', which no tag may; write letters, digits, spaces and _.:/=+-@ alone.",
    ),
    "too many tags": (
        {"security": {"tags": {f"t{n}": "a" for n in range(51)}}},
        "takes at most 50 tags, and these are",
    ),
    "AWS's own tag": ({"security": {"tags": {"aws:team": "risk"}}}, "security.tags: 'aws:team' is AWS's own"),
    "a name of its own": ({"pipeline": {"partition": "a b"}}, "write letters, digits, _ and - alone"),
    "unknown section": ({"colour": {}}, "colour: this key is not known"),
    "unknown key": ({"split": {"colour": 1}}, "split.colour: this key is not known"),
    "wrong type": ({"evaluate": {"bootstrap": "many"}}, "evaluate.bootstrap = 'many': write a whole number"),
    "out of range": ({"evaluate": {"golden": 0}}, "evaluate.golden = 0"),
    "unknown choice": ({"preprocess": {"encoding": "hash"}}, "preprocess.encoding = 'hash'"),
    "two roles": ({"columns": {"drop": ["age"]}}, "'age' has more than one role"),
    "label as a feature": ({"columns": {"numeric": ["bought"]}}, "'bought' has more than one role"),
    "no feature": ({"columns": {"numeric": [], "categorical": []}}, "no feature is left"),
    "no positive value": ({"columns": {"positive": None}}, "columns.positive is missing"),
    "positive without need": ({"columns": {"task": "regression"}}, "columns.positive belongs to a binary task"),
    "positive that is missing": ({"columns": {"positive": "?"}}, "also in columns.missing"),
    "facet without a role": ({"columns": {"facets": ["sex"]}}, "facets: 'sex' needs a role"),
    "bias of nobody": ({"analysis": {"bias_gate": {"DI": 0.8}}}, "analysis.bias_gate needs groups"),
    "bias metric unknown": ({"columns": {"facets": ["city"]}, "analysis": {"bias_gate": {"D": 1}}}, "no bias metric"),
    "four fifths as 80": ({"columns": {"facets": ["city"]}, "analysis": {"bias_gate": {"DI": 80}}}, "at most 1"),
    "threshold of texts": ({"analysis": {"facet_thresholds": {"city": 1}}}, "'city' is no numeric or dropped column"),
    "groups of no facet": ({"analysis": {"facet_values": {"city": ["Ulm"]}}}, "'city' is not among columns.facets"),
    "group variable": ({"analysis": {"group_variable": "town"}}, "'town' has no role"),
    "good value of a regression": ({"analysis": {"favourable_above": 3}}, "belongs to a regression"),
    "curve of nothing": ({"analysis": {"partial_dependence": ["town"]}}, "'town' is no raw feature"),
    "analysis that is off": (
        {"analysis": {"engine": "off", "bias_gate": {"DI": 0.8}}},
        "has no meaning without Analyze",
    ),
    "an unknown analysis": ({"analysis": {"engine": "other"}}, "analysis.engine = 'other'"),
    "name twice": (
        {"columns": {"names": ["age", "age", "visits", "city", "bought"]}},
        "columns.names: 'age' stands twice",
    ),
    "role without a name": ({"columns": {"names": ["age", "visits", "city"]}}, "'bought' has a role"),
    "shares": ({"split": {"train": 0.8}}, "sum to 1.2"),
    "time without a column": ({"split": {"by": "time"}}, "needs columns.event_time"),
    "key without a role": ({"split": {"key": ["id"]}}, "split.key: 'id'"),
    "metric of another task": ({"gate": {"metric": "r2", "minimum": 0.1}}, "gate.metric = 'r2' is no metric"),
    "metric without a limit": ({"gate": {"metric": "brier"}}, "needs gate.minimum or gate.maximum"),
    "two limits": ({"gate": {"minimum": 0.1, "maximum": 0.9}}, "exclude each other"),
    "threshold rule": ({"train": {"threshold": "best"}}, "train.threshold = 'best'"),
    "half a network": ({"security": {"subnets": ["subnet-1"]}}, "go together"),
    "expiry": ({"cache": {"expire_after": "30 days"}}, "cache.expire_after"),
    "unknown hyperparameter": ({"train": {"hyperparameters": {"depth": 3}}}, "hyperparameters.depth: XGBoost"),
    "hyperparameter out of range": ({"train": {"hyperparameters": {"eta": 2}}}, "hyperparameters.eta = 2"),
    "hyperparameter of a wrong type": (
        {"train": {"hyperparameters": {"max_depth": "six"}}},
        "hyperparameters.max_depth = 'six'",
    ),
    "a number of 70 bits": ({"train": {"hyperparameters": {"max_depth": 2**70}}}, "reads whole numbers of 32 bits"),
    "an infinite hyperparameter": ({"train": {"hyperparameters": {"lambda": math.inf}}}, "reads numbers of 32 bits"),
    "a hyperparameter too small": ({"train": {"hyperparameters": {"eta": 1e-50}}}, "reads numbers of 32 bits"),
    "no metric": ({"train": {"hyperparameters": {"eval_metric": []}}}, "eval_metric is empty"),
    "an empty metric": ({"train": {"hyperparameters": {"eval_metric": ""}}}, "eval_metric: '' is no metric"),
    "an unknown metric": ({"train": {"hyperparameters": {"eval_metric": "auc,foo"}}}, "'foo' is no metric of a binary"),
    "a metric's odd number": ({"train": {"hyperparameters": {"eval_metric": "auc@foo"}}}, "'auc@foo' is no metric"),
    "torn metrics": ({"train": {"hyperparameters": {"eval_metric": "[1"}}}, "eval_metric = '[1' is no list of names"),
    "metrics too deep": ({"train": {"hyperparameters": {"eval_metric": "[" * 100_000}}}, "is no list of names"),
    "numbers for metrics": ({"train": {"hyperparameters": {"eval_metric": "[1]"}}}, "is no list of names"),
    "exact without a depth": (
        {"train": {"hyperparameters": {"tree_method": "exact", "max_depth": 0}}},
        "tree_method = 'exact' needs a limit of the depth",
    ),
    "exact that draws by split": (
        {"train": {"hyperparameters": {"tree_method": "exact", "colsample_bynode": 0.5}}},
        "draws no columns by split",
    ),
    "no probability": ({"train": {"hyperparameters": {"base_score": 2.0}}}, "base_score = 2: a first probability"),
    "constraints unread": ({"train": {"hyperparameters": {"monotone_constraints": "1,0"}}}, "monotone_constraints"),
    "groups unread": ({"train": {"hyperparameters": {"interaction_constraints": "[0]"}}}, "interaction_constraints"),
    "one row a tree": (
        {"train": {"algorithm": "random_cut_forest", "hyperparameters": {"num_samples_per_tree": 1}}},
        "num_samples_per_tree = 1: it must be at least 2",
    ),
    "a forest's seed of 70 bits": (
        {"train": {"algorithm": "random_cut_forest", "hyperparameters": {"seed": 2**70}}},
        "hyperparameters.seed",
    ),
    "a split's seed of 70 bits": ({"split": {"seed": 2**70}}, "split.seed"),
    "an end beyond all floats": (
        {"tuning": {"enabled": True, "ranges": {"gamma": {"min": 0, "max": 10**400}}}},
        "a number is needed, and a finite one",
    ),
    "an infinite limit": ({"gate": {"minimum": math.inf}}, "gate.minimum = inf: write a finite number"),
    "a limit that is none": ({"gate": {"minimum": math.nan}}, "gate.minimum = nan: write a finite number"),
    "a blank query": ({"pipeline": {"query": " ", "database": "shop"}}, "pipeline.query = ' ': a text that is not"),
    "champion by a metric of another task": ({"champion": {"metric": "r2"}}, "champion.metric = 'r2' is no metric"),
    "champion with a negative margin": ({"champion": {"margin": -0.1}}, "champion.margin = -0.1"),
    "a risk that is none": ({"card": {"risk_rating": "Huge"}}, "card.risk_rating = 'Huge'"),
    "objective of another task": (
        {"train": {"hyperparameters": {"objective": "reg:squarederror"}}},
        "does not fit a binary task",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_sentence(case: str) -> None:
    sections, sentence = REFUSED[case]
    with pytest.raises(InputError) as caught:
        config.parse(with_values(**sections), "shop/config.toml")
    lines = str(caught.value).splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("shop/config.toml: ")
    assert sentence in lines[0]
    assert lines[0].endswith(".")


def test_a_number_too_long_for_python_is_no_toml(small: Path) -> None:
    (small / config.FILE).write_text(f"{SMALL}[split]\nseed = {'9' * 5000}\n")
    with pytest.raises(InputError, match="is not TOML"):
        config.load(small)


#: What stands behind a metric's name where it may or must.
NUMBERS = {"error": ("", "@0.25", "@0.0125"), "map": ("", "@3", "@3-"), "ndcg": ("", "@3", "@3-"), "pre": ("", "@2")}


@pytest.mark.parametrize(
    ("task", "objective"),
    [("binary", "binary:logistic"), ("multiclass", "multi:softprob"), ("regression", "reg:gamma")],
)
def test_xgboost_prints_each_metric_under_the_name_that_the_configuration_takes(task: Any, objective: str) -> None:
    labels = {"binary": [0, 1, 1, 0], "multiclass": [0, 1, 2, 0], "regression": [0.5, 1, 2, 3]}[task]
    known = training.METRICS[task]
    names = [name + end for name in known for end in NUMBERS.get(name, ("@1.5",) if "tweedie" in name else ("",))]
    data = xgb.DMatrix(np.arange(4.0).reshape(-1, 1), labels)
    classes = [("num_class", "3")] if task == "multiclass" else []
    booster = xgb.Booster([("objective", objective), *classes, *(("eval_metric", name) for name in names)], [data])
    booster.update(data, 0)
    line = booster.eval_set([(data, "validation")])
    assert [part.rsplit(":", 1)[0] for part in line.split("\t")[1:]] == [f"validation-{name}" for name in names]
    columns = {"task": task} | ({} if task == "binary" else {"positive": None})
    config.parse(with_values(columns=columns, train={"hyperparameters": {"eval_metric": names}}), "c")


def test_several_faults_have_a_line_each() -> None:
    with pytest.raises(InputError) as caught:
        config.parse(with_values(split={"colour": 1}, evaluate={"golden": 0}), "c")
    assert len(str(caught.value).splitlines()) == 2


def test_what_is_left_out_has_a_default() -> None:
    parsed = config.parse(GOOD, "c")
    assert parsed.split.train + parsed.split.validation + parsed.split.test == pytest.approx(1)
    assert parsed.columns.resolved().raw_features == ("age", "visits", "city")
    assert parsed.security.network_isolation


def test_every_key_is_documented() -> None:
    models = [field.annotation for field in config.Config.model_fields.values()] + [XGBoost]
    for model in models:
        for name, field in model.model_fields.items():  # type: ignore[union-attr]
            assert field.description, f"{model}.{name}"


def test_an_own_model_has_its_own_hyperparameters(small: Path) -> None:
    (small / "config.toml").write_text(SMALL + "[train.hyperparameters]\ntrees = 7\n")
    with pytest.raises(InputError, match="trees"):
        config.load(small)
    (small / "train.py").write_text("")
    assert config.load(small).train.hyperparameters == {"trees": 7}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mlops new"):
        config.load(tmp_path)
    (tmp_path / "config.toml").write_text("[columns\n")
    with pytest.raises(InputError, match="is not TOML"):
        config.load(tmp_path)
    (tmp_path / "config.toml").write_bytes(b"\xff")
    with pytest.raises(InputError, match="is not TOML"):
        config.load(tmp_path)


@pytest.mark.parametrize("task", METRICS)
def test_the_metrics_are_those_of_the_report(task: str) -> None:
    """The names that a gate may use are the names that Evaluate writes."""
    import numpy as np

    from analysis.metrics import sample
    from contract.decision import Decision

    labels = np.array([0, 1, 2, 0, 1, 2]) if task == "multiclass" else np.array([0, 1, 0, 1, 1, 0])
    scores = np.eye(3)[labels] * 0.5 + 1 / 6 if task == "multiclass" else np.array([0.1, 0.9, 0.4, 0.6, 0.7, 0.3])
    classes = ("a", "b", "c")[: 3 if task == "multiclass" else 2]
    rows = sample(labels, scores, Decision(task=task, classes=classes, threshold=0.5))  # type: ignore[arg-type]
    assert tuple(rows.values()) == METRICS[task]
