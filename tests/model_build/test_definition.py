"""The definition as a whole: what changes it, what does not, and what it must hold."""

import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from model_build import config
from model_build.config import tables
from model_build.hyperparameters import XGBoost
from tests.model_build.conftest import CREDIT, TARGET, define

GOLDEN = Path(__file__).parent / "golden"

JOBS = ("PreprocessFit", "PreprocessEncode", "Train", "Evaluate", "Analyze", "Verdict")
PREPROCESS = r"PreprocessFit.*S3Uri"
EVALUATE = r"Evaluate.*S3Uri"
ANALYZE = r"Analyze.*S3Uri"
VERDICT = r"Verdict.*S3Uri"
COMPARED = f"{PREPROCESS}|{ANALYZE}"
#: What Fit has where groups are compared.
OF_GROUPS = r"PreprocessFit\..*(ProcessingInputs|COMPARED)"

#: Leaf of the configuration → another value, where the definition changes, and in how many places.
LEAVES: dict[str, tuple[Any, str, int]] = {
    "pipeline.description": ("another", "nowhere", 0),  # part of CreatePipeline's request, not of the definition
    "pipeline.input_data": ("s3://elsewhere/data/", r"InputDataUrl\.DefaultValue", 1),
    "pipeline.workgroup": ("analysts", "nowhere", 0),  # data are chosen before an execution starts
    "columns.label": ("defaulted", PREPROCESS, 1),
    "columns.positive": ("no", PREPROCESS, 1),
    "columns.numeric": (["age"], PREPROCESS, 1),
    "columns.categorical": (["sex"], PREPROCESS, 1),
    "columns.drop": (["application_id", "purpose_code"], PREPROCESS, 1),
    "columns.event_time": ("paid_on", PREPROCESS, 1),
    "columns.derived_numeric": (["burden"], PREPROCESS, 1),
    "columns.derived_categorical": (["season"], PREPROCESS, 1),
    "columns.missing": (["-"], PREPROCESS, 1),
    "preprocess.deduplicate": (True, PREPROCESS, 1),
    "preprocess.impute": ("mean", PREPROCESS, 1),
    "preprocess.scale": ("standard", PREPROCESS, 1),
    "preprocess.encoding": ("one_hot", PREPROCESS, 1),
    "preprocess.min_count": (3, PREPROCESS, 1),
    "preprocess.max_categories": (10, PREPROCESS, 1),
    "split.by": ("random", PREPROCESS, 1),
    "split.key": ([], PREPROCESS, 1),
    "split.seed": (7, PREPROCESS, 1),
    "train.threshold": ("youden", r"Train\.Arguments\.HyperParameters\.threshold_rule", 1),
    "evaluate.bootstrap": (300, EVALUATE, 1),
    "evaluate.golden": (50, EVALUATE, 1),
    "evaluate.seed": (7, EVALUATE, 1),
    "analysis.explain": (100, ANALYZE, 1),
    "analysis.partial_dependence": (["income"], ANALYZE, 1),
    "analysis.seed": (7, ANALYZE, 1),
    "analysis.favourable": (["no"], COMPARED, 2),
    "analysis.facet_values": ({"sex": ["female"]}, COMPARED, 2),
    "analysis.group_variable": ("purpose", rf"{ANALYZE}|PreprocessFit.*GROUP_VARIABLE", 2),
    "analysis.bias_gate": ({"DI": 0.8}, VERDICT, 1),
    "analysis.hold_baseline": (True, VERDICT, 1),
    "gate.bound": ("value", VERDICT, 1),
    "gate.minimum": (0.6, VERDICT, 1),
    "gate.maximum": (0.6, VERDICT, 1),
    **{
        f"card.{key}": ({"risk_rating": "High", "details": {"review": "2026"}}.get(key, "words"), VERDICT, 1)
        for key in tables.Card.model_fields
    },
    "champion.metric": ("f1", EVALUATE, 1),
    "mlflow.tracking_uri": ("http://127.0.0.1:5000", "nowhere", 0),  # `mlops run` logs, and no job
    "mlflow.experiment": ("credit", "nowhere", 0),
    "champion.bound": ("lower", EVALUATE, 1),
    "champion.margin": (0.01, EVALUATE, 1),
    "gate.metric": ("f1", rf"{EVALUATE}|{VERDICT}|Register.*metric-f1.*", 5),
    "instances.processing": ("ml.m5.xlarge", r"ProcessingInstanceType\.DefaultValue", 1),
    "instances.processing_count": (2, r"ProcessingInstanceCount\.DefaultValue", 1),
    "instances.training_count": (
        2,
        r"Train.*InstanceCount|Train.*InputDataConfig\[0\].*DistributionType|PreprocessEncode.*SHARDS",
        3,
    ),
    "instances.training": ("ml.m5.xlarge", r"TrainingInstanceType\.DefaultValue", 1),
    "instances.inference": (["ml.m5.large"], r"Register.*InstanceTypes\[1\]", 2),
    "instances.volume_gb": (50, r".*VolumeSizeInGB", len(JOBS)),
    "instances.max_runtime_seconds": (7200, r".*MaxRuntimeInSeconds", len(JOBS)),
    "security.kms_key": ("alias/key", r".*KmsKeyId", 2 * len(JOBS) + 1),
    "security.network_isolation": (False, r".*EnableNetworkIsolation", len(JOBS)),
    "security.encrypt_between_containers": (True, r".*EnableInterContainerTrafficEncryption", len(JOBS)),
    "security.tags": ({"team": "risk"}, r".*Tags\[0\]\.(Key|Value)", 2 * len(JOBS)),
    "cache.enabled": (False, r".*CacheConfig\.Enabled", len(JOBS)),
    "cache.expire_after": ("P1D", r".*CacheConfig\.ExpireAfter", len(JOBS)),
}

