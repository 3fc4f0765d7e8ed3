"""Random Cut Forest through the deployment, by both engines: run, approve, promote, invoke in every possible mode."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from model_build import catalogue
from tests.conftest import Commands
from tests.end_to_end.test_deployment import Machine, plant

pytestmark = pytest.mark.long

ENDPOINTS = {"real_time": "", "serverless": "-serverless", "asynchronous": "-async"}

#: Engine → the modes of its stages. Serverless and asynchronous endpoints cannot serve the three containers of builtin.
MODES = {"script": ("real_time", "serverless", "asynchronous", "batch"), "builtin": ("real_time", "batch")}


def prepared(commands: Commands, engine: str) -> None:
    """A tree of its own with 6,000 lines of invoices, the engine and its modes."""
    plant(commands.folder)
    folder = commands.folder / "model_build/pipelines/invoices"
    catalogue.load(folder / "sample.py").write(commands.folder / "invoices.csv", rows=6000)
    config = folder / "config.toml"
    config.write_text(config.read_text().replace('engine = "script"', f'engine = "{engine}"'))
    base = commands.folder / "model_deploy/stages/invoices/base.toml"
    modes = json.dumps(MODES[engine])
    base.write_text(base.read_text().replace(json.dumps(MODES["script"]), modes))
    assert f"modes = {modes}" in base.read_text()
    if engine == "builtin":
        base.write_text(base.read_text().replace("[batch]\n", '[batch]\ncontent_type = "application/jsonlines"\n'))


def golden(machine: Machine, package: str) -> list[dict[str, Any]]:
    found = machine.client("sagemaker").describe_model_package(ModelPackageName=package)
    lines = machine.object(found["CustomerMetadataProperties"]["golden-records"]).decode().split("\n")
    return [json.loads(line) for line in lines if line]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", MODES)
def test_invoices(new_commands: Callable[[], Commands], engine: str) -> None:
    commands = new_commands()
    prepared(commands, engine)
    assert commands("check", "invoices").returncode == 0
    built = commands.json("run", "invoices", "--data", "invoices.csv")
    machine = Machine(commands, commands.json("local", "env")["AWS_ENDPOINT_URL"])
    machine.clock(60)
    machine.run("approve", "invoices")
    machine.run("promote", "invoices")
    records = golden(machine, built["ModelPackageArn"])[:20]
    expected = [(one["decision"], one["score"], 1) for one in records]
    (commands.folder / "records.jsonl").write_text("".join(json.dumps(one["record"]) + "\n" for one in records))
    for mode, suffix in ENDPOINTS.items():
        if mode in MODES[engine]:
            said = commands(
                "invoke", f"invoices-prod{suffix}", "records.jsonl",
                "--content-type", "application/jsonlines", "--accept", "application/jsonlines",
            )  # fmt: skip
            assert said.returncode == 0, said.stderr
            answers = [json.loads(line) for line in said.stdout.split("\n") if line]
            assert [(one["decision"], one["score"], one["model_version"]) for one in answers] == expected, mode
    assert of_batch(machine, engine, records) == expected


def of_batch(machine: Machine, engine: str, records: list[dict[str, Any]]) -> list[tuple[str, float, int]]:
    """The decisions of a batch. The input stands in front of the answer, the stamps of the capture behind it."""
    lines = machine.commands.folder / "records.jsonl"
    if engine == "script":
        lines = lines.with_suffix(".csv")
        rows = (",".join(str(value) for value in one["record"].values()) for one in records)
        lines.write_text("".join(f"{row}\n" for row in rows))
    machine.run("batch", "invoices", lines.name, "--output", "scored", "--stage", "prod")
    (scored,) = (machine.commands.folder / "scored").glob("**/*.out")
    found = [line for line in scored.read_text().split("\n") if line]
    if engine == "script":
        return [(row[-5], float(row[-4]), int(row[-3])) for row in (line.split(",") for line in found)]
    answers = [json.loads(line)["SageMakerOutput"] for line in found]
    return [(one["decision"], one["score"], one["model_version"]) for one in answers]


def test_the_builtin_engine_is_refused_by_modes_that_cannot_serve_it(new_commands: Callable[[], Commands]) -> None:
    commands = new_commands()
    prepared(commands, "builtin")
    base = commands.folder / "model_deploy/stages/invoices/base.toml"
    modes = 'modes = ["real_time", "batch"]'
    assert modes in base.read_text()
    base.write_text(base.read_text().replace(modes, modes.replace("]", ', "serverless"]')))
    for command in (("check", "invoices"), ("run", "invoices", "--data", "invoices.csv")):
        done = commands(*command)
        assert done.returncode == 2
        assert "has 3 containers, AWS refuses them in the mode serverless: Serverless Inference excludes" in done.stderr
