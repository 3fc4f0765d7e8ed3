"""Definitions with Random Cut Forest, by both engines, and the combinations that are refused."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.errors import InputError
from model_build import config
from model_build.check import violations
from tests.conftest import ROOT
from tests.model_build.conftest import define

INVOICES = ROOT / "model_build/pipelines/invoices"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234"

Define = Callable[..., dict[str, Any]]


def document(**values: Any) -> dict[str, Any]:
    """The configuration of `invoices` with other values at "section.key"."""
    found: dict[str, Any] = tomllib.loads((INVOICES / config.FILE).read_text(encoding="utf-8"))
    for key, value in values.items():
        section, _, name = key.partition(".")
        found.setdefault(section, {})[name] = value
    return found


@pytest.fixture
def invoices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Define:
    """Step → what it says, of a configuration with other values."""
    folder = tmp_path / "invoices"
    folder.mkdir()

    def make(**values: Any) -> dict[str, Any]:
        parsed = config.parse(document(**values), "invoices/config.toml")
        monkeypatch.setattr(config, "load", lambda _: parsed)
        definition = define(folder)
        assert list(violations(definition)) == []
        return {step["Name"]: step for step in definition["Steps"]}

    return make


def test_script_is_one_container(invoices: Define) -> None:
    steps = invoices()
    train = steps["Train"]["Arguments"]
    assert "scikit-learn" in train["AlgorithmSpecification"]["TrainingImage"]
    named = {each["Name"] for each in train["AlgorithmSpecification"]["MetricDefinitions"]}
    assert named == {"validation:auc", "test:accuracy", "test:precision", "test:recall", "test:f1"}
    assert train["HyperParameters"]["num_trees"] == "100"
    (register,) = steps["Gate"]["Arguments"]["IfSteps"]
    (container,) = register["Arguments"]["InferenceSpecification"]["Containers"]
    assert "xgboost" in container["Image"]
    assert "text/csv" in register["Arguments"]["InferenceSpecification"]["SupportedResponseMIMETypes"]


def test_builtin_is_three(invoices: Define) -> None:
    steps = invoices(**{"train.engine": "builtin", "instances.training_count": 3})
    order = ["PreprocessFit", "PreprocessEncode", "Train", "Model", "Score", "Threshold", "Evaluate"]
    assert [name for name in steps if name in order] == order
    train = steps["Train"]["Arguments"]
    assert train["AlgorithmSpecification"]["TrainingImage"].endswith("/randomcutforest:1")
    assert train["ResourceConfig"]["InstanceCount"] == 3
    assert "PropertyFiles.Features" in json.dumps(train["HyperParameters"]["feature_dim"])
    assert set(train["HyperParameters"]) == {"feature_dim", "num_trees", "num_samples_per_tree"}
    channels = {one["ChannelName"]: one for one in train["InputDataConfig"]}
    kinds = {name: (one["ContentType"], distribution(one)) for name, one in channels.items()}
    assert kinds == {
        "train": ("text/csv;label_size=0", "ShardedByS3Key"),
        "test": ("text/csv;label_size=1", "FullyReplicated"),
    }
    (register,) = steps["Gate"]["Arguments"]["IfSteps"]
    served = register["Arguments"]["InferenceSpecification"]
    assert [one.get("ContainerHostname") for one in served["Containers"]] == ["encoding", "forest", "deciding"]
    modules = [one.get("Environment", {}).get("SAGEMAKER_SERVING_MODULE") for one in served["Containers"]]
    assert modules == ["inference.encoding_app:app", None, "inference.deciding_app:app"]
    assert served["SupportedResponseMIMETypes"] == ["application/json", "application/jsonlines"]


def distribution(channel: dict[str, Any]) -> str:
    return str(channel["DataSource"]["S3DataSource"]["S3DataDistributionType"])


def test_the_threshold_sees_no_test_rows(invoices: Define) -> None:
    steps = invoices(**{"train.engine": "builtin"})
    for name in ("Train", "Threshold"):
        arguments = steps[name]["Arguments"]
        inputs = json.dumps(arguments.get("ProcessingInputs") or arguments.get("InputDataConfig"))
        assert "'test'" not in inputs
        assert '"test/"' not in inputs
        assert "raw_test" not in inputs


@pytest.mark.parametrize("engine", ["script", "builtin"])
def test_security_reaches_every_job(invoices: Define, engine: str) -> None:
    asked = {
        "train.engine": engine,
        "security.kms_key": KEY,
        "security.encrypt_between_containers": True,
        "security.subnets": ["subnet-1"],
        "security.security_groups": ["sg-1"],
        "security.tags": {"team": "risk"},
    }
    network = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    for name, step in invoices(**asked).items():
        arguments, text = step["Arguments"], json.dumps(step["Arguments"])
        if step["Type"] in ("Processing", "Training"):
            held = arguments.get("NetworkConfig", arguments)
            assert text.count(KEY) == 2, name
            assert held["EnableNetworkIsolation"] is held["EnableInterContainerTrafficEncryption"] is True
            assert held["VpcConfig"] == network
        elif step["Type"] == "Model":
            assert arguments["EnableNetworkIsolation"] is True
            assert arguments["VpcConfig"] == network
        elif step["Type"] == "Transform":  # the network is that of its model
            assert text.count(KEY) == 2
        else:
            continue
        assert arguments["Tags"] == [{"Key": "team", "Value": "risk"}]


def test_the_same_definition_again(invoices: Define) -> None:
    assert invoices(**{"train.engine": "builtin"}) == invoices(**{"train.engine": "builtin"})


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "builtin XGBoost": ({"train.algorithm": "xgboost", "train.engine": "builtin", "train.hyperparameters": {}},
                        "does not resume after a Spot"),
    "several classes": ({"columns.task": "multiclass", "columns.positive": None, "gate": {}}, "the task is multiclass"),
    "missing numbers": ({"preprocess.impute": "none"}, "takes no missing numbers"),
    "a metric of probabilities": ({"gate.metric": "brier"}, "gives anomaly scores"),
    "a seed that nothing takes": ({"train.engine": "builtin", "train.hyperparameters": {"seed": 1}}, "takes none"),
    "tuning of builtin": ({"train.engine": "builtin", "tuning.enabled": True}, "nothing is tuned"),
    "more instances than trees": ({"instances.training_count": 60, "train.hyperparameters": {"num_trees": 50}},
                                  "is more than the 50 trees"),
    "more instances than files": ({"instances.training_count": 20, "train.engine": "builtin"}, "come in 16 files"),
    "Clarify and builtin": ({"analysis.engine": "clarify", "train.engine": "builtin"}, "asks a model in one container"),
    "champion and builtin": ({"champion.enabled": True, "train.engine": "builtin"}, "nothing is compared"),
    "bias and builtin": ({"analysis.bias_gate": {"DI": 0.8}, "train.engine": "builtin"}, "without Analyze"),
    "a threshold outside of the scores": ({"train.threshold": "fixed:9"}, "lie between 0 and 8.01"),
    "a threshold of no score": ({"train.threshold": "fixed:-1"}, "is none of known_errors_median"),
    "an unknown rule": ({"train.threshold": "median"}, "is none of known_errors_median"),
    "too few trees": ({"train.hyperparameters": {"num_trees": 10}}, "num_trees = 10"),
    "a hyperparameter of XGBoost": ({"train.hyperparameters": {"eta": 0.1}}, "Random Cut Forest has no such"),
    "a rule of the other algorithm": ({"train.algorithm": "xgboost", "train.hyperparameters": {},
                                       "train.threshold": "three_sigma"}, "train.threshold = 'three_sigma'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_sentence(case: str) -> None:
    values, words = REFUSED[case]
    new = document(**{key: value for key, value in values.items() if "." in key})
    new.update({key: value for key, value in values.items() if "." not in key})
    with pytest.raises(InputError) as caught:
        config.parse(new, "invoices/config.toml")
    found = str(caught.value).splitlines()
    matching = [line for line in found if words in line]
    assert len(matching) == 1, found
    assert matching[0].startswith("invoices/config.toml: ")
    assert matching[0].endswith(".")


def test_a_model_of_ones_own_is_neither(small: Path) -> None:
    (small / "train.py").write_text("")
    text = (small / "config.toml").read_text() + '[train]\nalgorithm = "random_cut_forest"\n'
    (small / "config.toml").write_text(text)
    with pytest.raises(InputError, match=r"train\.py beside this file is the model"):
        config.load(small)
