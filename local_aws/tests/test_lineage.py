"""Lineage: what is made by hand, what SageMaker makes by itself, and what a query finds along it."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.lineage import of_jobs
from local_aws.operations import Aws
from local_aws.registry import groups, packages

Fresh = Callable[[str], str]

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
EXECUTION = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/credit/execution/abc"


@pytest.fixture
def sagemaker(client: Callable[..., Any]) -> Any:
    return client("sagemaker")


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_entities_by_hand(sagemaker: Any, fresh: Fresh) -> None:
    source = {"SourceUri": f"s3://{fresh('bucket')}/data"}
    artifact = sagemaker.create_artifact(ArtifactName="rows", ArtifactType="DataSet", Source=source)["ArtifactArn"]
    action = sagemaker.create_action(ActionName=fresh("act"), ActionType="Approval", Source=source)["ActionArn"]
    name = fresh("context")
    context = sagemaker.create_context(ContextName=name, ContextType="Endpoint", Source=source)["ContextArn"]
    assert [
        entry["ArtifactArn"] for entry in sagemaker.list_artifacts(SourceUri=source["SourceUri"])["ArtifactSummaries"]
    ] == [artifact]
    with pytest.raises(ClientError) as error:  # "there can be only one artifact with a unique SourceUri"
        sagemaker.create_artifact(ArtifactType="Other", Source=source)
    assert refused(error)[0] == "ValidationException"

    sagemaker.update_artifact(ArtifactArn=artifact, Properties={"rows": "10", "old": "1"})
    sagemaker.update_artifact(ArtifactArn=artifact, Properties={"rows": "12"}, PropertiesToRemove=["old"])
    described = sagemaker.describe_artifact(ArtifactArn=artifact)
    assert (described["ArtifactName"], described["Properties"]) == ("rows", {"rows": "12"})
    sagemaker.add_tags(ResourceArn=context, Tags=[{"Key": "a", "Value": "b"}])
    assert sagemaker.list_tags(ResourceArn=context)["Tags"] == [{"Key": "a", "Value": "b"}]

    sagemaker.add_association(SourceArn=artifact, DestinationArn=context, AssociationType="ContributedTo")
    sagemaker.add_association(SourceArn=action, DestinationArn=context)
    found = sagemaker.list_associations(DestinationArn=context, SortBy="CreationTime")["AssociationSummaries"]
    assert [(one["SourceType"], one["DestinationType"], one["AssociationType"]) for one in found] == [
        ("Approval", "Endpoint", "AssociatedWith"),
        ("DataSet", "Endpoint", "ContributedTo"),
    ]
    assert [
        one["SourceArn"]
        for one in sagemaker.list_associations(DestinationArn=context, SourceType="DataSet")["AssociationSummaries"]
    ] == [artifact]
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.add_association(SourceArn=artifact, DestinationArn=context)
    with pytest.raises(ClientError, match="has associations"):
        sagemaker.delete_context(ContextName=name)
    for source_arn in (artifact, action):
        sagemaker.delete_association(SourceArn=source_arn, DestinationArn=context)
    sagemaker.delete_context(ContextName=name)
    sagemaker.delete_artifact(Source=source)
    for call in (
        lambda: sagemaker.describe_context(ContextName=name),
        lambda: sagemaker.describe_artifact(ArtifactArn=artifact),
        lambda: sagemaker.add_association(SourceArn=artifact, DestinationArn=action),
        lambda: sagemaker.delete_association(SourceArn=artifact, DestinationArn=action),
    ):
        with pytest.raises(ClientError) as error:
            call()
        assert refused(error)[0] == "ResourceNotFound"


def job(name: str, inputs: list[str], outputs: list[str], status: str = "Completed") -> dict[str, Any]:
    return {
        "ProcessingJobName": name,
        "ProcessingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}",
        "ProcessingJobStatus": status,
        "AppSpecification": {"ImageUri": IMAGE},
        "ProcessingInputs": [{"InputName": f"in{n}", "S3Input": {"S3Uri": uri}} for n, uri in enumerate(inputs)],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": f"out{n}", "S3Output": {"S3Uri": uri}} for n, uri in enumerate(outputs)]
        },
        "Tags": [{"Key": "sagemaker:pipeline-execution-arn", "Value": EXECUTION}],
        "CreationTime": 1.0,
        "LastModifiedTime": 2.0,
    }


def training(name: str, channel: str, model: str) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}",
        "TrainingJobStatus": "Completed",
        "AlgorithmSpecification": {"TrainingImage": IMAGE},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": channel}}}],
        "ModelArtifacts": {"S3ModelArtifacts": model},
        "CreationTime": 3.0,
        "LastModifiedTime": 4.0,
    }


@pytest.fixture
def machine(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Raw rows → Encode → Train → version 1 of credit, as the ends of jobs and a registration leave it."""
    monkeypatch.setattr(packages, "require", lambda *_: None)
    with aws.store.transaction():
        of_jobs.job_ended(aws, "Processing", job("encode", ["s3://b/raw"], ["s3://b/train", "s3://b/test"]))
        of_jobs.job_ended(aws, "Training", training("fit", "s3://b/train", "s3://b/model.tar.gz"))
        of_jobs.job_ended(aws, "Processing", job("broken", ["s3://b/train"], ["s3://b/nothing"], "Failed"))
        groups.create(aws, {"ModelPackageGroupName": "credit"})
        packages.create(
            aws,
            {
                "ModelPackageGroupName": "credit",
                "InferenceSpecification": {"Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://b/model.tar.gz"}]},
                "MetadataProperties": {"GeneratedBy": EXECUTION},
            },
        )
    return aws


