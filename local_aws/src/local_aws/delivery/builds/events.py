"""What EventBridge hears of builds: https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html"""

import datetime
from typing import Any

from local_aws.events import bus
from local_aws.operations import Aws

Document = dict[str, Any]

_SHOWN = ("artifacts", "cache", "environment", "initiator", "logs", "phases", "source")


def tell(aws: Aws, build: Document) -> None:
    """Emit a build's change of state; inside the transaction that makes it."""
    if not bus.awaited(aws):
        return
    information: Document = {
        _dashed(name): _times(build[name]) for name in (*_SHOWN, "buildComplete", "timeoutInMinutes", "buildNumber")
    }
    information |= {"build-start-time": _spoken(build["startTime"]), "artifact": information.pop("artifacts")}
    logs = build["logs"]
    information["logs"] = {"group-name": logs.get("groupName"), "stream-name": logs.get("streamName")}
    information["phases"] = [_phase(phase) for phase in build["phases"]]
    detail = {
        "build-status": build["buildStatus"],
        "project-name": build["projectName"],
        "build-id": build["arn"],
        "additional-information": information,
        "current-phase": build["currentPhase"],
        "current-phase-context": _context(build["phases"]),
        "version": "1",
    }
    if build.get("exportedEnvironmentVariables"):
        detail["additional-information"]["exported-environment-variables"] = build["exportedEnvironmentVariables"]
    bus.emit(aws, "aws.codebuild", "CodeBuild Build State Change", detail, [build["arn"]])


def _dashed(name: str) -> str:
    """`buildComplete` → "build-complete"."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)


def _times(value: Any) -> Any:
    if isinstance(value, dict):
        return {_dashed(name): _times(item) for name, item in value.items()}
    return [_times(item) for item in value] if isinstance(value, list) else value


def _phase(phase: Document) -> Document:
    shown: Document = {"phase-type": phase["phaseType"], "start-time": _spoken(phase["startTime"])}
    if "endTime" in phase:
        shown |= {
            "end-time": _spoken(phase["endTime"]),
            "duration-in-seconds": phase["durationInSeconds"],
            "phase-status": phase["phaseStatus"],
            "phase-context": [f"{item['statusCode']}: {item['message']}" for item in phase["contexts"]],
        }
    return shown


def _context(phases: list[Document]) -> str:
    failed = [phase for phase in phases if phase.get("phaseStatus") not in (None, "SUCCEEDED")]
    contexts = (failed or phases)[-1].get("contexts", [])
    said = [f"{item['statusCode']}: {item['message']}" for item in contexts]
    return f"[{', '.join(said)}]"


def _spoken(seconds: float) -> str:
    """`Sep 1, 2017 4:12:29 PM`, as these events have times."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%b} {moment.day}, {moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}"
