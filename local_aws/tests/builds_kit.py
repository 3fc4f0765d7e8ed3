"""A project of CodeBuild, its builds, and what they said."""

import io
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ROLE = "arn:aws:iam::123456789012:role/build"
LINUX = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
    "computeType": "BUILD_GENERAL1_MEDIUM",
}

#: A build that has not ended by then never will, whatever else the machine does.
LONG = 120


def zipped(files: Mapping[str, str], modes: Mapping[str, int] | None = None) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            item = zipfile.ZipInfo(name)
            item.create_system, item.external_attr = 3, (0o100000 | (modes or {}).get(name, 0o644)) << 16
            archive.writestr(item, text)
    return content.getvalue()


@dataclass
class CodeBuild:
    """Builds of one server by boto3 clients."""

    client: Callable[..., Any]

    def project(self, name: str, buildspec: str = "", **more: Any) -> None:
        settings: dict[str, Any] = {
            "source": {"type": "NO_SOURCE", "buildspec": buildspec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": LINUX,
            "serviceRole": ROLE,
        }
        self.client("codebuild").create_project(name=name, **(settings | more))

    def start(self, name: str, **more: Any) -> str:
        return str(self.client("codebuild").start_build(projectName=name, **more)["build"]["id"])

    def get(self, identity: str) -> dict[str, Any]:
        (found,) = self.client("codebuild").batch_get_builds(ids=[identity])["builds"]
        return dict(found)

    def wait(self, identity: str) -> dict[str, Any]:
        return self.until(identity, lambda build: build["buildComplete"])

    def until(self, identity: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        end = time.monotonic() + LONG
        while time.monotonic() < end:
            if reached(build := self.get(identity)):
                return build
            time.sleep(0.02)
        raise AssertionError(f"not reached: {build}")

    def until_said(self, identity: str, text: str) -> None:
        self.until(identity, lambda build: text in self.log(build))

    def run(self, name: str, **more: Any) -> dict[str, Any]:
        return self.wait(self.start(name, **more))

    def log(self, build: dict[str, Any]) -> list[str]:
        place, logs = build["logs"], self.client("logs")
        try:
            found = logs.get_log_events(
                logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
            )
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found["events"]]


def phases(build: dict[str, Any]) -> dict[str, str]:
    """Phase → status."""
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}