def call(aws: Aws, operation: str, **request: Any) -> Any:
    from local_aws.lineage import operations

    return operations.handlers[operation](aws, request)


def artifact_of(aws: Aws, uri: str) -> str:
    return str(call(aws, "ListArtifacts", SourceUri=uri)["ArtifactSummaries"][0]["ArtifactArn"])


def names(aws: Aws, vertices: list[dict[str, Any]]) -> set[str]:
    """The last part of source or name of each vertex."""
    from local_aws.lineage import entities

    found = [entities.of_arn(vertex["Arn"]).get(aws, vertex["Arn"]) for vertex in vertices]
    return {
        one["DisplayName"] if "DisplayName" in one else one["Source"]["SourceUri"].rpartition(":")[2] for one in found
    }


def test_from_the_version_back_to_the_data(machine: Aws) -> None:
    version = artifact_of(machine, packages.arn_of(machine, "credit/1"))
    answer = call(machine, "QueryLineage", StartArns=[version], Direction="Ascendants", IncludeEdges=True)
    assert names(machine, answer["Vertices"]) == {
        "3.2-0", "//b/model.tar.gz", "fit", "//b/train", "encode", "//b/raw", "model-package/credit/1",
    }, "the image's tag, and the approval whose source is the package; not the other products of Encode"  # fmt: skip
    types = {(vertex["LineageType"], vertex["Type"]) for vertex in answer["Vertices"]}
    assert types == {
        ("Artifact", "Image"), ("Artifact", "Model"), ("Artifact", "DataSet"), ("Action", "Approval"),
        ("TrialComponent", "TrainingJob"), ("TrialComponent", "ProcessingJob"),
    }  # fmt: skip
    model, fit = artifact_of(machine, "s3://b/model.tar.gz"), ":experiment-trial-component/fit-aws-training-job"
    edges = {(edge["SourceArn"], edge["DestinationArn"]): edge["AssociationType"] for edge in answer["Edges"]}
    assert edges[model, version] == "ContributedTo"
    produced = [source for (source, destination), kind in edges.items() if destination == model and kind == "Produced"]
    assert len(produced) == 1
    assert produced[0].endswith(fit)


def test_from_the_data_to_the_version(machine: Aws) -> None:
    raw = artifact_of(machine, "s3://b/raw")
    found = call(machine, "QueryLineage", StartArns=[raw], Direction="Descendants", IncludeEdges=False)
    assert "Edges" not in found
    assert {"//b/test", "broken", "model-package/credit/1", "model-package-group/credit"} <= names(
        machine, found["Vertices"]
    )
    assert "//b/nothing" not in names(machine, found["Vertices"]), "a failed job puts nothing out"
    jobs = call(
        machine, "QueryLineage", StartArns=[raw], Direction="Descendants", Filters={"LineageTypes": ["TrialComponent"]},
        MaxDepth=1,
    )  # fmt: skip
    assert names(machine, jobs["Vertices"]) == {"encode"}
    first = call(machine, "QueryLineage", StartArns=[raw], Direction="Descendants", MaxResults=2)
    rest = call(machine, "QueryLineage", StartArns=[raw], Direction="Descendants", NextToken=first["NextToken"])
    assert len(first["Vertices"]) == 2
    assert len({vertex["Arn"] for vertex in first["Vertices"] + rest["Vertices"]}) == len(found["Vertices"])


def test_jobs_and_what_a_pipeline_made_tell_its_execution(machine: Aws) -> None:
    component = call(machine, "DescribeTrialComponent", TrialComponentName="encode-aws-processing-job")
    assert component["MetadataProperties"] == {"GeneratedBy": EXECUTION}
    assert component["OutputArtifacts"]["out1"] == {"Value": "s3://b/test"}
    assert component["Source"]["SourceType"] == "SageMakerProcessingJob"
    version = call(machine, "DescribeArtifact", ArtifactArn=artifact_of(machine, packages.arn_of(machine, "credit/1")))
    assert version["MetadataProperties"] == {"GeneratedBy": EXECUTION}


def test_each_decision_about_a_version_is_an_action(machine: Aws) -> None:
    arn = packages.arn_of(machine, "credit/1")
    packages.update(machine, {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"})
    found = call(machine, "ListActions", ActionType="Approval")["ActionSummaries"]
    assert {one["ActionName"].split("-")[2] for one in found} == {"PendingManualApproval", "Approved"}
    version = artifact_of(machine, arn)
    assert (
        len(call(machine, "ListAssociations", DestinationArn=version, SourceType="Approval")["AssociationSummaries"])
        == 2
    )
