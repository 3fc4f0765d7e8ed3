"""Upload, upsert and start against moto: what is sent, and what is not sent twice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from contract import package
from contract.errors import InputError
from model_build import building, data, executions
from model_build.built import Built
from model_build.target import connected, resolve
from tests.model_build.conftest import SMALL

ACCOUNT, REGION = "123456789012", "eu-central-1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipelines") / "small"
    folder.mkdir()
    (folder / "config.toml").write_text(SMALL, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLOPS_PIPELINES", str(folder.parent))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return building.build("small", resolve(ACCOUNT, REGION))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path) -> Iterator[boto3.Session]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "ARTIFACT_BUCKET", "SAGEMAKER_PIPELINE_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MLOPS_PIPELINES", str(folder.parent))
    with mock_aws():
        yield boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)


def keys(session: boto3.Session, built: Built) -> set[str]:
    listed = session.client("s3").list_objects_v2(Bucket=built.target.bucket)
    return {entry["Key"] for entry in listed.get("Contents", [])}


def test_upsert_uploads_all_that_the_definition_names(session: boto3.Session, built: Built) -> None:
    arn = executions.upsert(built, session)
    assert arn.endswith(":pipeline/small")
    named = [part for part in built.text.split('"') if part.startswith(f"s3://{built.target.bucket}/small/")]
    addresses = {address for address in named if "/code/" in address or "/settings/" in address}
    assert len(addresses) == 11, "six bundles, five settings"
    present = keys(session, built)
    for address in addresses:
        prefix = address.removeprefix(f"s3://{built.target.bucket}/")
        assert any(key.startswith(prefix) for key in present), address
    described = session.client("sagemaker").describe_pipeline(PipelineName="small")
    assert described["PipelineDefinition"] == built.text


def test_a_second_upsert_uploads_nothing(session: boto3.Session, built: Built) -> None:
    executions.upsert(built, session)
    assert built.assets.upload(session.client("s3")) == 0
    executions.upsert(built, session)


def test_the_target_of_a_session(session: boto3.Session, built: Built) -> None:
    assert connected(session) == built.target


def test_local_data_is_named_by_its_content(session: boto3.Session, built: Built, tmp_path: Path) -> None:
    executions.prepare(built, session)
    s3 = session.client("s3")
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    first = data.locate(str(tmp_path / "rows.csv"), built, s3)
    assert data.locate(str(tmp_path / "rows.csv"), built, s3) == first
    print_first = data.fingerprint(first, s3)
    (tmp_path / "rows.csv").write_text("a,b\n1,3\n")
    second = data.locate(str(tmp_path / "rows.csv"), built, s3)
    assert second != first
    assert data.fingerprint(second, s3) != print_first
    assert first.startswith(f"s3://{built.target.bucket}/small/data/")


def test_a_folder_keeps_its_shape(session: boto3.Session, built: Built, tmp_path: Path) -> None:
    executions.prepare(built, session)
    folder = tmp_path / "rows"
    (folder / "day=1").mkdir(parents=True)
    (folder / "day=1" / "a.csv").write_text("a\n1\n")
    (folder / "_SUCCESS").write_text("")
    (folder / ".hidden").write_text("x")
    address = data.locate(str(folder), built, session.client("s3"))
    found = {key.removeprefix(address.split("/", 3)[3]) for key in keys(session, built) if "/data/" in key}
    assert found == {"day=1/a.csv"}


def test_new_data_below_the_same_prefix_has_another_fingerprint(session: boto3.Session, built: Built) -> None:
    executions.prepare(built, session)
    s3 = session.client("s3")
    address = f"s3://{built.target.bucket}/rows/"
    with pytest.raises(InputError, match="There is no data at s3://"):
        data.fingerprint(address, s3)
    s3.put_object(Bucket=built.target.bucket, Key="rows/a.csv", Body=b"1")
    first = data.fingerprint(address, s3)
    s3.put_object(Bucket=built.target.bucket, Key="rows/a.csv", Body=b"2")
    assert data.fingerprint(address, s3) != first


def test_data_that_is_not_there(session: boto3.Session, built: Built, tmp_path: Path) -> None:
    executions.prepare(built, session)
    (tmp_path / "empty").mkdir()
    (tmp_path / "blank.csv").write_text("")
    for name, sentence in (("nothing.csv", "does not exist"), ("empty", "holds no files"), ("blank.csv", "is empty")):
        with pytest.raises(InputError, match=sentence):
            executions.start(built, session, str(tmp_path / name))
    with pytest.raises(InputError, match="--data"):
        executions.start(built, session)


def test_an_execution_starts_with_what_the_registry_holds(session: boto3.Session, built: Built, tmp_path: Path) -> None:
    executions.upsert(built, session)
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    sagemaker = session.client("sagemaker")

    def started(**parameters: str) -> dict[str, str]:
        arn = executions.start(built, session, str(tmp_path / "rows.csv"), parameters)
        listed = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
        return {entry["Name"]: entry["Value"] for entry in listed}

    first = started()
    assert first["RegisteredArtefact"] == first["RegisteredCode"] == first["RegisteredData"] == "none"
    assert len(first["InputDataFingerprint"]) == 64
    sagemaker.create_model_package(
        ModelPackageGroupName="small",
        ModelApprovalStatus="PendingManualApproval",
        CustomerMetadataProperties={package.ARTEFACT_HASH: "a", package.CODE_HASH: "c", package.DATA_HASH: "d"},
    )
    second = started(ProcessingInstanceCount="2")
    assert [second[f"Registered{name}"] for name in ("Artefact", "Code", "Data")] == ["a", "c", "d"]
    assert second["ProcessingInstanceCount"] == "2"
    assert "ChampionVersion" not in second, "a version that waits for approval is no champion"
    derived = {"InputDataFingerprint", "RegisteredArtefact", "RegisteredCode", "RegisteredData"}
    given = {name: f"my {name}" for name in derived}
    third = started(**given)
    assert {name: third[name] for name in derived} == given, "what the user says wins"


def test_the_champion_is_the_newest_approved_version(session: boto3.Session, built: Built) -> None:
    executions.upsert(built, session)
    sagemaker, s3 = session.client("sagemaker"), session.client("s3")
    assert executions.champion("small", sagemaker, s3) == {}

    def register(key: str, status: str, containers: int = 1, **more: object) -> str:
        address = f"s3://{built.target.bucket}/{key}"
        container = {"Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/x:1", "ModelDataUrl": address}
        sagemaker.create_model_package(
            ModelPackageGroupName="small",
            ModelApprovalStatus=status,
            InferenceSpecification={"Containers": [container] * containers, "SupportedContentTypes": ["text/csv"]},
            **more,
        )
        return address

    s3.put_object(Bucket=built.target.bucket, Key="one/model.tar.gz", Body=b"")
    one = register("one/model.tar.gz", "Approved")
    register("two/model.tar.gz", "PendingManualApproval")
    assert executions.champion("small", sagemaker, s3) == {"ChampionVersion": "1", "ChampionModelUrl": one}
    register("gone/model.tar.gz", "Approved")
    assert executions.champion("small", sagemaker, s3) == {"ChampionVersion": "3"}
    register("one/model.tar.gz", "Approved", containers=3)
    assert executions.champion("small", sagemaker, s3) == {"ChampionVersion": "4"}
    s3.put_object(Bucket=built.target.bucket, Key="one/analysis.json", Body=b"{}")
    document = {"ContentType": "application/json", "S3Uri": f"s3://{built.target.bucket}/one/analysis.json"}
    register("gone/model.tar.gz", "Approved", DriftCheckBaselines={"Explainability": {"Constraints": document}})
    found = executions.champion("small", sagemaker, s3)
    assert found == {"ChampionVersion": "5", "BaselineAnalysisUrl": document["S3Uri"]}


def test_a_sample_is_made_when_there_is_one(session: boto3.Session, built: Built, small: Path) -> None:
    executions.prepare(built, session)
    built = replace(built, folder=small)
    (small / "sample.py").write_text("def write(path):\n    path.write_text('a\\n1\\n')\n")
    address = data.locate(None, built, session.client("s3"))
    assert {key.rpartition("/")[2] for key in keys(session, built) if "/data/" in key} == {"small.csv"}
    assert data.fingerprint(address, session.client("s3"))


def test_from_a_step(session: boto3.Session, built: Built) -> None:
    from model_build.check import downstream

    steps = json.loads(built.text)["Steps"]
    assert downstream(steps, "Train") == ["Train", "Evaluate", "Analyze", "Verdict", "Gate", "Reject"]
    assert downstream(steps, "PreprocessFit") == [step["Name"] for step in steps]
    with pytest.raises(InputError, match="There is no step 'Training'"):
        downstream(steps, "Training")


def test_a_step_is_run_again_on_top_of_the_newest_execution(
    session: boto3.Session, built: Built, tmp_path: Path
) -> None:
    sent: list[dict[str, Any]] = []
    session.events.register(
        "provide-client-params.sagemaker.StartPipelineExecution", lambda params, **_: sent.append(dict(params))
    )
    executions.upsert(built, session)
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    rows = str(tmp_path / "rows.csv")
    with pytest.raises(InputError, match=r"has not run yet.* before Evaluate; leave --from"):
        executions.start(built, session, rows, from_step="Evaluate")
    # moto does not sort: what it lists first stands for the newest, and the order must have been asked for.
    first_listed = executions.start(built, session, rows)
    executions.start(built, session, rows)
    listed: list[dict[str, Any]] = []
    session.events.register(
        "provide-client-params.sagemaker.ListPipelineExecutions", lambda params, **_: listed.append(dict(params))
    )
    executions.start(built, session, rows, from_step="Evaluate")
    (asked,) = listed
    assert asked == {"PipelineName": "small", "SortBy": "CreationTime", "SortOrder": "Descending"}
    first, second, third = sent
    assert "SelectiveExecutionConfig" not in {*first, *second}
    assert third["SelectiveExecutionConfig"] == {
        "SourcePipelineExecutionArn": first_listed,
        "SelectedSteps": [{"StepName": name} for name in ("Evaluate", "Verdict", "Gate", "Reject")],
    }
    with pytest.raises(InputError, match="There is no step 'Training'"):
        executions.start(built, session, rows, from_step="Training")


@pytest.mark.parametrize("spaces", [0, 1])
def test_a_definition_that_is_too_long_for_the_request_goes_through_s3(
    session: boto3.Session, built: Built, spaces: int
) -> None:
    sent: list[dict[str, Any]] = []
    for operation in ("CreatePipeline", "UpdatePipeline"):
        session.events.register(
            f"provide-client-params.sagemaker.{operation}", lambda params, **_: sent.append(dict(params))
        )
    text = built.text + " " * (100 * 1024 + spaces - len(built.text.encode()))
    for _ in range(2):
        executions.upsert(replace(built, text=text), session)
    stored = {key for key in keys(session, built) if "/definitions/" in key}
    if not spaces:
        assert [request["PipelineDefinition"] for request in sent] == [text, text]
        assert not stored
        return
    (key,) = stored
    place = {"Bucket": built.target.bucket, "ObjectKey": key}
    assert [request["PipelineDefinitionS3Location"] for request in sent] == [place, place]
    assert not any("PipelineDefinition" in request for request in sent)
    body = session.client("s3").get_object(Bucket=built.target.bucket, Key=key)["Body"]
    assert body.read() == text.encode()
