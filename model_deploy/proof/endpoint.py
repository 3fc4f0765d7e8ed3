"""Real-time and serverless endpoints: one request, one answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contract.package import Golden
from model_deploy.proof import bodies
from model_deploy.proof.account import Account
from model_deploy.proof.bodies import Malformed
from model_deploy.proof.golden import Answer

#: Marks requests of a proof in the captured data, so that a monitor can leave them out.
INFERENCE_ID = "proof"


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that answers at once."""

    account: Account
    name: str

    def answers(self, records: Sequence[Golden]) -> list[Answer]:
        """All records in one request. Raises ClientError when it is refused."""
        return self.ask(bodies.json_lines(one.record for one in records), bodies.JSON_LINES)

    def ask(self, body: bytes, content_type: str) -> list[Answer]:
        """The answers to the records of one body. Raises ClientError when it is refused."""
        answer = self.account.runtime.invoke_endpoint(
            EndpointName=self.name,
            ContentType=content_type,
            Accept=bodies.JSON_LINES,
            Body=body,
            InferenceId=INFERENCE_ID,
        )
        return bodies.answers(answer["Body"].read())

    def refusal(self, request: Malformed) -> tuple[int, str]:
        """Status and reason of the container; (200, "") when it answered. Raises ClientError for another failure."""
        try:
            self.ask(request.body, request.content_type)
        except ClientError as error:
            return status_and_reason(error)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return 200, ""
        return 200, ""


def status_and_reason(error: ClientError) -> tuple[int, str]:
    """What the container said, out of SageMaker's ModelError; raises the error again when it is of another kind."""
    response: Any = error.response
    if "OriginalStatusCode" in response:
        return int(response["OriginalStatusCode"]), reason(str(response.get("OriginalMessage", "")))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    if response.get("Error", {}).get("Code") == "ModelError":
        raise error
    return status, str(response.get("Error", {}).get("Message", ""))


def reason(body: str) -> str:
    """The reason in a refusal's body: its `error`, or all of a body that is no such document."""
    try:
        document = json.loads(body)
    except json.JSONDecodeError:
        return body.strip()
    return str(document.get("error", "")) if isinstance(document, dict) else body.strip()
