"""A build's document: the project, and what StartBuild or CodePipeline puts in the place of its members."""

from collections.abc import Mapping
from typing import Any

from local_aws.delivery.builds import projects
from local_aws.errors import NotSupported
from local_aws.operations import Aws

Document = dict[str, Any]

#: Member of StartBuild → where its value goes: a member of the project, or one inside a member.
_OVERRIDES: Mapping[str, tuple[str, ...]] = {
    "artifactsOverride": ("artifacts",),
    "buildspecOverride": ("source", "buildspec"),
    "cacheOverride": ("cache",),
    "computeTypeOverride": ("environment", "computeType"),
    "encryptionKeyOverride": ("encryptionKey",),
    "environmentTypeOverride": ("environment", "type"),
    "gitCloneDepthOverride": ("source", "gitCloneDepth"),
    "imageOverride": ("environment", "image"),
    "imagePullCredentialsTypeOverride": ("environment", "imagePullCredentialsType"),
    "logsConfigOverride": ("logsConfig",),
    "privilegedModeOverride": ("environment", "privilegedMode"),
    "queuedTimeoutInMinutesOverride": ("queuedTimeoutInMinutes",),
    "secondaryArtifactsOverride": ("secondaryArtifacts",),
    "secondarySourcesOverride": ("secondarySources",),
    "secondarySourcesVersionOverride": ("secondarySourceVersions",),
    "serviceRoleOverride": ("serviceRole",),
    "sourceLocationOverride": ("source", "location"),
    "sourceTypeOverride": ("source", "type"),
    "sourceVersion": ("sourceVersion",),
    "timeoutInMinutesOverride": ("timeoutInMinutes",),
}

_ELSEWHERE = ("projectName", "environmentVariablesOverride", "idempotencyToken")

#: What a build shows of its project as it is.
_SHOWN = (
    "cache",
    "encryptionKey",
    "environment",
    "queuedTimeoutInMinutes",
    "secondarySourceVersions",
    "secondarySources",
    "serviceRole",
    "source",
    "sourceVersion",
    "timeoutInMinutes",
    "vpcConfig",
)


def compose(aws: Aws, project: Document, request: Document, identity: str) -> Document:
    """The document of a build that waits for its turn; `identity` is the second part of its id.

    Raises AwsError: InvalidInputException, or NotImplemented for members that are not here.
    """
    settings = _overridden(project, request)
    projects.check(settings)
    now, name = aws.clock.now(), project["name"]
    phases: list[Document] = []
    enter(phases, "SUBMITTED", now)
    enter(phases, "QUEUED", now)
    return {name: settings[name] for name in _SHOWN if name in settings} | {
        "id": f"{name}:{identity}",
        "arn": aws.arn("codebuild", f"build/{name}:{identity}"),
        "buildNumber": project["Local"]["Builds"],
        "projectName": name,
        "startTime": now,
        "currentPhase": "QUEUED",
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "phases": phases,
        "initiator": "local",
        "artifacts": {"location": ""},
        "secondaryArtifacts": [],
        "exportedEnvironmentVariables": [],
        "logs": _logs(aws, settings, name, identity),
        "Local": {
            "Artifacts": [settings["artifacts"], *settings["secondaryArtifacts"]],
            "Request": request,
            "Handed": None,
            "Stopping": False,
        },
    }


def _overridden(project: Document, request: Document) -> Document:
    settings = {name: dict(value) if isinstance(value, dict) else value for name, value in project.items()}
    for member, value in request.items():
        if member in _ELSEWHERE or value is None:
            continue
        if member not in _OVERRIDES:
            raise NotSupported(f"the member {member} of codebuild:StartBuild")
        *outer, last = _OVERRIDES[member]
        (settings[outer[0]] if outer else settings)[last] = value
    given = {variable["name"]: variable for variable in settings["environment"]["environmentVariables"]}
    for variable in request.get("environmentVariablesOverride") or []:
        given[variable["name"]] = {"type": "PLAINTEXT"} | variable
    settings["environment"]["environmentVariables"] = list(given.values())
    return settings


def _logs(aws: Aws, settings: Document, name: str, identity: str) -> Document:
    wanted = (settings.get("logsConfig") or {}).get("cloudWatchLogs") or {"status": "ENABLED"}
    if wanted["status"] == "DISABLED":
        return {"cloudWatchLogs": {"status": "DISABLED"}}
    group = wanted.get("groupName") or f"/aws/codebuild/{name}"
    stream = f"{wanted['streamName']}/{identity}" if wanted.get("streamName") else identity
    arn = aws.arn("logs", f"log-group:{group}:log-stream:{stream}")
    return {
        "groupName": group,
        "streamName": stream,
        "cloudWatchLogs": wanted | {"groupName": group},
        "cloudWatchLogsArn": arn,
    }


def hand_over(build: Document, handed: Document) -> None:
    """What CodePipeline gives takes the place of source and artifacts; `handed` is a `builds.Handed` as a document."""
    build["Local"]["Handed"] = handed
    build["initiator"] = handed["initiator"]
    if handed["revision"]:
        build["resolvedSourceVersion"] = handed["revision"]
    outputs = handed["outputs"]
    if len(outputs) == 1:
        (place,) = outputs.values()
        build["artifacts"] = {"location": f"arn:aws:s3:::{place['bucket']}/{place['key']}"}


# phases


def enter(phases: list[Document], name: str, now: float) -> None:
    """A phase begins, and the one before ends well unless it has been ended."""
    leave(phases, now)
    phases.append({"phaseType": name, "startTime": now} | ({"phaseStatus": "SUCCEEDED"} if name == "COMPLETED" else {}))


def leave(phases: list[Document], now: float, status: str = "SUCCEEDED", code: str = "", message: str = "") -> None:
    """The current phase ends; nothing happens to one that has ended."""
    if phases and "endTime" not in phases[-1] and phases[-1]["phaseType"] != "COMPLETED":
        phases[-1] |= {
            "phaseStatus": status,
            "endTime": now,
            "durationInSeconds": int(now - phases[-1]["startTime"]),
            "contexts": [{"statusCode": code, "message": message}],
        }
