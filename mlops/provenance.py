"""What a version is made of: the chain from the data to the package, as SageMaker's lineage has it. Plain boto3."""

import re
from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

import boto3

from contract.documents import Document
from model_build.assets import is_asset

#: The farthest that QueryLineage goes.
DEPTH = 10

#: `pipelines-<execution>-<step>-<hash>`: what a pipeline calls its jobs.
_JOB = re.compile(r"pipelines-(?P<execution>[a-z0-9]+)-(?P<step>.+)-[A-Za-z0-9]+")

#: `<execution>-<step>-<hash>-<number>-<hash>`: what a pipeline's tuning job calls its training jobs.
_TRIAL = re.compile(r"(?P<execution>[a-z0-9]{12})-(?P<step>.+)-[A-Za-z0-9]{10}-\d{3}-[0-9a-f]{8}")


def chain(arn: str) -> list[Document]:
    """Things and jobs from the data to the package `arn`, each after what it came from; empty without lineage.

    Type    DataSet, Model, ProcessingJob, TrainingJob, …, ModelPackage
    Name    the end of an address, or the step of a job;  Source  the address, or the job's ARN
    From    the sources of what it directly came from
    Images, and code and settings of the project, are left out: the package's hashes name those.
    """
    client = boto3.client("sagemaker")
    starts = client.list_artifacts(SourceUri=arn)["ArtifactSummaries"]
    if not starts:
        return []
    start = starts[0]["ArtifactArn"]
    kept, edges = _ancestry(client, start)
    name = f"version {arn.rpartition('/')[2]}"
    kept[start] = {"Type": "ModelPackage", "Name": name, "Source": arn}
    before: dict[str, list[str]] = {name: [] for name in kept}
    for source, destination in sorted(edges):
        if source in kept and destination in kept:
            before[destination].append(source)
    order = TopologicalSorter({name: sorted(sources) for name, sources in before.items()}).static_order()
    return [kept[name] | {"From": sorted(kept[one]["Source"] for one in before[name])} for name in order]


def _ancestry(client: Any, start: str) -> tuple[dict[str, Document], set[tuple[str, str]]]:
    """ARN → thing or job that `start` comes from, and the associations between them.

    Lineage knows an artifact by its address. A job that puts out a folder, of which a later step names one file, is
    found by the folder's address: what made the folder made the file.
    """
    found: dict[str, Document | None] = {}
    edges: set[tuple[str, str]] = set()
    asked = [(start, start)]
    while asked:
        arn, made = asked.pop()
        vertices, associations = _ancestors(client, arn)
        new = [vertex for vertex in vertices if vertex["Type"] != "Image" and vertex["Arn"] not in found]
        found |= {vertex["Arn"]: _described(client, vertex) for vertex in new}
        edges |= {(source, made if destination == arn else destination) for source, destination in associations}
        known = {destination for _, destination in edges}
        for one in (vertex["Arn"] for vertex in new if vertex["Arn"] not in known):
            entry = found[one]
            if entry and not is_asset(entry["Source"]) and (folder := _folder(client, entry["Source"])):
                asked.append((folder, one))
    return {arn: entry for arn, entry in found.items() if entry and not is_asset(entry["Source"])}, edges


def _folder(client: Any, address: str) -> str | None:
    """The ARN of the artifact that is the nearest folder around an address in S3."""
    bucket, *parts = address.removeprefix("s3://").rstrip("/").split("/")
    for end in range(len(parts) - 1, 0, -1):
        place = "/".join(["s3:/", bucket, *parts[:end]])
        for spelled in (place, f"{place}/"):
            if found := client.list_artifacts(SourceUri=spelled)["ArtifactSummaries"]:
                return str(found[0]["ArtifactArn"])
    return None


def _ancestors(client: Any, start: str) -> tuple[list[Document], set[tuple[str, str]]]:
    vertices: list[Document] = []
    edges: set[tuple[str, str]] = set()
    token: dict[str, str] = {}
    while True:
        page = client.query_lineage(
            StartArns=[start], Direction="Ascendants", IncludeEdges=True, MaxDepth=DEPTH, MaxResults=50, **token
        )
        vertices += page["Vertices"]
        edges |= {(edge["SourceArn"], edge["DestinationArn"]) for edge in page.get("Edges", [])}
        if not page.get("NextToken"):
            return vertices, edges
        token = {"NextToken": page["NextToken"]}


def _described(client: Any, vertex: Document) -> Document | None:
    """None for what is neither a thing nor a job."""
    if vertex["LineageType"] == "Artifact":
        source = client.describe_artifact(ArtifactArn=vertex["Arn"])["Source"]["SourceUri"]
        return {"Type": vertex["Type"], "Name": _end(source), "Source": source}
    if vertex["LineageType"] != "TrialComponent":
        return None
    name = vertex["Arn"].rpartition("/")[2]
    found = client.describe_trial_component(TrialComponentName=name)
    job = found.get("DisplayName") or name
    made = _JOB.fullmatch(job) or _TRIAL.fullmatch(job)
    more = {"PipelineExecutionId": made["execution"]} if made else {}
    return {
        "Type": vertex["Type"],
        "Name": made["step"] if made else job,
        "Source": found["Source"]["SourceArn"],
        "EndTime": found.get("EndTime"),
        **more,
    }


def _end(address: str) -> str:
    """The last part of an address that is no hash."""
    parts = [part for part in address.split("/") if part and not re.fullmatch(r"[0-9a-f]{64}", part)]
    return parts[-1]


def lines(found: Iterable[Document]) -> list[tuple[str, str, str]]:
    """For a person: what was done, out of what, and what came of it; data that nothing made comes first."""
    entries = list(found)
    names = _names(entries)
    things = ("DataSet", "Model", "Checkpoint")
    data = [("data", entry["Source"], "") for entry in entries if entry["Type"] in things and not entry["From"]]
    done = []
    for entry in entries:
        if entry["Type"] in things:
            continue
        made = [names[other["Source"]] for other in entries if entry["Source"] in other["From"]]
        done.append((entry["Name"], ", ".join(names[source] for source in entry["From"]), ", ".join(made)))
    return data + done


def _names(entries: list[Document]) -> dict[str, str]:
    """Source → name; things of the same name are told apart by the folders around them."""
    names = {entry["Source"]: entry["Name"] for entry in entries}
    for length in range(2, 12):
        for source in [source for source, name in names.items() if list(names.values()).count(name) > 1]:
            names[source] = "/".join(source.rstrip("/").split("/")[-length:])
    return names
