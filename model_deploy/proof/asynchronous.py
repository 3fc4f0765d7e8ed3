"""Asynchronous endpoints: the request lies in S3, and so does the answer or the failure."""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.errors import InputError
from contract.package import Golden
from model_deploy.proof import bodies
from model_deploy.proof.account import Account
from model_deploy.proof.bodies import Malformed
from model_deploy.proof.endpoint import INFERENCE_ID, reason
from model_deploy.proof.golden import Answer
from model_deploy.proof.storage import Patience, Storage

#: An endpoint that scaled to zero needs minutes for its first instance.
SECONDS = 1200


@dataclass(frozen=True)
class Asynchronous:
    """An endpoint with a queue."""

    account: Account
    name: str
    storage: Storage

    def answers(self, records: Sequence[Golden]) -> list[Answer]:
        """All records in one request. Raises InputError for a failure, TimeoutError when nothing comes."""
        body, failed = self._send("golden", bodies.json_lines(one.record for one in records), bodies.JSON_LINES)
        if failed:
            raise InputError(f"{self.name} failed: {reason(body.decode(errors='replace'))}")
        return bodies.answers(body)

    def refusal(self, request: Malformed) -> tuple[int, str]:
        """(400, reason) when it ended as a failure, (200, "") when it was answered."""
        body, failed = self._send("malformed", request.body, request.content_type)
        return (400, reason(body.decode(errors="replace"))) if failed else (200, "")

    def _send(self, name: str, body: bytes, content_type: str) -> tuple[bytes, bool]:
        """The bytes of the result, and whether it is a failure."""
        key = self.storage.put(name, body)
        accepted = self.account.runtime.invoke_endpoint_async(
            EndpointName=self.name,
            ContentType=content_type,
            Accept=bodies.JSON_LINES,
            InputLocation=f"s3://{self.storage.bucket}/{key}",
            InferenceId=INFERENCE_ID,
        )
        patience = Patience(SECONDS, f"answer of {self.name}")
        while True:
            if (found := self.storage.find(accepted["OutputLocation"])) is not None:
                return found, False
            if (found := self.storage.find(accepted["FailureLocation"])) is not None:
                return found, True
            patience.pause()
