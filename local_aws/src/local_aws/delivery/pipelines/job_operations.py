"""How a function that an action has invoked says what became of its job."""

from local_aws.delivery.pipelines import records
from local_aws.delivery.pipelines.actions.kind import Outcome
from local_aws.delivery.pipelines.engine import Runner
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("codepipeline")


def _end(aws: Aws, identity: str, outcome: Outcome) -> None:
    with aws.store.transaction():
        key = records.waiting_for(aws, f"job/{identity}")
        if key is None:
            raise AwsError("JobNotFoundException", f"There is no job {identity} that waits for a result.")
        aws.part(Runner).ended(key, outcome)


@operations("PutJobSuccessResult")
def put_success(aws: Aws, request: Request) -> Result:
    """With a continuationToken the function is invoked once more and gets it."""
    details = request.get("executionDetails") or {}
    identity, summary = details.get("externalExecutionId", ""), details.get("summary", "")
    if token := request.get("continuationToken"):
        members = {"Begun": False, "Continuation": token}
        outcome = Outcome("InProgress", identity=identity, summary=summary, members=members)
    else:
        outcome = Outcome(identity=identity, summary=summary, variables=request.get("outputVariables") or {})
    _end(aws, request["jobId"], outcome)
    return None


@operations("PutJobFailureResult")
def put_failure(aws: Aws, request: Request) -> Result:
    details = request["failureDetails"]
    identity = details.get("externalExecutionId", "")
    outcome = Outcome("Failed", identity=identity, code=details["type"], message=details["message"])
    _end(aws, request["jobId"], outcome)
    return None
