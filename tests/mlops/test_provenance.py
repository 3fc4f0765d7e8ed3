"""The chain from the data to a version, as a person reads it."""

from typing import Any

import pytest

from mlops.provenance import chain, lines
from model_build.assets import is_asset


def test_the_lines_of_a_chain() -> None:
    def entry(kind: str, name: str, source: str, *before: str) -> dict[str, object]:
        return {"Type": kind, "Name": name, "Source": source, "From": list(before)}

    chain = [
        entry("DataSet", "rows.csv", "s3://b/rows.csv"),
        entry("ProcessingJob", "PreprocessEncode", "arn:encode", "s3://b/rows.csv"),
        entry("DataSet", "train", "s3://b/train", "arn:encode"),
        entry("TrainingJob", "Train", "arn:train", "s3://b/train"),
        entry("Model", "model.tar.gz", "s3://b/model.tar.gz", "arn:train"),
        entry("ModelPackage", "version 3", "arn:package", "s3://b/model.tar.gz"),
    ]
    assert lines(chain) == [
        ("data", "s3://b/rows.csv", ""),
        ("PreprocessEncode", "rows.csv", "train"),
        ("Train", "train", "model.tar.gz"),
        ("version 3", "model.tar.gz", ""),
    ]


def test_things_of_the_same_name_are_told_apart() -> None:
    def thing(source: str) -> dict[str, object]:
        return {"Type": "Model", "Name": "model.tar.gz", "Source": source, "From": []}

    sources = ["s3://b/x/Threshold/encoding/model.tar.gz", "s3://b/x/Threshold/deciding/model.tar.gz"]
    version = {"Type": "ModelPackage", "Name": "version 1", "Source": "arn:package", "From": sources}
    *_, (name, made_of, _) = lines([*map(thing, sources), version])
    assert (name, made_of) == ("version 1", "encoding/model.tar.gz, deciding/model.tar.gz")


class Lineage:
    """SageMaker's lineage as far as a chain asks for it. `made`: what → what it came from; jobs begin with job:."""

    def __init__(self, made: dict[str, list[str]]) -> None:
        self.made = made
        self.known = {*made, *(one for sources in made.values() for one in sources)}

    def list_artifacts(self, SourceUri: str) -> dict[str, Any]:  # noqa: N803
        return {"ArtifactSummaries": [{"ArtifactArn": SourceUri}] if SourceUri in self.known else []}

    def query_lineage(self, StartArns: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803
        waiting, edges = list(StartArns), []
        while waiting:
            end = waiting.pop()
            edges += [{"SourceArn": one, "DestinationArn": end} for one in self.made.get(end, [])]
            waiting += self.made.get(end, [])
        return {
            "Vertices": [self._vertex(arn) for arn in sorted({edge["SourceArn"] for edge in edges})],
            "Edges": edges,
        }

    @staticmethod
    def _vertex(arn: str) -> dict[str, str]:
        if arn.startswith("job:"):
            return {"Arn": arn, "Type": "ProcessingJob", "LineageType": "TrialComponent"}
        return {"Arn": arn, "Type": "DataSet", "LineageType": "Artifact"}

    def describe_artifact(self, ArtifactArn: str) -> dict[str, Any]:  # noqa: N803
        return {"Source": {"SourceUri": ArtifactArn}}

    def describe_trial_component(self, TrialComponentName: str) -> dict[str, Any]:  # noqa: N803
        return {"DisplayName": TrialComponentName, "Source": {"SourceArn": f"arn:{TrialComponentName}"}}


def test_a_file_was_made_by_what_put_out_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    package = "arn:aws:sagemaker:us-east-1:1:model-package/m/1"
    lineage = Lineage(
        {
            package: ["s3://b/e/Threshold/encoding/model.tar.gz", "s3://b/e/Train/model.tar.gz"],
            "s3://b/e/Train/model.tar.gz": ["job:Train"],
            "job:Train": ["s3://b/data/"],
            "s3://b/e/Threshold/encoding": ["job:Threshold"],
            "job:Threshold": ["s3://b/e/Score/validation/", "s3://b/e/Train/model.tar.gz"],
            "s3://b/e/Score": ["job:Score"],
            "job:Score": ["s3://b/data/"],
        }
    )
    monkeypatch.setattr("mlops.provenance.boto3.client", lambda _: lineage)
    assert lines(chain(package)) == [
        ("data", "s3://b/data/", ""),
        ("job:Train", "data", "Train/model.tar.gz"),
        ("job:Score", "data", "validation"),
        ("job:Threshold", "validation, Train/model.tar.gz", "encoding/model.tar.gz"),
        ("version 1", "encoding/model.tar.gz, Train/model.tar.gz", ""),
    ]


@pytest.mark.parametrize(
    ("job", "step"),
    [
        ("pipelines-i7nj1rvetz71-PreprocessFit-Ab12", "PreprocessFit"),
        ("i7nj1rvetz71-Tune-e795634299-010-d0ce5974", "Tune"),
        ("somebody-elses-job-001", "somebody-elses-job-001"),
    ],
    ids=["of a step", "of tuning", "of nobody here"],
)
def test_a_job_is_called_after_its_step(job: str, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package = "arn:aws:sagemaker:us-east-1:1:model-package/m/1"
    monkeypatch.setattr("mlops.provenance.boto3.client", lambda _: Lineage({package: [f"job:/{job}"]}))
    assert chain(package)[0]["Name"] == step


def test_code_and_settings_are_told_from_data() -> None:
    digest = "a" * 64
    assert is_asset(f"s3://b/credit/code/{digest}/")
    assert is_asset(f"s3://b/credit/settings/{digest}/")
    assert not is_asset(f"s3://b/credit/data/{digest}/")
    assert not is_asset("s3://b/credit/code/rows.csv")
