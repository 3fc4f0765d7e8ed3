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
    "hour 25": ("[batch]\nschedule = 'cron(0 25 * * ? *)'\n", "25 is no hour; 0 to 23 are"),
    "minute 99": ("[batch]\nschedule = 'cron(99 3 * * ? *)'\n", "99 is no minute"),
    "letters": ("[batch]\nschedule = 'cron(a b * * ? *)'\n", "A is no minute"),
    "both days": ("[batch]\nschedule = 'cron(0 3 * * * *)'\n", "one of day-of-month and day-of-week must be ?"),
    "neither day": ("[batch]\nschedule = 'cron(0 3 ? * ? *)'\n", "one of day-of-month and day-of-week must be ?"),
    "day 32": ("[batch]\nschedule = 'cron(0 3 32 * ? *)'\n", "32 is no day of the month"),
    "month 13": ("[batch]\nschedule = 'cron(0 3 1 13 ? *)'\n", "13 is no month"),
    "eighth day of the week": ("[batch]\nschedule = 'cron(0 3 ? * 8 *)'\n", "8 is no day of the week"),
    "year": ("[batch]\nschedule = 'cron(0 3 * * ? 1969)'\n", "1969 is no year"),
    "five fields": ("[batch]\nschedule = 'cron(0 3 * * ?)'\n", "cron has 5 fields, it needs 6"),
    "step of nothing": ("[batch]\nschedule = 'cron(0/0 3 * * ? *)'\n", "/0 is no step"),
    "1 minutes": ("[batch]\nschedule = 'rate(1 minutes)'\n", "rate takes minute for 1 and minutes for more"),
    "2 minute": ("[batch]\nschedule = 'rate(2 minute)'\n", "rate takes minute for 1"),
    "off hours": (
        "[real_time.autoscaling.off_hours]\nstart = 'cron(0 24 * * ? *)'\nend = 'cron(0 6 * * ? *)'\nminimum = 1\n"
        "maximum = 1\n",
        "off_hours.start: 24 is no hour",
    ),
    "window of no time": (
        "[real_time.autoscaling.off_hours]\nstart = 'cron(0 6 * * ? *)'\nend = 'cron(0 6 * * ? *)'\nminimum = 1\n"
        "maximum = 1\n",
        "ends in the moment in which it begins",
    ),
    "timezone": ("[batch]\ntimezone = 'Europe/Bern'\n", "no such time zone"),
    "timezone of a folder": ("[batch]\ntimezone = 'Europe'\n", "no such time zone"),
    "empty subnet": ("[security]\nsubnets = ['']\nsecurity_groups = ['']\n", "security.subnets.0"),
    "empty group": ("[security]\nsubnets = ['subnet-1']\nsecurity_groups = ['']\n", "security.security_groups.0"),
    "subnet twice": (
        "[security]\nsubnets = ['subnet-1', 'subnet-1']\nsecurity_groups = ['sg-1']\n",
        "subnet-1 stands there 2 times",
    ),
    "tag of AWS": ("[tags]\n'aws:owner' = 'x'\n", "reserved"),
    "tag without a key": ("[tags]\n'' = 'x'\n", "has 0 characters"),
    "long key of a tag": (f"[tags]\n{'k' * 129} = 'x'\n", "has 129 characters"),
    "long tag": (f"[tags]\nk = '{'x' * 257}'\n", "has 257 characters"),
    "letters of a tag": ("[tags]\nowner = 'a#b'\n", "'#'"),
    "48 tags": ("[tags]\n" + "".join(f"k{number} = 'x'\n" for number in range(48)), "48 tags are too many"),
    "number as a tag": ("[tags]\nteam = 7\n", "tags.team"),
    "bucket with two dots": ("bucket = 'a..b'\n", "beside a dot"),
    "bucket as an address": ("bucket = '192.168.1.1'\n", "no IP address"),
    "bucket of two letters": ("bucket = 'ab'\n", "3 to 63"),
    "bucket of an alias": ("bucket = 'data-s3alias'\n", "keeps this"),
    "filter that does not end": ("[batch]\ninput_filter = '$[['\n", "batch.input_filter: '$[['"),
    "filter of names for CSV": (
        "modes = ['batch']\n[batch]\ninput_filter = '$.age'\n",
        "a row of CSV has positions only",
    ),
    "filter that breaks the definition": (
        "[batch]\ncontent_type = 'application/jsonlines'\ninput_filter = '$[\"age\"]'\n",
        "single quotation marks",
    ),
    "boolean as a number": ("[real_time]\ninstances = true\n", "real_time.instances"),
    "text as a number": ("[real_time]\ninstances = '2'\n", "real_time.instances"),
    "fraction of an instance": ("[real_time]\ninstances = 2.0\n", "real_time.instances"),
    "number as a switch": ("[batch]\non_arrival = 1\n", "batch.on_arrival"),
    "no number": ("[limits]\np95_ms = nan\n", "limits.p95_ms"),
    "no bound": ("[limits]\np95_ms = inf\n", "limits.p95_ms"),
    "median": ("[limits]\np50_ms = 300\np95_ms = 200\n", "above its 95th percentile"),
    "linear step": ("[real_time.shifting]\nstrategy = 'linear'\nsize = 9\n", "10 to 50 percent"),
    "linear steps take too long": (
        "[real_time.shifting]\nstrategy = 'linear'\nsize = 30\nwait_seconds = 900\n",
        "shifting takes 3720 s",
    ),
    "a timeout that is just the waits": (
        "[real_time.shifting]\nwait_seconds = 300\ntermination_seconds = 300\ntimeout_seconds = 600\n",
        "shifting takes 600 s",
    ),
    "burstable instance": ("[real_time]\ninstance_type = 'ml.t2.large'\n[real_time.autoscaling]\n", "burstable"),
    "burstable asynchronous": (
        "modes = ['asynchronous']\n[asynchronous]\ninstance_type = 'ml.t2.large'\n",
        "burstable",
    ),
    "instance type of nobody": ("[real_time]\ninstance_type = 'ml.m5.larg'\n", "SageMaker has no ml.m5.larg"),
    "instance type of endpoints": ("modes = ['batch']\n[batch]\ninstance_type = 'ml.t2.large'\n", "SageMaker has no"),
    "bake": (
        "[real_time.shifting]\nwait_seconds = 90\n[real_time.alarms]\nbreaching = 2\n",
        "90 s end before the alarms",
    ),
    "bake of serverless": (
        "modes = ['serverless']\n[security]\nnetwork_isolation = false\n[serverless]\nwait_seconds = 59\n",
        "serverless.wait_seconds: 59 s end before",
    ),
    "bake of asynchronous": ("modes = ['asynchronous']\n[asynchronous.shifting]\nwait_seconds = 0\n", "0 s end before"),
    "share of a capture": ("modes = ['batch']\n[batch.capture]\npercent = 20\n", "percent must be 100"),
    "neither schedule nor arrival": (
        "modes = ['batch']\n[batch]\nschedule = 'none'\non_arrival = false\n",
        "nothing would ever run",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_stage_is_refused_in_one_sentence(tmp_path: Path, fault: str) -> None:
    text, sentence = REFUSED[fault]
    with pytest.raises(InputError) as refused:
        stages.load(write(tmp_path, staging=text), "staging")
    assert sentence in str(refused.value)
    assert "staging.toml" in str(refused.value) or "base.toml" in str(refused.value)


GOOD_ONES = {
    "weekdays": "[batch]\nschedule = 'cron(0/15 8-17 ? * MON-FRI *)'\n",
    "last day": "[batch]\nschedule = 'cron(0 3 L * ? *)'\n",
    "last Friday": "[batch]\nschedule = 'cron(0 3 ? * 6L 2026-2030)'\n",
    "first Monday": "[batch]\nschedule = 'cron(0 3 ? JAN,JUL MON#1 *)'\n",
    "working day": "[batch]\nschedule = 'cron(0 3 15W * ? *)'\n",
    "over the new year": "[batch]\nschedule = 'cron(0 22-2 ? NOV-FEB * *)'\n",
    "hourly": "[batch]\nschedule = 'rate(1 hour)'\n",
    "zone": "[batch]\ntimezone = 'America/Argentina/Buenos_Aires'\n",
    "VPC": "[security]\nsubnets = ['subnet-0a1', 'subnet-0a2']\nsecurity_groups = ['sg-0a1']\n",
    "tags": "[tags]\n'cost centre' = 'Zürich: 7/a+b@c'\n",
    "bucket": "bucket = 'my.bucket-7'\n",
    "filters": "[batch]\ninput_filter = '$[1:]'\noutput_filter = '$[0,-2:]'\n",
    "whole number": "[real_time.alarms]\nlatency_ms = 80\n",
    "linear": "[real_time.shifting]\nstrategy = 'linear'\nsize = 10\n",
}


@pytest.mark.parametrize("good", GOOD_ONES)
def test_what_aws_takes_is_taken(tmp_path: Path, good: str) -> None:
    base = GOOD.replace('"real_time"', '"real_time", "batch"')
    assert stages.load(write(tmp_path, base, GOOD_ONES[good]), "staging").name == "staging"


def test_a_stage_may_run_its_batches_on_arrival_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, 'modes = ["batch"]\n[batch]\nschedule = "rate(1 day)"\n', '[batch]\nschedule = "none"\n')
    assert stages.load(folder, "staging").batch.schedule is None
    assert stages.load(folder, "prod").batch.schedule == "rate(1 day)"


def test_production_keeps_two_instances_out_of_hours(tmp_path: Path) -> None:
    prod = (
        "[real_time]\ninstances = 2\n[real_time.autoscaling]\nminimum = 2\n[real_time.autoscaling.off_hours]\n"
        "start = 'cron(0 20 * * ? *)'\nend = 'cron(0 6 * * ? *)'\nminimum = 1\nmaximum = 2\n"
    )
    with pytest.raises(InputError, match=r"prod\.toml: real_time\.autoscaling\.off_hours\.minimum: production needs"):
        stages.load(write(tmp_path, prod=prod), "prod")


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