WINDOW, QUERY = ("partition", "window_days"), ("query", "database", "query_data")

ATHENA = {"pipeline.query": "SELECT 1", "pipeline.database": "sales", "pipeline.query_data": "s3://lake/sales/"}

#: Those of which one value alone would contradict another: what has to change with it.
TOGETHER: dict[str, dict[str, Any]] = {
    # What these change is looked at in test_selection.
    **{f"pipeline.{key}": {"pipeline.partition": "day", "pipeline.window_days": 7} for key in WINDOW},
    **{f"pipeline.{key}": ATHENA for key in QUERY},
    "split.train": {"split.train": 0.7, "split.test": 0.2},
    "split.validation": {"split.validation": 0.2, "split.test": 0.2},
    "split.test": {"split.test": 0.2, "split.train": 0.7},
    "columns.names": {"columns.names": None},
    # What these change is looked at in test_forest_definition.
    "train.algorithm": {"train.algorithm": "random_cut_forest"},
    "train.engine": {"train.algorithm": "random_cut_forest", "train.engine": "builtin"},
    "columns.facets": {"columns.facets": []},
    "analysis.engine": {"analysis.engine": "off"},
    # What these change is looked at in test_clarify_definition.
    **{
        f"analysis.{key}": {"analysis.engine": "clarify", f"analysis.{key}": False}
        for key in ("skip_check", "register_new_baseline", "fail_on_violation")
    },
    "analysis.favourable_above": {
        "columns.task": "regression",
        "columns.positive": None,
        "analysis.favourable_above": 1,
    },
    "analysis.facet_thresholds": {"columns.facets": ["sex", "age"], "analysis.facet_thresholds": {"age": 40}},
    "columns.task": {"columns.task": "multiclass", "columns.positive": None},
    "champion.enabled": {"champion.enabled": False},
    # What these change is looked at in test_tuning_definition.
    **{f"tuning.{key}": {"tuning.enabled": True} for key in config.Tuning.model_fields},
    **{f"spot.{key}": {"spot.enabled": True} for key in tables.Spot.model_fields},
    "security.subnets": {"security.subnets": ["subnet-1"], "security.security_groups": ["sg-1"]},
    "security.security_groups": {"security.subnets": ["subnet-2"], "security.security_groups": ["sg-2"]},
}

