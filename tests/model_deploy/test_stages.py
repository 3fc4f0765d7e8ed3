"""A stage's TOML: merged, and refused with file, key and reason."""

from pathlib import Path

import pytest

from contract.errors import InputError
from model_deploy import stages
from model_deploy.modes import KEYS, MODES, refusal

GOOD = 'modes = ["real_time"]\n[security]\nnetwork_isolation = true\n'


def write(folder: Path, base: str = GOOD, staging: str = "", prod: str = "[real_time]\ninstances = 2\n") -> Path:
    for name, text in (("base", base), ("staging", staging), ("prod", prod)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_stage_is_the_base_with_its_own_file_on_top(tmp_path: Path) -> None:
    base = GOOD + '[real_time]\ninstance_type = "ml.c5.xlarge"\n[real_time.alarms]\nlatency_ms = 80\n'
    folder = write(tmp_path, base, "[real_time.alarms]\nerror_share = 0.2\n")
    stage = stages.load(folder, "staging")
    assert (stage.name, stage.real_time.instance_type) == ("staging", "ml.c5.xlarge")
    assert (stage.real_time.alarms.latency_ms, stage.real_time.alarms.error_share) == (80, 0.2)


def test_a_list_of_the_stage_replaces_the_list_of_the_base(tmp_path: Path) -> None:
    folder = write(tmp_path, staging='modes = ["batch"]\n')
    assert stages.load(folder, "staging").modes == ("batch",)


REFUSED = {
    "unknown key": ("[real_time]\ninstance_typ = 'ml.m5.large'\n", "real_time.instance_typ: this key is not known"),
    "wrong type": ("[real_time]\ninstances = 'two'\n", "real_time.instances"),
    "out of range": ("[real_time.shifting]\nsize = 60\n", "real_time.shifting.size"),
    "instance type of EC2": ("[real_time]\ninstance_type = 'm5.large'\n", "real_time.instance_type"),
    "mode unknown": ("modes = ['realtime']\n", "modes.0"),
    "no mode": ("modes = []\n", "modes"),
    "mode twice": ("modes = ['batch', 'batch']\n", "batch stands there 2 times"),
    "name": ("name = 'staging'\n", "the file's name is the stage's name"),
    "memory": ("[serverless]\nmemory_mb = 3000\n", "serverless.memory_mb"),
    "VPC without groups": ("[security]\nsubnets = ['subnet-1']\n", "both subnets and security_groups"),
    "bounds": ("[real_time.autoscaling]\nminimum = 5\nmaximum = 3\n", "5 is above the maximum of 3"),
    "instances out of bounds": ("[real_time]\ninstances = 9\n[real_time.autoscaling]\n", "outside the bounds 1 to 4"),
    "reserved tag": ("[tags]\n'sagemaker:project-name' = 'x'\n", "reserved"),
    "breaching": ("[real_time.alarms]\nbreaching = 3\n", "3 of 2 minutes"),
    "batch payload": ("modes = ['batch']\n[batch]\nconcurrency = 50\n", "above 100 MB"),
    "batch that never runs": ("modes = ['batch']\n[batch]\nschedule = 'never'\n", "batch.schedule"),
    "serverless in isolation": ("modes = ['serverless']\n", "Serverless Inference excludes network isolation"),
    "no TOML": ("modes = [", "is not TOML"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_stage_is_refused_in_one_sentence(tmp_path: Path, fault: str) -> None:
    text, sentence = REFUSED[fault]
    with pytest.raises(InputError) as refused:
        stages.load(write(tmp_path, staging=text), "staging")
    assert sentence in str(refused.value)
    assert "staging.toml" in str(refused.value) or "base.toml" in str(refused.value)


def test_the_message_names_the_file_that_holds_the_key(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD + "[real_time]\ninstances = 0\n")
    with pytest.raises(InputError, match=r"base\.toml: real_time\.instances"):
        stages.load(folder, "staging")


def test_production_needs_two_instances(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"SageMaker\.4"):
        stages.load(write(tmp_path, prod=""), "prod")


@pytest.mark.parametrize(
    ("mode", "key"),
    [
        ("serverless", "capture"),
        ("serverless", "shifting"),
        ("asynchronous", "capture"),
        ("batch", "shifting"),
        ("serverless", "instance_type"),
        ("asynchronous", "variants"),
        ("batch", "shadow"),
        ("real_time", "schedule"),
    ],
)
def test_a_key_that_a_mode_cannot_have_quotes_the_table(tmp_path: Path, mode: str, key: str) -> None:
    folder = write(tmp_path, staging=f"modes = ['{mode}']\n[{mode}]\n{key} = 1\n")
    reason = refusal(mode, KEYS[key])  # type: ignore[arg-type]
    assert reason is not None
    with pytest.raises(InputError) as refused:
        stages.load(folder, "staging")
    assert f"AWS refuses {KEYS[key]} in this mode: {reason}." in str(refused.value)


def test_missing_files_and_projects_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"base\.toml is missing"):
        stages.load(tmp_path, "staging")
    with pytest.raises(InputError, match="There are no stages of 'nobody'"):
        stages.project("nobody")


def test_each_mode_has_a_template() -> None:
    from model_deploy import template

    for mode in MODES.values():
        assert template.read(mode.template)["Resources"]
