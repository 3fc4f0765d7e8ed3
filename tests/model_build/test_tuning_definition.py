"""Tuning and Spot in the definition: what they change, what they keep, and what is refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from contract.errors import InputError
from model_build import config
from model_build.check import refuse
from model_build.config import tuning
from model_build.hyperparameters import XGBoost
from tests.model_build.conftest import SMALL, define
from tests.model_build.test_definition import differences, flat

SECURITY = """
[security]
kms_key = "alias/key"
subnets = ["subnet-1"]
security_groups = ["sg-1"]
encrypt_between_containers = true
tags = { team = "risk" }
"""


def defined(folder: Path, text: str) -> dict[str, Any]:
    (folder / config.FILE).write_text(SMALL + text, encoding="utf-8")
    found = define(folder)
    refuse(json.dumps(found))
    return found


def step(definition: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in definition["Steps"] if row["Name"] == name)


def test_tuning_changes_train_and_where_the_model_is_and_nothing_else(small: Path) -> None:
    off, on = defined(small, SECURITY), defined(small, SECURITY + "[tuning]\nenabled = true\n")
    values = dict(flat(off))
    found = {path for path in differences(off, on) if not path.startswith((".Steps.Train.", ".Steps.Tune."))}
    hashes = {path for path in found if re.fullmatch("[0-9a-f]{64}", str(values.get(path)))}
    assert len(hashes) == 2, "the hash of all code, in the gate and in the package: the bundle's step has another name"
    models = {path for path in found - hashes if "ModelDataUrl" in path or "S3Input.S3Uri" in path}
    told = {path for path in found if path.startswith(".Steps.Verdict.Arguments.Environment.T")}
    assert found - hashes - models - told == set()
    assert dict(flat(on))[".Steps.Verdict.Arguments.Environment.TUNED_eta.Get"] == (
        "Steps.Tune.BestTrainingJob.TunedHyperParameters['eta']"
    )
    assert {path.split(".")[2] for path in models} >= {"Evaluate", "Gate"}
    names = [row["Name"] for row in off["Steps"]]
    assert [row["Name"] for row in on["Steps"]] == ["Tune" if name == "Train" else name for name in names]


def test_a_tuned_training_job_is_the_same_job(small: Path) -> None:
    """All of Train but its hyperparameters, its outputs' folder and its code's stays, and the security first."""
    train = step(defined(small, SECURITY), "Train")["Arguments"]
    tune = step(defined(small, SECURITY + "[tuning]\nenabled = true\n"), "Tune")["Arguments"]
    job = tune["TrainingJobDefinition"]
    assert job["ResourceConfig"] == train["ResourceConfig"]
    assert job["ResourceConfig"]["VolumeKmsKeyId"] == "alias/key"
    assert job["OutputDataConfig"]["KmsKeyId"] == "alias/key"
    assert job["EnableNetworkIsolation"] is train["EnableNetworkIsolation"] is True
    assert job["EnableInterContainerTrafficEncryption"] is train["EnableInterContainerTrafficEncryption"] is True
    assert job["VpcConfig"] == train["VpcConfig"]
    assert tune["Tags"] == train["Tags"]
    for member in ("RoleArn", "StoppingCondition", "Environment", "InputDataConfig"):
        assert job[member] == train[member], member
    tuned = {row["Name"] for rows in tune["HyperParameterTuningJobConfig"]["ParameterRanges"].values() for row in rows}
    assert tuned == {"colsample_bytree", "eta", "max_depth", "min_child_weight", "subsample"}
    kept = {name: value for name, value in train["HyperParameters"].items() if name not in tuned}
    assert job["StaticHyperParameters"] == kept


def test_the_default_ranges_lie_about_the_defaults() -> None:
    for name, row in tuning.DEFAULTS["xgboost"].items():
        default = getattr(XGBoost(), name) or 1.0  # not sent: XGBoost's own min_child_weight is 1
        assert row.min is not None
        assert row.max is not None
        assert row.min < default < row.max, name


def test_without_isolation_it_is_not_isolated(small: Path) -> None:
    tune = step(defined(small, "[tuning]\nenabled = true\n[security]\nnetwork_isolation = false\n"), "Tune")
    assert not tune["Arguments"]["TrainingJobDefinition"].get("EnableNetworkIsolation")


def test_every_key_of_tuning_arrives(small: Path) -> None:
    text = """
