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
    detail = {
        "build-status": build["buildStatus"],
        "current-phase": build["currentPhase"],
        "current-phase-context": _context(build["phases"]),
    }
    _emit(aws, build, "CodeBuild Build State Change", detail)


def tell_phase(aws: Aws, build: Document, phase: Document) -> None:
    """Emit the end of a phase, of which no other commit tells."""
    if not bus.awaited(aws):
        return
    detail = {
        "completed-phase": phase["phaseType"],
        "completed-phase-status": phase["phaseStatus"],
        "completed-phase-context": _context([phase]),
        "completed-phase-duration-seconds": phase["durationInSeconds"],
        "completed-phase-start": _spoken(phase["startTime"]),
        "completed-phase-end": _spoken(phase["endTime"]),
    }
    with aws.store.transaction():
        _emit(aws, build, "CodeBuild Build Phase Change", detail)


def _emit(aws: Aws, build: Document, kind: str, detail: Document) -> None:
    common = {
        "project-name": build["projectName"],
        "build-id": build["arn"],
        "additional-information": _information(build),
        "version": "1",
    }
    bus.emit(aws, "aws.codebuild", kind, detail | common, [build["arn"]])


def _information(build: Document) -> Document:
    found: Document = {
        _dashed(name): _times(build[name]) for name in (*_SHOWN, "buildComplete", "timeoutInMinutes", "buildNumber")
    }
    logs = build["logs"]
    found |= {
        "build-start-time": _spoken(build["startTime"]),
        "artifact": found.pop("artifacts"),
        "logs": {"group-name": logs.get("groupName"), "stream-name": logs.get("streamName")},
        "phases": [_phase(phase) for phase in build["phases"]],
    }
    if build.get("exportedEnvironmentVariables"):
        found["exported-environment-variables"] = build["exportedEnvironmentVariables"]
    return found


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
