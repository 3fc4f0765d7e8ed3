"""Lambda functions as actions: they get a job and say themselves how it ended.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html
"""

import json
import uuid
from typing import Any

from local_aws.delivery.pipelines.actions.kind import ActionKind, Document, Job, Outcome
from local_aws.functions import asynchronous, functions

#: Seconds that a job may take. https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
_LONGEST = 24 * 3600.0


class Invoke(ActionKind):
    def begin(self, job: Job, prepared: Any) -> Outcome:  # noqa: ARG002
        identity = str(uuid.uuid4())
        function = functions.find(job.aws, functions.name_of(job.configuration["FunctionName"]))
        asynchronous.enqueue(job.aws, function, json.dumps(_event(job, identity)))
        return Outcome("InProgress", key=f"job/{identity}", due=job.aws.clock.now() + _LONGEST)


def _event(job: Job, identity: str) -> Document:
    revisions = {one["name"]: one["revisionId"] for one in job.execution["artifactRevisions"]}
    data = {
        "actionConfiguration": {"configuration": job.configuration},
        "inputArtifacts": [_artifact(name, where, revisions.get(name)) for name, where in job.inputs.items()],
        "outputArtifacts": [_artifact(name, where, None) for name, where in job.outputs.items()],
        "artifactCredentials": dict.fromkeys(("accessKeyId", "secretAccessKey", "sessionToken"), "local"),
    }
    if token := job.record.get("Continuation"):
        data["continuationToken"] = token
    if key := job.declared["artifactStore"].get("encryptionKey"):
        data["encryptionKey"] = key
    return {"CodePipeline.job": {"id": identity, "accountId": job.aws.account, "data": data}}


def _artifact(name: str, where: Document, revision: str | None) -> Document:
    place = {"bucketName": where["bucket"], "objectKey": where["key"]}
    return {"name": name, "revision": revision, "location": {"type": "S3", "s3Location": place}}


INVOKE = Invoke(
    "Invoke", "Lambda", frozenset({"FunctionName"}), frozenset({"UserParameters"}), inputs=(0, 5), outputs=(0, 5)
)