HYPERPARAMETERS: dict[str, Any] = {
    "num_round": 50, "early_stopping_rounds": 5, "seed": 1, "objective": "binary:logistic", "eval_metric": "auc",
    "booster": "dart", "tree_method": "approx", "grow_policy": "lossguide", "eta": 0.3, "max_depth": 2, "max_leaves": 9,
    "max_bin": 64, "min_child_weight": 2.0, "max_delta_step": 1.0, "gamma": 0.5, "subsample": 0.5,
    "colsample_bytree": 0.7, "colsample_bylevel": 0.5, "colsample_bynode": 0.5, "alpha": 0.1, "lambda": 2.0,
    "num_parallel_tree": 2, "scale_pos_weight": 3.0, "base_score": 0.3, "tweedie_variance_power": 1.2,
    "monotone_constraints": "(1,0,0,0,0,0,0,0,0,0,-1)",
    "interaction_constraints": "[[0,1]]", "verbosity": 1, "sample_type": "weighted",
    "normalize_type": "forest", "rate_drop": 0.1, "one_drop": 1, "skip_drop": 0.1,
}  # fmt: skip


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its place; steps and parameters are named, not counted."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            name = inner.get("Name") if isinstance(inner, dict) else None
            yield from flat(inner, f"{path}.{name}" if name else f"{path}[{index}]")
    else:
        yield path, value


