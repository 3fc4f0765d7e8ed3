"""What an execution takes from an earlier one: cached steps, and those that were not selected."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines_kit import BAD, CACHED, OK, Home, Pipelines, after, condition, definition, gate_step, processing


def test_caching(pipelines: Pipelines, machine: Home, bucket: str) -> None:
    def step(name: str, **arguments: Any) -> dict[str, Any]:
        return processing(
            name, OK, outputs={"out": f"s3://{bucket}/{name}"}, arguments=arguments, **json.loads(json.dumps(CACHED))
        )

    first = step("One", Environment={"FINGERPRINT": {"Get": "Parameters.Data"}})
    uri = {"Get": "Steps.One.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    second = step("Two")
    second["Arguments"]["Environment"] = {"INPUT": uri}
    parameters = [{"Name": "Data", "Type": "String", "DefaultValue": "v1"}]
    name = pipelines.create([first, second, after("Always", "Two")], parameters)

    def run(**more: Any) -> tuple[str, dict[str, str | None]]:
        arn = pipelines.start(name, **more)
        assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded"
        steps = pipelines.steps(arn)
        hits = {key: item.get("CacheHitResult", {}).get("SourcePipelineExecutionArn") for key, item in steps.items()}
        return arn, hits

    source, hits = run()
    assert hits == {"One": None, "Two": None, "Always": None}
    again, hits = run()
    assert hits == {"One": source, "Two": source, "Always": None}
    assert pipelines.steps(again)["One"]["Metadata"] == pipelines.steps(source)["One"]["Metadata"]

    _, hits = run(PipelineParameters=[{"Name": "Data", "Value": "v2"}])
    assert hits == {"One": None, "Two": source, "Always": None}, "what One wrote lies at the same address"

    # What AWS leaves out of the key: the size of the cluster, the role, the outputs.
    first["Arguments"]["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"] = 7
    changed = json.dumps(definition([first, second, after("Always", "Two")], parameters))
    pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=changed)
    _, hits = run()
    assert hits["One"] == source

    # Another program is another key; another pipeline shares nothing.
    first["Arguments"]["AppSpecification"]["ContainerEntrypoint"][2] = "print('other')"
    changed = json.dumps(definition([first, second, after("Always", "Two")], parameters))
    pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=changed)
    assert run()[1]["One"] is None
    _, other = pipelines.run([step("One", Environment={"FINGERPRINT": "v1"})])
    assert "CacheHitResult" not in other["One"]

    machine.clock(3601)
    assert run()[1] == {"One": None, "Two": None, "Always": None}


def test_only_what_succeeded_is_taken_from_the_cache(pipelines: Pipelines, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="in/", Body=b"")
    look = "import os, sys; sys.exit(0 if os.listdir(os.environ['IN']) else 'nothing there')"
    step = processing(
        "Look",
        look,
        inputs=[f"s3://{bucket}/in"],
        arguments={"Environment": {"IN": "/opt/ml/processing/in0"}},
        **CACHED,
    )
    name = pipelines.create([step])
    assert pipelines.end(pipelines.start(name))["PipelineExecutionStatus"] == "Failed"
    s3.put_object(Bucket=bucket, Key="in/file", Body=b"1")
    second = pipelines.start(name)
    assert pipelines.end(second)["PipelineExecutionStatus"] == "Succeeded"
    assert "CacheHitResult" not in pipelines.steps(second)["Look"]


# selective execution


def select(source: str | None, *names: str) -> dict[str, Any]:
    config: dict[str, Any] = {"SelectedSteps": [{"StepName": name} for name in names]}
    if source:
        config["SourcePipelineExecutionArn"] = source
    return {"SelectiveExecutionConfig": config}


def test_selected_steps_take_the_rest_from_an_earlier_execution(pipelines: Pipelines, bucket: str) -> None:
    gate = condition("auc", 0.5, [after("Good")], [after("Bad")])
    name = pipelines.create([processing("Prep", OK), gate_step(bucket, {"auc": 1.0}, DependsOn=["Prep"]), gate])
    source = pipelines.start(name)
    pipelines.end(source)
    arn = pipelines.start(name, **select(source, "Gate", "Good", "Bad"))
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded"
    found = pipelines.steps(arn)
    assert {key: "SelectiveExecutionResult" in step for key, step in found.items()} == {
        "Prep": True,
        "Evaluate": True,
        "Gate": False,
        "Good": False,
    }
    assert found["Prep"]["SelectiveExecutionResult"]["SourcePipelineExecutionArn"] == source
    only = pipelines.start(name, **select(None, "Prep"))
    pipelines.end(only)
    assert set(pipelines.steps(only)) == {"Prep"}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["Absent"], "no step Absent"),
        (["Prep", "Gate"], "Evaluate lies between"),
        (["Bad"], "did not take"),
        (["Late"], "did not succeed"),
    ],
)
def test_selections_that_cannot_run(pipelines: Pipelines, bucket: str, names: list[str], sentence: str) -> None:
    gate = condition("auc", 0.5, [after("Good", program=BAD)], [after("Bad")])
    steps = [processing("Prep", OK), gate_step(bucket, {"auc": 1.0}, DependsOn=["Prep"]), gate, after("Late", "Good")]
    name = pipelines.create(steps)
    source = pipelines.start(name)
    pipelines.end(source)
    with pytest.raises(ClientError, match=sentence):
        pipelines.start(name, **select(source, *names))
    with pytest.raises(ClientError, match="SourcePipelineExecutionArn is needed"):
        pipelines.start(name, **select(None, "Gate"))
