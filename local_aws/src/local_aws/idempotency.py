"""Client tokens: a request that is sent twice acts once."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws

KIND = "local:ClientToken"


def once(aws: Aws, operation: str, token: str | None, request: dict[str, Any], make: Callable[[], str]) -> str:
    """What `make` returns, or what it returned when the same request came with the same token before.

    One transaction around both, so that a token is kept exactly when the thing is made.
    Raises AwsError "ConflictException" when another request came with this token.
    """
    with aws.store.transaction():
        if not token:
            return make()
        key, digest = f"{operation}/{token}", _digest(request)
        kept = aws.store.get(KIND, key)
        if kept and kept["Request"] != digest:
            raise AwsError("ConflictException", f"{operation}: the token {token} came with another request before.")
        if kept:
            return str(kept["Result"])
        result = make()
        aws.store.put(KIND, key, {"Request": digest, "Result": result})
        return result


def _digest(request: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
