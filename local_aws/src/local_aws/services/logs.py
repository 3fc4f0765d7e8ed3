"""CloudWatch Logs. A stream is a file of JSON lines: appending costs no commit and survives `kill -9`.

Below `home/logs/`: a folder for each group with its settings, and in it a file for each stream, whose first line holds
the stream's own times and whose other lines hold `[timestamp, ingestion, message]`, in milliseconds since 1970.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local_aws.crud import cut
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result
from local_aws.services.log_patterns import matcher

operations = Operations("logs")

#: The most that one answer holds.
MOST = 10_000

_SETTINGS = ".group.json"

#: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def append(aws: Aws, group: str, stream: str, lines: Iterable[str]) -> None:
    """Write lines with the time of now; makes the group and the stream when they are missing."""
    now = _now(aws)
    _write(aws, group, stream, [(now, line) for line in lines])


def _write(aws: Aws, group: str, stream: str, events: Iterable[tuple[int, str]]) -> None:
    path, now = _stream_path(aws, group, stream), _now(aws)
    if not path.exists():
        _make_group(aws, group, {})
        _make_stream(aws, path, stream)
    text = "".join(json.dumps([timestamp, now, message]) + "\n" for timestamp, message in events)
    with path.open("rb+") as file:
        if file.seek(0, 2) and file.seek(-1, 2) >= 0 and file.read(1) != b"\n":
            text = "\n" + text  # a killed server left half a line
        file.seek(0, 2)
        file.write(text.encode())


def _now(aws: Aws) -> int:
    return int(aws.clock.now() * 1000)


# files


def _group_path(aws: Aws, group: str) -> Path:
    return aws.home / "logs" / _file_name(group)


def _stream_path(aws: Aws, group: str, stream: str) -> Path:
    return _group_path(aws, group) / f"{_file_name(stream)}.jsonl"


def _file_name(name: str) -> str:
    quoted = quote(name, safe="")
    return quoted if len(quoted) <= 200 else f"{quoted[:120]}~{hashlib.sha256(name.encode()).hexdigest()}"


def _make_group(aws: Aws, group: str, settings: dict[str, Any]) -> bool:
    """False when there is one already."""
    path = _group_path(aws, group)
    if (path / _SETTINGS).exists():
        return False
    path.mkdir(parents=True, exist_ok=True)
    _replace(path / _SETTINGS, json.dumps({"logGroupName": group, "creationTime": _now(aws), **settings}))
    return True


def _make_stream(aws: Aws, path: Path, stream: str) -> None:
    _replace(path, json.dumps({"logStreamName": stream, "creationTime": _now(aws)}) + "\n")


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)


def _settings(aws: Aws, group: str) -> dict[str, Any]:
    """Raises AwsError "ResourceNotFoundException"."""
    try:
        found: dict[str, Any] = json.loads((_group_path(aws, group) / _SETTINGS).read_text())
    except FileNotFoundError:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.") from None
    return found


def _events(aws: Aws, group: str, stream: str) -> list[tuple[int, int, str]]:
    """All events of a stream as they came. Raises AwsError "ResourceNotFoundException"."""
    _settings(aws, group)
    try:
        lines = _stream_path(aws, group, stream).read_bytes().split(b"\n")[1:]
    except FileNotFoundError:
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.") from None
    return [event for line in lines if (event := _event(line)) is not None]


def _event(line: bytes) -> tuple[int, int, str] | None:
    """None for a line that was cut off."""
    try:
        timestamp, ingestion, message = json.loads(line)
    except ValueError:
        return None
    return timestamp, ingestion, message


# groups and streams


def _group_name(request: Request) -> str:
    """From the name or the ARN, whichever the request has."""
    if request.get("logGroupIdentifier"):
        return str(request["logGroupIdentifier"]).partition(":log-group:")[2].removesuffix(":*") or str(
            request["logGroupIdentifier"]
        )
    if "logGroupName" not in request:
        raise AwsError("InvalidParameterException", "Either logGroupName or logGroupIdentifier must be given.")
    return str(request["logGroupName"])


@operations("CreateLogGroup")
def create_log_group(aws: Aws, request: Request) -> Result:
    kept = {key: request[key] for key in ("kmsKeyId", "logGroupClass") if request.get(key)}
    if not _make_group(aws, request["logGroupName"], kept | {"tags": request.get("tags", {})}):
        raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
    return None


@operations("CreateLogStream")
def create_log_stream(aws: Aws, request: Request) -> Result:
    _settings(aws, request["logGroupName"])
    path = _stream_path(aws, request["logGroupName"], request["logStreamName"])
    if path.exists():
        raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")
    _make_stream(aws, path, request["logStreamName"])
    return None


@operations("DeleteLogGroup")
def delete_log_group(aws: Aws, request: Request) -> Result:
    _settings(aws, request["logGroupName"])
    shutil.rmtree(_group_path(aws, request["logGroupName"]))
    return None


@operations("DeleteLogStream")
def delete_log_stream(aws: Aws, request: Request) -> Result:
    _events(aws, request["logGroupName"], request["logStreamName"])
    _stream_path(aws, request["logGroupName"], request["logStreamName"]).unlink()
    return None


@operations("PutRetentionPolicy")
def put_retention_policy(aws: Aws, request: Request) -> Result:
    """Kept and shown; nothing is removed here before its group is."""
    if request["retentionInDays"] not in RETENTIONS:
        raise AwsError(
            "InvalidParameterException", f"retentionInDays must be one of {', '.join(map(str, RETENTIONS))}."
        )
    return _set_retention(aws, request, {"retentionInDays": request["retentionInDays"]})


@operations("DeleteRetentionPolicy")
def delete_retention_policy(aws: Aws, request: Request) -> Result:
    return _set_retention(aws, request, {})


def _set_retention(aws: Aws, request: Request, retention: dict[str, int]) -> Result:
    settings = _settings(aws, request["logGroupName"])
    settings.pop("retentionInDays", None)
    _replace(_group_path(aws, request["logGroupName"]) / _SETTINGS, json.dumps(settings | retention))
    return None


@operations("DescribeLogGroups")
def describe_log_groups(aws: Aws, request: Request) -> Result:
    prefix, part = request.get("logGroupNamePrefix", ""), request.get("logGroupNamePattern", "")
    found = (json.loads(path.read_text()) for path in (aws.home / "logs").glob(f"*/{_SETTINGS}"))
    groups = [group for group in found if group["logGroupName"].startswith(prefix) and part in group["logGroupName"]]
    for group in groups:
        arn = aws.arn("logs", f"log-group:{group['logGroupName']}")
        size = sum(path.stat().st_size for path in _group_path(aws, group["logGroupName"]).glob("*.jsonl"))
        group |= {"arn": f"{arn}:*", "logGroupArn": arn, "storedBytes": size, "metricFilterCount": 0}
    return _page(groups, "logGroups", lambda group: group["logGroupName"], request)


@operations("DescribeLogStreams")
def describe_log_streams(aws: Aws, request: Request) -> Result:
    group, prefix = _group_name(request), request.get("logStreamNamePrefix", "")
    streams = [stream for stream in _streams(aws, group) if stream["logStreamName"].startswith(prefix)]
    if request.get("orderBy") == "LastEventTime":
        if prefix:
            message = "Cannot order by LastEventTime with a logStreamNamePrefix."
            raise AwsError("InvalidParameterException", message)

        def by_time(stream: dict[str, Any]) -> Any:
            return [stream.get("lastEventTimestamp", 0), stream["logStreamName"]]

        return _page(streams, "logStreams", by_time, request)
    return _page(streams, "logStreams", lambda stream: stream["logStreamName"], request)


def _page(
    items: list[dict[str, Any]], into: str, position: Callable[[dict[str, Any]], Any], request: Request
) -> dict[str, Any]:
    found, token = cut(
        items, position, request.get("nextToken"), request.get("limit", 50), descending=request.get("descending", False)
    )
    return {into: found, "nextToken": token}


def _streams(aws: Aws, group: str) -> list[dict[str, Any]]:
    _settings(aws, group)
    found = []
    for path in _group_path(aws, group).glob("*.jsonl"):
        lines = path.read_bytes().split(b"\n")
        stream = json.loads(lines[0])
        stream |= {"arn": aws.arn("logs", f"log-group:{group}:log-stream:{stream['logStreamName']}")}
        events = [event for line in (lines[1:2] + lines[-2:]) if (event := _event(line)) is not None]
        if events:
            stream |= {
                "firstEventTimestamp": events[0][0],
                "lastEventTimestamp": events[-1][0],
                "lastIngestionTime": events[-1][1],
            }
        found.append(stream | {"storedBytes": 0, "uploadSequenceToken": "0"})  # AWS counts no bytes here any more
    return found


# events


@operations("PutLogEvents")
def put_log_events(aws: Aws, request: Request) -> Result:
    _events(aws, request["logGroupName"], request["logStreamName"])
    events = [(event["timestamp"], event["message"]) for event in request["logEvents"]]
    if [timestamp for timestamp, _ in events] != sorted(timestamp for timestamp, _ in events):
        message = "Log events in a single PutLogEvents request must be in chronological order."
        raise AwsError("InvalidParameterException", message)
    _write(aws, request["logGroupName"], request["logStreamName"], events)
    return {"nextSequenceToken": "0"}


@operations("GetLogEvents")
def get_log_events(aws: Aws, request: Request) -> Result:
    """A token is a place in the stream: `f/` reads on from there, `b/` what stands before."""
    events = _events(aws, _group_name(request), request["logStreamName"])
    limit, token = request.get("limit", MOST), request.get("nextToken")
    if token is not None:
        direction, _, place = token.partition("/")
        if direction not in ("f", "b") or not place.isdigit():
            raise AwsError("InvalidParameterException", "The specified nextToken is invalid.")
        forward, begin = direction == "f", int(place)
    else:
        forward = request.get("startFromHead", False)
        begin = 0 if forward else len(events)
    inside = [place for place, event in enumerate(events) if _within(request, event[0])]
    if forward:
        chosen = [place for place in inside if place >= begin][:limit]
    else:
        chosen = [place for place in inside if place < begin][-limit:]
    first, after = (chosen[0], chosen[-1] + 1) if chosen else (begin, begin)
    return {
        "events": [_shown(events[place]) for place in chosen],
        "nextForwardToken": f"f/{after:056d}",
        "nextBackwardToken": f"b/{first:056d}",
    }


def _within(request: Request, timestamp: int) -> bool:
    end = request.get("endTime")
    return bool(request.get("startTime", 0) <= timestamp and (end is None or timestamp < end))


def _shown(event: tuple[int, int, str]) -> dict[str, Any]:
    return {"timestamp": event[0], "ingestionTime": event[1], "message": event[2]}


@operations("FilterLogEvents")
def filter_log_events(aws: Aws, request: Request) -> Result:
    group, wanted = _group_name(request), matcher(request.get("filterPattern", ""))
    found = []
    for stream in _chosen_streams(aws, group, request):
        for place, event in enumerate(_events(aws, group, stream)):
            if _within(request, event[0]) and wanted(event[2]):
                found.append(_shown(event) | {"logStreamName": stream, "eventId": f"{stream}/{place:09d}"})

    def position(event: dict[str, Any]) -> Any:
        return [event["timestamp"], event["eventId"]]

    events, token = cut(found, position, request.get("nextToken"), request.get("limit", MOST))
    return {"events": events, "nextToken": token, "searchedLogStreams": []}


def _chosen_streams(aws: Aws, group: str, request: Request) -> Sequence[str]:
    names: Sequence[str] = request.get("logStreamNames") or ()
    prefix = request.get("logStreamNamePrefix")
    if names and prefix is not None:
        message = "logStreamNames and logStreamNamePrefix cannot be given together."
        raise AwsError("InvalidParameterException", message)
    if names:
        return names
    return sorted(
        stream["logStreamName"] for stream in _streams(aws, group) if stream["logStreamName"].startswith(prefix or "")
    )
