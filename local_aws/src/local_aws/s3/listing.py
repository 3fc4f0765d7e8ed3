"""Lists of objects and versions: prefixes, delimiters, pages."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from local_aws.errors import AwsError
from local_aws.operations import Aws, Request, Result
from local_aws.s3 import objects
from local_aws.s3.objects import Entry
from local_aws.s3.requests import OWNER, S3Operations, quoted

operations = S3Operations("s3")

#: Follows every key with the same beginning.
LAST = "\U0010ffff"


@operations("ListObjectsV2")
def list_objects_v2(aws: Aws, request: Request) -> Result:
    token = request.get("ContinuationToken")
    after = _key_of(token) if token is not None else request.get("StartAfter", "")
    found, last = _page(aws, request, after)
    if not request.get("FetchOwner"):
        for item in found["Contents"]:
            del item["Owner"]
    return found | {
        "KeyCount": len(found["Contents"]) + len(found["CommonPrefixes"]),
        "ContinuationToken": token,
        "NextContinuationToken": _token(last) if last is not None else None,
        "StartAfter": shown(request, request.get("StartAfter")),
    }


@operations("ListObjects")
def list_objects(aws: Aws, request: Request) -> Result:
    marker = request.get("Marker", "")
    found, last = _page(aws, request, marker)
    found |= {"Marker": shown(request, marker)}
    if last is not None and request.get("Delimiter"):  # without one, the last key is the next marker
        found["NextMarker"] = shown(request, last)
    return found


def _page(aws: Aws, request: Request, after: str) -> tuple[dict[str, Any], str | None]:
    """The answer's common part, and the key or prefix where the next page goes on; None after the last page."""
    prefix, delimiter, most = request.get("Prefix", ""), request.get("Delimiter", ""), limit(request)
    contents: list[dict[str, Any]] = []
    prefixes: list[dict[str, Any]] = []
    last, more = "", False
    for item in _groups(aws, request["Bucket"], prefix, delimiter, after) if most else ():
        if len(contents) + len(prefixes) == most:
            more = True
            break
        if isinstance(item, Entry):
            contents.append(_content(request, item))
            last = item.key
        else:
            prefixes.append({"Prefix": shown(request, item)})
            last = item
    return _common(request, most) | {
        "IsTruncated": more,
        "Contents": contents,
        "CommonPrefixes": prefixes,
    }, last if more else None


def limit(request: Request, name: str = "MaxKeys") -> int:
    """At most a thousand, as S3. Raises AwsError "InvalidArgument"."""
    wanted: int = request.get(name, 1000)
    if wanted < 0:
        raise AwsError("InvalidArgument", f"Argument {name} must be an integer between 0 and 2147483647")
    return min(wanted, 1000)


def _common(request: Request, most: int) -> dict[str, Any]:
    objects_of = {"Name": request["Bucket"], "MaxKeys": most, "EncodingType": request.get("EncodingType")}
    prefix, delimiter = request.get("Prefix", ""), request.get("Delimiter")
    return objects_of | {"Prefix": shown(request, prefix), "Delimiter": shown(request, delimiter)}


def shown(request: Request, text: str | None) -> str | None:
    return quote(text, safe="/") if text and request.get("EncodingType") == "url" else text


def _content(request: Request, entry: Entry) -> dict[str, Any]:
    found = {
        "Key": shown(request, entry.key),
        "LastModified": entry.modified,
        "ETag": quoted(entry),
        "Size": entry.size,
        "StorageClass": entry.document.get("Headers", {}).get("StorageClass", "STANDARD"),
        "Owner": OWNER,
    }
    if checksums := entry.document.get("Checksums"):
        found["ChecksumAlgorithm"] = [member.removeprefix("Checksum") for member in checksums]
    return found


def _groups(aws: Aws, bucket: str, prefix: str, delimiter: str, after: str) -> Iterator[Entry | str]:
    """Objects and, with a delimiter, common prefixes, in the order of keys; a prefix's objects are skipped at once."""
    if not delimiter:
        yield from objects.walk(aws, bucket, prefix, after)
        return
    if after.startswith(prefix) and after.endswith(delimiter) and len(after) > len(prefix):
        after += LAST  # the last page ended with this common prefix
    while after is not None:
        for entry in objects.walk(aws, bucket, prefix, after, batch=100):
            end = entry.key.find(delimiter, len(prefix))
            if end >= 0:
                common = entry.key[: end + len(delimiter)]
                yield common
                after = common + LAST
                break
            yield entry
        else:
            return


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _key_of(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError:
        raise AwsError("InvalidArgument", "The continuation token provided is incorrect") from None


# versions


@operations("ListObjectVersions")
def list_object_versions(aws: Aws, request: Request) -> Result:
    prefix, delimiter, most = request.get("Prefix", ""), request.get("Delimiter", ""), limit(request)
    key_marker, version_marker = request.get("KeyMarker", ""), request.get("VersionIdMarker")
    versions: list[dict[str, Any]] = []
    markers: list[dict[str, Any]] = []
    prefixes: dict[str, None] = {}
    last: tuple[str, str] | None = None
    more = False
    for entry, latest in objects.history(aws, request["Bucket"], prefix, key_marker, version_marker):
        end = entry.key.find(delimiter, len(prefix)) if delimiter else -1
        common = entry.key[: end + len(delimiter)] if end >= 0 else None
        if common is not None and (common in prefixes or common == key_marker):
            continue
        if len(versions) + len(markers) + len(prefixes) == most:
            more = True
            break
        last = (common or entry.key, entry.version)
        if common is not None:
            prefixes[common] = None
        elif entry.deleted:
            markers.append(_version(request, entry, latest))
        else:
            versions.append(_version(request, entry, latest))
    found = _common(request, most) | {
        "KeyMarker": shown(request, key_marker),
        "VersionIdMarker": version_marker or "",
        "IsTruncated": more,
        "Versions": versions,
        "DeleteMarkers": markers,
        "CommonPrefixes": [{"Prefix": shown(request, common)} for common in prefixes],
    }
    if more and last:
        found |= {"NextKeyMarker": shown(request, last[0]), "NextVersionIdMarker": last[1]}
    return found


def _version(request: Request, entry: Entry, latest: bool) -> dict[str, Any]:
    return _content(request, entry) | {"VersionId": entry.version, "IsLatest": latest}
