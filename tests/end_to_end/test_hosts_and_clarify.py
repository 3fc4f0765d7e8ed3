"""Several training instances, and Clarify's check steps, through the whole of it on real rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Commands
from tests.end_to_end.test_tuning_and_spot import TELCO, client, project, trained

HOSTS = "\n[instances]\ntraining_count = 2\n"
SPOT = "\n[spot]\nenabled = true\n"


@pytest.mark.long
def test_two_instances_are_as_good_as_one(new_commands: Callable[[], Commands], data: Path) -> None:
    """Also on Spot, whose checkpoints the first instance keeps; under network isolation, the default."""
    commands = new_commands()
    name = project(commands, data, TELCO)
    source = str(data / TELCO[0])
    alone = commands.json("run", name, "--data", source)["Metrics"]["auc"]
    project(commands, data, TELCO, HOSTS)
    several = commands.json("run", name, "--data", source)
    job = trained(commands, several)
    assert job["ResourceConfig"]["InstanceCount"] == 2
    assert job["EnableNetworkIsolation"] is True
    assert abs(several["Metrics"]["auc"] - alone) < 0.005
    project(commands, data, TELCO, SPOT)
    again = commands.json("run", name, "--data", source)
    assert trained(commands, again)["EnableManagedSpotTraining"] is True
    assert again["Metrics"]["auc"] == several["Metrics"]["auc"]


@pytest.mark.long
def test_clarify_finds_what_analyze_finds(new_commands: Callable[[], Commands], data: Path) -> None:
    commands = new_commands()
    name = project(commands, data, TELCO)
    path = commands.folder / "model_build/pipelines" / name / "config.toml"
    path.write_text(path.read_text().replace("[columns]", '[columns]\nfacets = ["gender"]', 1))
    text = path.read_text()
    assert text.count("facets = ") == 1
    found = {}
    for engine in ("open", "clarify"):
        asked = f'\n[analysis]\nengine = "{engine}"\nexplain = 40\nbias_gate = {{ DI = 0.5 }}\n'
        path.write_text(text + asked)
        report = commands.json("run", name, "--data", str(data / TELCO[0]))
        assert report["PipelineExecutionStatus"] == "Succeeded"
        found[engine] = documents(commands, report)
    ours, theirs = found["open"], found["clarify"]
    assert set(ours["Bias"]) == {"Report"}
    assert set(theirs["Bias"]) == {"PreTrainingReport", "PostTrainingReport"}
    for section, place in (("pre", "PreTrainingReport"), ("post", "PostTrainingReport")):
        key = f"{section}_training_bias_metrics"
        one, other = values(ours["Bias"]["Report"][key]), values(theirs["Bias"][place][key])
        # The flip test looks for neighbours among features: encoded ones here, numbers alone there.
        assert {name: one[name] for name in one if name[1] != "FT"} == {n: other[n] for n in other if n[1] != "FT"}


def documents(commands: Commands, report: dict[str, Any]) -> dict[str, Any]:
    """What the package was registered with: kind → document."""
    package = client(commands, "sagemaker").describe_model_package(ModelPackageName=report["ModelPackageArn"])
    s3 = client(commands, "s3")

    def read(address: str) -> Any:
        bucket, _, key = address.removeprefix("s3://").partition("/")
        return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    return {
        kind: {name: read(source["S3Uri"]) for name, source in sources.items()}
        for kind, sources in package["ModelMetrics"].items()
        if kind in ("Bias", "Explainability")
    }


def values(section: dict[str, Any]) -> dict[tuple[str, str], float | None]:
    """Group and metric → value, to nine digits."""
    return {
        (group["value_or_threshold"], metric["name"]): metric["value"] and round(metric["value"], 9)
        for group in section["facets"]["gender"]
        for metric in group["metrics"]
    }
