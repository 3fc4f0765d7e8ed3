"""A function's code: a zip that is kept by its hash, and unpacked once for all processes that run it."""

import base64
import hashlib
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local_aws.delivery.builds.artifacts import ArtifactError, unpack
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws
from local_aws.s3 import objects

Document = dict[str, Any]

#: The largest deployment package with everything unpacked, in bytes.
LARGEST = 250 * 1024 * 1024


def take(aws: Aws, code: Document) -> Document:
    """Keep the code of a request, durably: CodeSha256 and CodeSize.

    code  ZipFile, or S3Bucket, S3Key and S3ObjectVersion
    Raises AwsError "InvalidParameterValueException".
    """
    for member in ("ImageUri", "SourceKMSKeyArn"):
        if code.get(member):
            raise NotSupported(f"the member {member} of a function's code: give a zip")
    content = _bytes(aws, code)
    digest = hashlib.sha256(content)
    path = _zip(aws, digest.hexdigest())
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _check(content, path)
    return {"CodeSha256": base64.b64encode(digest.digest()).decode(), "CodeSize": len(content)}


def _bytes(aws: Aws, code: Document) -> bytes:
    if code.get("ZipFile") is not None:
        return bytes(code["ZipFile"])
    if not (code.get("S3Bucket") and code.get("S3Key")):
        raise AwsError("InvalidParameterValueException", "Please provide a source for function code.")
    try:
        found = objects.find(aws, code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion"))
        if found is None or found.deleted:
            found = objects.read(aws, code["S3Bucket"], code["S3Key"])
    except AwsError as error:
        message = f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
        raise AwsError("InvalidParameterValueException", message) from None
    return found.blob.read_bytes()


def _check(content: bytes, path: Path) -> None:
    """Write the zip where it stays, when it is one."""
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            with zipfile.ZipFile(partial) as archive:
                size = sum(item.file_size for item in archive.infolist())
        except zipfile.BadZipFile:
            message = "Could not unzip uploaded file. Please check your file, then try to upload again."
            raise AwsError("InvalidParameterValueException", message) from None
        if size > LARGEST:
            message = f"Unzipped size must be smaller than {LARGEST} bytes"
            raise AwsError("InvalidParameterValueException", message)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def folder(aws: Aws, function: Document) -> Path:
    """Where the function's code is unpacked; unpacks it when it is not."""
    digest = _hexadecimal(function)
    path = aws.home / "functions" / "code" / digest
    if not path.is_dir():
        partial = path.with_name(f"{digest}.{uuid.uuid4().hex}")
        try:
            unpack(_zip(aws, digest), partial)
            partial.rename(path)
        except (ArtifactError, OSError) as error:
            if not path.is_dir():  # another invocation was not faster
                raise AwsError("InvalidZipFileException", str(error), status=502) from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return path


def forget(aws: Aws, function: Document) -> None:
    """Remove the code of a function that is gone."""
    digest = _hexadecimal(function)
    _zip(aws, digest).unlink(missing_ok=True)
    shutil.rmtree(_zip(aws, digest).with_suffix(""), ignore_errors=True)


def sweep(aws: Aws, functions: Iterable[Document]) -> None:
    """Remove the code of functions that are no more; call it before anything runs."""
    used = {_hexadecimal(function) for function in functions}
    for path in (aws.home / "functions" / "code").glob("*"):
        if path.name not in used and path.name.removesuffix(".zip") not in used:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _hexadecimal(function: Document) -> str:
    return base64.b64decode(function["CodeSha256"]).hex()


def _zip(aws: Aws, digest: str) -> Path:
    return aws.home / "functions" / "code" / f"{digest}.zip"