[tuning]
enabled = true
strategy = "random"
objective = "logloss"
max_jobs = 7
max_parallel = 3
early_stopping = true
seed = 9
parents = ["earlier"]
warm_start = "identical"
ranges.eta = { min = 0.1, max = 0.4, scaling = "linear" }
ranges.num_round = { values = [10, 20] }
"""
    tune = step(defined(small, text), "Tune")["Arguments"]
    assert tune["HyperParameterTuningJobConfig"] == {
        "Strategy": "Random",
        "ResourceLimits": {"MaxParallelTrainingJobs": 3, "MaxNumberOfTrainingJobs": 7},
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:logloss"},
        "ParameterRanges": {
            "ContinuousParameterRanges": [
                {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.4", "ScalingType": "Linear"}
            ],
            "CategoricalParameterRanges": [{"Name": "num_round", "Values": ["10", "20"]}],
        },
        "TrainingJobEarlyStoppingType": "Auto",
        "RandomSeed": 9,
    }
    assert tune["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "earlier"}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    static = tune["TrainingJobDefinition"]["StaticHyperParameters"]
    assert "eta" not in static
    assert "num_round" not in static
    assert static["max_depth"] == "4"


def test_a_forest_is_tuned_by_metrics_of_its_own(small: Path) -> None:
    text = '[tuning]\nenabled = true\n[train]\nalgorithm = "random_cut_forest"\n'
    job = step(defined(small, text), "Tune")["Arguments"]
    names = [row["Name"] for row in job["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]]
    assert job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"] in names


@pytest.mark.parametrize("tuned", [False, True])
def test_spot_brings_a_wait_and_checkpoints_of_its_own(small: Path, tuned: bool) -> None:
    tuning = "[tuning]\nenabled = true\n" if tuned else ""
    spot = "[spot]\nenabled = true\nmax_wait_seconds = 5000\n"

    def job(text: str) -> dict[str, Any]:
        found = step(defined(small, tuning + text), "Tune" if tuned else "Train")["Arguments"]
        arguments: dict[str, Any] = found.get("TrainingJobDefinition", found)
        return arguments

    plain, found = job(""), job(spot)
    assert "CheckpointConfig" not in plain
    assert not plain.get("EnableManagedSpotTraining")
    assert found["EnableManagedSpotTraining"] is True
    assert found["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 5000}
    assert found["Environment"]["CHECKPOINTS"] == "/opt/ml/checkpoints"
    place = found["CheckpointConfig"]["S3Uri"]["Std:Join"]["Values"]
    assert place[-1] == {"Get": "Parameters.InputDataFingerprint"}
    other = job(spot + "[train.hyperparameters]\nmax_bin = 64\n")["CheckpointConfig"]["S3Uri"]["Std:Join"]["Values"]
    assert other[1] != place[1]


def test_a_forest_on_spot_has_no_checkpoints(small: Path) -> None:
    text = '[spot]\nenabled = true\n[train]\nalgorithm = "random_cut_forest"\n'
    found = step(defined(small, text), "Train")["Arguments"]
    assert found["EnableManagedSpotTraining"] is True
    assert "CheckpointConfig" not in found


FOREST, HOSTS = '\n[train]\nalgorithm = "random_cut_forest"', "\n[instances]\ntraining_count = 60"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ranges.eta = { min = 0.3, max = 0.1 }", "tuning.ranges.eta: min = 0.3 is not below max = 0.1."),
        ("ranges.max_depth = { min = 1, max = 2.5 }", "tuning.ranges.max_depth: min and max must be whole numbers."),
        ("ranges.eta = { min = 0.1 }", "tuning.ranges.eta: min and max go together; name both."),
        ("ranges.eta = { min = 0.1, max = 0.2, values = [1] }", "a range has either min and max, or values."),
        ("ranges.eta = { min = 0, max = 0.2, scaling = 'logarithmic' }", "logarithmic scaling needs a min above 0."),
        ("ranges.subsample = { min = 0.5, max = 1.5 }", "tuning.ranges.subsample: 1.5: it must be at most 1"),
        ("ranges.seed = { min = 1, max = 9 }", "tuning.ranges.seed: xgboost cannot tune it"),
        ("objective = 'rmse'", "tuning.objective = 'rmse' is none of a binary task; known are auc, logloss, error."),
        ("objective = 'error'", "tuning.objective = 'error' is not on the log"),
        ("max_parallel = 13", "tuning.max_parallel = 13 is more than tuning.max_jobs = 12."),
        ("strategy = 'grid'\nranges.eta = { values = [0.1, 0.2] }", "the grid has 2 combinations"),
        ("strategy = 'grid'", 'strategy = "grid" needs values, not min and max.'),
        ("max_jobs = 2\nstrategy = 'grid'\nparents = ['a']\nranges.eta = { values = [0.1, 0.2] }", "tuning.parents:"),
        ("parents = ['']", "tuning.parents.0 = '': the name of a tuning job has up to 32"),
        ("parents = ['bad name!']", "tuning.parents.0 = 'bad name!': "),
        (f"parents = ['{'a' * 33}']", "the name of a tuning job has up to 32 letters"),
        ("parents = ['a', 'a']", "tuning.parents: a job stands twice."),
        ("ranges.max_depth = { values = [2.5, 3] }", "tuning.ranges.max_depth: values must be whole numbers"),
        ("ranges.max_depth = { values = [2.0, 3] }", "tuning.ranges.max_depth: values must be whole numbers"),
        ("ranges.max_depth = { values = [true, 3] }", "tuning.ranges.max_depth.values.0 = True: a number is needed"),
        ("ranges.max_depth = { values = ['2', 3] }", "tuning.ranges.max_depth: values must be whole numbers"),
        ("ranges.max_depth = { min = true, max = 3 }", "tuning.ranges.max_depth.min = True: a number is needed"),
        ("ranges.max_depth = { min = 0, max = 1e40 }", "reads whole numbers of 32 bits"),
        ("ranges.max_depth = { min = 3, max = 3 }", "tuning.ranges.max_depth: min = 3 is not below max = 3."),
        ("ranges.gamma = { min = 0, max = inf }", "tuning.ranges.gamma.max = inf: a number is needed"),
        ("ranges.gamma = { min = nan, max = 1 }", "tuning.ranges.gamma.min = nan: a number is needed"),
        ("ranges.gamma = { values = [inf] }", "tuning.ranges.gamma.values.0 = inf: a number is needed"),
        ("ranges.gamma = { min = 0, max = 1e300 }", "tuning.ranges.gamma: 1e+300: the algorithm reads numbers of 32"),
        ("ranges.eta = { min = '0.1', max = 0.2 }", "tuning.ranges.eta.min = '0.1': a number is needed"),
        ("ranges.eta = { values = ['0.1'] }", "tuning.ranges.eta: '0.1': write a number."),
        ("ranges.eta = { values = [0.1, 0.10] }", "tuning.ranges.eta: a value stands twice."),
        ("seed = 99999999999", "tuning.seed = 99999999999"),
        ("[train.hyperparameters]\neval_metric = 'logloss'", "tuning.objective = 'auc' is not on the log"),
        ("ranges.max_depth = { min = 0, max = 3 }\n[train.hyperparameters]\ntree_method = 'exact'", "0: tree_method ="),
        ("ranges.num_trees = { min = 50, max = 90 }" + FOREST + HOSTS, "than the 50 trees"),
        ("ranges.num_trees = { values = [59, 90] }" + FOREST + HOSTS, "than the 59 trees"),
        (FOREST + HOSTS, "than the 50 trees"),
        ("ranges.num_samples_per_tree = { min = 1, max = 9 }" + FOREST, "tuning.ranges.num_samples_per_tree: 1: "),
    ],
)
def test_what_cannot_be_tuned_is_refused_in_a_sentence(small: Path, text: str, sentence: str) -> None:
    (small / config.FILE).write_text(f"{SMALL}[tuning]\nenabled = true\n{text}\n")
    with pytest.raises(InputError) as refused:
        config.load(small)
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[train.hyperparameters]\neval_metric = 'logloss, auc'",
        '[train.hyperparameters]\neval_metric = \'["logloss", "auc"]\'',
        "[train.hyperparameters]\neval_metric = ['logloss', 'auc']",
        "ranges.eta = { values = [1, 0.5] }",
        "ranges.max_depth = { min = 2.0, max = 3.0 }",
        "ranges.num_trees = { min = 60, max = 90 }" + FOREST + HOSTS,
    ],
    ids=["names", "json", "list", "a whole rate", "whole ends", "enough trees"],
)
def test_what_can_be_tuned_is_taken(small: Path, text: str) -> None:
    (small / config.FILE).write_text(f"{SMALL}[tuning]\nenabled = true\n{text}\n")
    assert config.load(small).tuning.enabled


def test_a_wait_shorter_than_the_runtime_is_refused(small: Path) -> None:
    (small / config.FILE).write_text(f"{SMALL}[spot]\nenabled = true\nmax_wait_seconds = 100\n")
    with pytest.raises(InputError, match=r"spot\.max_wait_seconds = 100 is less than"):
        config.load(small)
