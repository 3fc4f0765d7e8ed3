"""The input data of an execution: put where SageMaker reads it, and named by its content."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from contract.documents import dumps, sha256
from contract.errors import InputError
from model_build.built import Built
from model_build.catalogue import load, own_code
from model_build.selection import listed, queried, windowed, within
from preprocessing.names import is_data


def locate(data: str | None, built: Built, s3: Any, session: Any = None) -> str:
    """The s3:// prefix that holds `data`: a file, a folder, or a prefix already. Local data is uploaded when it is
    not there yet, below its hash. Without `data`: what the configuration's query finds (asked with `session`, boto3's),
    or its address, else a sample from the pipeline's `sample.py`. Of data with a window of dates, the
    files within it. Raises InputError when there is nothing to read.
    """
    if data is None and built.source.get("query"):
        with tempfile.TemporaryDirectory() as folder:
            queried(built, session, Path(folder))
            return _upload(_files(Path(folder)), built, s3)
    data = data or built.input_data
    if data and data.startswith("s3://") and built.source.get("partition"):
        return windowed(data, built, s3)
    if data is None:
        return _sample(built, s3)
    if data.startswith("s3://"):
        return data
    files = _files(Path(data))
    if built.source.get("partition"):
        files = {name: files[name] for name in within(files, data, built)}
    return _upload(files, built, s3)


def _sample(built: Built, s3: Any) -> str:
    """The address of the sample that `sample.py` generates."""
    program = built.folder / "sample.py"
    if not program.is_file():
        raise InputError(
            f"{built.name} has no sample of its own; name a file, a folder or an s3:// prefix with --data."
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{built.name}.csv"
        sample = load(program)
        if not hasattr(sample, "write"):
            raise InputError(f"{program} defines no write(path).")
        with own_code(program):
            sample.write(path)
        return _upload(_files(path), built, s3)


def _upload(files: dict[str, Path], built: Built, s3: Any) -> str:
    root = f"{built.assets.prefix}/data/{_content_hash(files)}/"
    present = {key for key, _ in listed(s3, built.target.bucket, root)}
    for name, path in files.items():
        if root + name not in present:
            s3.upload_file(str(path), built.target.bucket, root + name)
    return f"s3://{built.target.bucket}/{root}"


def fingerprint(address: str, s3: Any) -> str:
    """A hash over keys and ETags below `address`. Raises InputError when nothing lies there."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    found = sorted((key.removeprefix(prefix), etag) for key, etag in listed(s3, bucket, prefix))
    if not found:
        raise InputError(f"There is no data at {address}; name a file, a folder or an s3:// prefix with --data.")
    return sha256(dumps(found).encode())


def _files(path: Path) -> dict[str, Path]:
    """Name below the data's prefix → file. Raises InputError when there is nothing to read."""
    if path.is_file() and not is_data(path.name):
        raise InputError(f"{path} has the name of a hidden file, a marker or a checksum, which are no data; rename it.")
    if path.is_file():
        found = {path.name: path}
    elif path.is_dir():
        below = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
        found = {name: below[name] for name in sorted(below) if is_data(name)}
    else:
        raise InputError(f"The data {path} does not exist.")
    if not found:
        raise InputError(f"The folder {path} holds no files.")
    if not any(file.stat().st_size for file in found.values()):
        raise InputError(f"The data {path} is empty.")
    return found


def _content_hash(files: dict[str, Path]) -> str:
    hashes = {}
    for name, path in files.items():
        with path.open("rb") as stream:
            hashes[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return sha256(dumps(hashes).encode())
