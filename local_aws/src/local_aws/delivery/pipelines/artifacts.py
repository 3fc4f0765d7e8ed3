"""Artifacts: zip files in the pipeline's bucket, under the shortened names that CodePipeline gives them."""

import hashlib
import string
import zipfile
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import objects

Document = dict[str, Any]

_LETTERS = string.ascii_letters + string.digits


def location(declared: Document, record: Document, artifact: str) -> Document:
    """Bucket and key of what an action puts out; the same however often the action is begun anew."""
    seed = hashlib.sha256(f"{record['actionExecutionId']}/{artifact}".encode()).digest()
    tail = "".join(_LETTERS[byte % len(_LETTERS)] for byte in seed[:7])
    key = f"{declared['name'][:20]}/{artifact[:10]}/{tail}"
    return {"bucket": declared["artifactStore"]["location"], "key": key}


def encryption(declared: Document) -> Document:
    """What is kept with an artifact about its encryption; nothing is encrypted here."""
    key = declared["artifactStore"].get("encryptionKey")
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key["id"]} if key else {}


def put(aws: Aws, declared: Document, where: Document, staged: objects.Staged) -> None:
    """Name staged bytes as an artifact; inside a transaction."""
    objects.put(aws, where["bucket"], where["key"], staged, Headers=encryption(declared))


def read(aws: Aws, execution: Document, artifact: str, path: str) -> str:
    """The text of a file in an artifact. Raises AwsError "ConfigurationError"."""
    where = execution["Artifacts"].get(artifact)
    if where is None:
        raise AwsError("ConfigurationError", f"The execution has no artifact {artifact}.")
    try:
        with zipfile.ZipFile(objects.read(aws, where["bucket"], where["key"]).blob) as archive:
            return archive.read(path).decode()
    except KeyError:
        raise AwsError("ConfigurationError", f"File [{path}] does not exist in artifact [{artifact}]") from None
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise AwsError("ConfigurationError", f"{path} of the artifact {artifact} cannot be read: {error}") from None
