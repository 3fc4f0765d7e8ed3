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
    vertices, edges = _ancestors(client, start)
    found = {vertex["Arn"]: _described(client, vertex) for vertex in vertices if vertex["Type"] != "Image"}
    kept = {name: entry for name, entry in found.items() if entry and not is_asset(entry["Source"])}
    name = f"version {arn.rpartition('/')[2]}"
    kept[start] = {"Type": "ModelPackage", "Name": name, "Source": arn}
    before: dict[str, list[str]] = {name: [] for name in kept}
    for edge in edges:
        if edge["SourceArn"] in kept and edge["DestinationArn"] in kept:
            before[edge["DestinationArn"]].append(edge["SourceArn"])
    order = TopologicalSorter({name: sorted(sources) for name, sources in before.items()}).static_order()
    return [kept[name] | {"From": sorted(kept[one]["Source"] for one in before[name])} for name in order]


def _ancestors(client: Any, start: str) -> tuple[list[Document], list[Document]]:
    vertices: list[Document] = []
    edges: dict[tuple[str, str], Document] = {}
    token: dict[str, str] = {}
    while True:
        page = client.query_lineage(
            StartArns=[start], Direction="Ascendants", IncludeEdges=True, MaxDepth=DEPTH, MaxResults=50, **token
        )
        vertices += page["Vertices"]
        edges |= {(edge["SourceArn"], edge["DestinationArn"]): edge for edge in page.get("Edges", [])}
        if not page.get("NextToken"):
            return vertices, list(edges.values())
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
    made = _JOB.fullmatch(job)
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
    names = {entry["Source"]: entry["Name"] for entry in entries}
    things = ("DataSet", "Model", "Checkpoint")
    data = [("data", entry["Source"], "") for entry in entries if entry["Type"] in things and not entry["From"]]
    done = []
    for entry in entries:
        if entry["Type"] in things:
            continue
        made = [other["Name"] for other in entries if entry["Source"] in other["From"]]
        done.append((entry["Name"], ", ".join(names[source] for source in entry["From"]), ", ".join(made)))
    return data + done