def differences(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    before, after = dict(flat(one)), dict(flat(other))
    return {path for path in before.keys() | after.keys() if before.get(path, ...) != after.get(path, ...)}


def document() -> dict[str, Any]:
    """The configuration of credit, whose columns come from a file with a header."""
    loaded: dict[str, Any] = tomllib.loads((CREDIT / config.FILE).read_text(encoding="utf-8"))
    return loaded


def changed(**values: Any) -> dict[str, Any]:
    new = document()
    for key, value in values.items():
        section, _, name = key.partition(".")
        new.setdefault(section, {})[name] = value
    if "gate.maximum" in values:
        del new["gate"]["minimum"]
    return new


@pytest.fixture
def redefine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Definition of a configuration that is given as a document."""
    folder = tmp_path / "credit"
    folder.mkdir()

    def make(values: dict[str, Any]) -> dict[str, Any]:
        parsed = config.parse(values, "credit/config.toml")
        monkeypatch.setattr(config, "load", lambda _: parsed)
        return define(folder)

    return make


@pytest.mark.parametrize("leaf", LEAVES)
def test_one_value_changes_its_own_field(leaf: str, credit: dict[str, Any], redefine: Any) -> None:
    value, where, count = LEAVES[leaf]
    found = differences(credit, redefine(changed(**{leaf: value})))
    assert {path for path in found if not re.search(rf"({where})$", path)} == set()
    assert len(found) == count, found


def test_hyperparameters_stand_in_train(credit: dict[str, Any], redefine: Any) -> None:
    """All at once: each changes its own line of Train, and no other but what Verdict tells of the training."""
    found = differences(credit, redefine(changed(**{"train.hyperparameters": HYPERPARAMETERS})))
    told = {path for path in found if re.search(rf"({VERDICT})$", path)}
    assert len(told) == 1
    found -= told
    prefix = ".Steps.Train.Arguments.HyperParameters."
    assert {path.removeprefix(prefix).split("[")[0] for path in found} == set(HYPERPARAMETERS)
    assert {field.alias or name for name, field in XGBoost.model_fields.items()} == set(HYPERPARAMETERS)


def test_every_leaf_is_looked_at() -> None:
    """A new key of the configuration must say where it belongs."""
    leaves = {f"{section}.{key}" for section, field in config.Config.model_fields.items() for key in keys(field)}
    assert leaves == {*LEAVES, *TOGETHER, "train.hyperparameters"}


def keys(field: Any) -> list[str]:
    section: type[BaseModel] = field.annotation
    return list(section.model_fields)


@pytest.mark.parametrize(
    ("leaf", "where"),
    [
        ("split.train", rf"({PREPROCESS})$"),
        ("split.validation", rf"({PREPROCESS})$"),
        ("split.test", rf"({PREPROCESS})$"),
        ("columns.task", rf"({PREPROCESS}|{EVALUATE}|{VERDICT})$|metric-|\.Task$|{OF_GROUPS}"),
        (
            "analysis.engine",
            r"\.Analyze\.|Verdict.*(ProcessingInputs|Environment\.ANALYSIS)|code-sha256|Gate.*LeftValue"
            rf"|Register.*\.(Bias|Explainability)|{OF_GROUPS}",
        ),
        ("columns.facets", rf"({PREPROCESS})$|Register.*\.Bias|Analyze\..*(ProcessingInputs|GROUPS)|{OF_GROUPS}"),
        ("analysis.facet_thresholds", rf"({COMPARED})$"),
        ("security.subnets", r"VpcConfig"),
        ("security.security_groups", r"VpcConfig"),
    ],
)
def test_values_that_go_together(leaf: str, where: str, credit: dict[str, Any], redefine: Any) -> None:
    new = changed(**TOGETHER[leaf])
    if leaf == "columns.task":
        del new["gate"]
    found = differences(credit, redefine(new))
    assert found
    assert {path for path in found if not re.search(where, path)} == set()


def test_a_header_of_its_own(credit: dict[str, Any], redefine: Any) -> None:
    columns = document()["columns"]
    names = [columns["label"], columns["event_time"], *columns["numeric"], *columns["categorical"], *columns["drop"]]
    (found,) = differences(credit, redefine(changed(**{"columns.names": names})))
    assert re.search(PREPROCESS, found)


def test_the_same_bytes_again_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    from model_build.authoring import session

    session.offline.cache_clear()
    first = json.dumps(define(CREDIT))
    monkeypatch.chdir(tmp_path)
    session.offline.cache_clear()
    assert json.dumps(define(CREDIT)) == first


def test_targets_differ_in_their_names_alone(credit: dict[str, Any]) -> None:
    from model_build.pipeline import get_pipeline
    from model_build.target import Target

    other = Target("us-west-2", "210987654321", "other-artifacts", "arn:aws:iam::210987654321:role/other")
    text = get_pipeline(pipeline_name="credit", target=other).definition()
    registries = {re.search(r"\d{12}(?=\.dkr)", one)[0] for one in (text, json.dumps(credit))}  # type: ignore[index]
    for mine, theirs in ((other.bucket, TARGET.bucket), (other.role, TARGET.role), (other.region, TARGET.region)):
        text = text.replace(mine, theirs)
    for registry in registries:
        text = text.replace(registry, "registry")
    expected = json.dumps(credit)
    for registry in registries:
        expected = expected.replace(registry, "registry")
    assert json.loads(text) == json.loads(expected)


def test_training_gets_no_test_rows(credit: dict[str, Any]) -> None:
    train = next(step for step in credit["Steps"] if step["Name"] == "Train")
    addresses = {
        channel["ChannelName"]: json.dumps(channel["DataSource"]) for channel in train["Arguments"]["InputDataConfig"]
    }
    assert set(addresses) == {"train", "validation", "preprocessor", "code"}
    assert not [address for address in addresses.values() if "test" in address]
    encode = next(step for step in credit["Steps"] if step["Name"] == "PreprocessEncode")
    outputs = encode["Arguments"]["ProcessingOutputConfig"]["Outputs"]
    places = [json.dumps(output["S3Output"]["S3Uri"]) for output in outputs]
    assert len(set(places)) == len(places) == 4, "each part lies at an address of its own"


def conditions(definition: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return next(step for step in definition["Steps"] if step["Name"] == name)["Arguments"]["Conditions"]


def holds(condition: Any, verdict: dict[str, Any], parameters: dict[str, str]) -> bool:
    """What SageMaker answers to a condition, for those that this template writes."""

    def value(operand: Any) -> Any:
        if not isinstance(operand, dict):
            return operand
        if "Get" in operand:
            return parameters[operand["Get"].removeprefix("Parameters.")]
        document = operand["Std:JsonGet"]
        assert document["PropertyFile"] == {"Get": "Steps.Verdict.PropertyFiles.Gate"}
        return verdict[document["Path"]]

    if condition["Type"] == "Not":
        return not holds(condition["Condition"], verdict, parameters)
    if condition["Type"] == "Or":
        return any(holds(each, verdict, parameters) for each in condition["Conditions"])
    assert condition["Type"] == "Equals"
    return bool(value(condition["LeftValue"]) == value(condition["RightValue"]))


@pytest.mark.parametrize(
    ("passed", "changed_hash", "registers"),
    [
        (True, "RegisteredArtefact", True),
        (True, "RegisteredCode", True),
        (True, "RegisteredData", True),
        (True, None, False),  # the newest package is this model already
        (False, "RegisteredArtefact", False),
        (False, None, False),
    ],
)
def test_the_gate_registers_what_passed_and_is_new(
    credit: dict[str, Any], passed: bool, changed_hash: str | None, registers: bool
) -> None:
    register = next(step for step in credit["Steps"] if step["Name"] == "Gate")["Arguments"]["IfSteps"][0]
    properties = register["Arguments"]["CustomerMetadataProperties"]
    parameters = {
        "RegisteredArtefact": "a", "RegisteredCode": properties["code-sha256"], "RegisteredData": "d",
        "InputDataFingerprint": "d",
    }  # fmt: skip
    assert len(parameters["RegisteredCode"]) == 64
    if changed_hash:
        parameters[changed_hash] = "other"
    verdict = {"passed": passed, "artefact": "a"}
    assert all(holds(each, verdict, parameters) for each in conditions(credit, "Gate")) is registers
    assert all(holds(each, verdict, parameters) for each in conditions(credit, "Reject")) is not passed


def test_the_gate_leads_to_registration_and_the_rejection_to_a_failure_with_the_reason(credit: dict[str, Any]) -> None:
    gate, reject = (
        next(step for step in credit["Steps"] if step["Name"] == name)["Arguments"] for name in ("Gate", "Reject")
    )
    assert ([step["Type"] for step in gate["IfSteps"]], gate["ElseSteps"]) == (["RegisterModel"], [])
    (fail,) = reject["IfSteps"]
    assert (fail["Type"], reject["ElseSteps"]) == ("Fail", [])
    words, reason = fail["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]
    assert (words, reason["Std:JsonGet"]["Path"]) == ("Not registered. ", "reason")


def test_security_reaches_every_job(redefine: Any) -> None:
    asked = {
        "security.kms_key": "alias/key",
        "security.encrypt_between_containers": True,
        "security.subnets": ["subnet-1"],
        "security.security_groups": ["sg-1"],
        "security.tags": {"team": "risk"},
    }
    definition = redefine(changed(**asked))
    jobs = [step["Arguments"] for step in definition["Steps"] if step["Type"] in ("Processing", "Training")]
    assert len(jobs) == len(JOBS)
    for job in jobs:
        text = json.dumps(job)
        assert text.count('"alias/key"') == 2, "the volume and the output"
        network = job.get("NetworkConfig", job)
        assert network["EnableNetworkIsolation"] is True
        assert network["EnableInterContainerTrafficEncryption"] is True
        assert network["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
        assert job["Tags"] == [{"Key": "team", "Value": "risk"}]


@pytest.mark.parametrize("pipeline", ["credit", "invoices"])
def test_golden(pipeline: str) -> None:
    """What stands in the repository is what is made; hashes of content stand there as <hash>.

    After a change that is meant: write `normalised(definition)` into the file, and read the difference.
    """
    golden = GOLDEN / f"{pipeline}.json"
    assert json.loads(golden.read_text(encoding="utf-8")) == normalised(define(CREDIT.parent / pipeline))


def normalised(definition: dict[str, Any]) -> Any:
    return json.loads(re.sub(r"\b[0-9a-f]{64}\b", "<hash>", json.dumps(definition)))


def test_our_defaults_of_the_sdk_are_valid() -> None:
    """Authoring keeps the SDK from validating them at each look-up."""
    import jsonschema
    from sagemaker.core.config.config_schema import SAGEMAKER_PYTHON_SDK_CONFIG_SCHEMA

    from model_build.authoring.session import DEFAULTS

    assert list(jsonschema.Draft202012Validator(SAGEMAKER_PYTHON_SDK_CONFIG_SCHEMA).iter_errors(DEFAULTS)) == []


def test_authoring_leaves_no_trace_in_the_environment(tmp_path: Path) -> None:
    program = """
import logging, os
before = dict(os.environ)
from model_build.pipeline import get_pipeline
get_pipeline().definition()
assert {k: v for k, v in os.environ.items() if k != "SAGEMAKER_VALIDATE_ROLE"} == before
assert logging.root.handlers == []
"""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == "", "and says nothing"
