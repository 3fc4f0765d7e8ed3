"""What a definition points to in S3, addressed by content: bundles and settings. Collected here, uploaded later."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.documents import Document, dumps, sha256
from model_build.bundle import Bundle


@dataclass(frozen=True)
class Assets:
    """`folders` grows while the steps are written down: S3 key prefix → path below it → content.

    Prefixes carry the hash of what lies below, so equal prefixes hold equal content.
    """

    bucket: str
    prefix: str
    folders: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    bundles: dict[str, str] = field(default_factory=dict)

    def expanded(self, step: str, bundle: Bundle) -> str:
        """The S3 prefix below which the files of `bundle` lie, one object each."""
        return self._bundle(step, bundle, bundle.files)

    def packed(self, step: str, bundle: Bundle) -> str:
        """The S3 prefix below which `bundle` lies as `sourcedir.tar.gz`."""
        return self._bundle(step, bundle, {"sourcedir.tar.gz": bundle.tar()})

    def settings(self, name: str, document: Document) -> str:
        """The S3 prefix below which `document` lies as JSON under `name`."""
        content = dumps(document).encode()
        return self._put(f"settings/{sha256(content)}", {name: content})

    @property
    def code_hash(self) -> str:
        """One hash over the bundles of all steps."""
        return sha256(dumps(self.bundles).encode())

    def upload(self, s3: Any, kms_key: str | None = None) -> int:
        """Put the objects that are not there yet and return how many. `s3` is a boto3 client."""
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        sent = 0
        for folder, files in self.folders.items():
            present = _listed(s3, self.bucket, folder)
            for path in sorted(path for path in files if folder + path not in present):
                s3.put_object(Bucket=self.bucket, Key=folder + path, Body=files[path], **encryption)
                sent += 1
        return sent

    def _bundle(self, step: str, bundle: Bundle, files: Mapping[str, bytes]) -> str:
        self.bundles[step] = bundle.digest
        return self._put(f"code/{bundle.digest}", files)

    def _put(self, folder: str, files: Mapping[str, bytes]) -> str:
        self.folders[f"{self.prefix}/{folder}/"] = files
        return f"s3://{self.bucket}/{self.prefix}/{folder}/"


def _listed(s3: Any, bucket: str, prefix: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


#: Below a pipeline's prefix: a bundle of code, or settings.
_ADDRESS = re.compile(r"s3://.+/(code|settings)/[0-9a-f]{64}(/.*)?")


def is_asset(address: str) -> bool:
    """Whether an address is one of code or settings, and not of data."""
    return _ADDRESS.fullmatch(address) is not None
