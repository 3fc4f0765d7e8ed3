"""The engine: it starts steps, hears of jobs that ended, and ends executions.

Nothing polls. A job's end, the end of its step and the start of the next steps are one transaction, so that a machine
that is killed at any moment finds every execution either before such a step of life or behind it.
"""

import logging
from typing import Any

from local_aws.errors import AwsError
from local_aws.jobs.jobs import Jobs
from local_aws.looking import Agenda
from local_aws.operations import Aws
from local_aws.pipelines import caching, executions, retries
from local_aws.pipelines.arguments import argument_violations
from local_aws.pipelines.definition import Definition, own_members
from local_aws.pipelines.expressions import ExpressionError, evaluate
from local_aws.pipelines.planning import ACTIVE, STEP_FAILURE, final_status, next_step
from local_aws.pipelines.scope import ExecutionScope
from local_aws.pipelines.steps.kind import Outcome, Start, Step
from local_aws.store import DISK_FULL

log = logging.getLogger("local_aws")

Document = dict[str, Any]

#: A job's status → the status of its step.
_ENDS = {"Completed": "Succeeded", "Failed": "Failed", "Stopped": "Stopped"}

_LONGEST_REASON = 1024


class Engine:
    """The part of the machine that keeps executions going."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._retries: Agenda[str] = Agenda(aws.clock, "pipeline-retries", self.resume, log, "%s cannot go on now.")
        aws.part(Jobs).on_end(self._job_ended)

    def start(self) -> None:
        """Go on with every execution that has not ended."""
        for _, execution in self.aws.store.scan(executions.KIND):
            if execution["PipelineExecutionStatus"] in ("Executing", "Stopping"):
                self.resume(execution["PipelineExecutionArn"])
        self._retries.start()

    def stop(self) -> None:
        self._retries.stop()

    def resume(self, arn: str) -> None:
        """Do what can be done now for an execution."""
        with self.aws.store.transaction():
            self.advance(executions.load(self.aws, arn))

    def advance(self, execution: Document) -> None:
        """Start what can start, end what is over, and save; inside a transaction."""
        definition = executions.definition_of(self.aws, execution)
        while step := next_step(definition, execution, self.aws.clock.now()):
            self._start_step(definition, execution, step)
        if status := final_status(definition, execution):
            self._end(execution, status)
        executions.save(self.aws, execution)
        self._remember_retries(execution)

    def halt(self, execution: Document) -> None:
        """Stop what runs, and the execution when that has stopped; inside a transaction."""
        definition = executions.definition_of(self.aws, execution)
        execution["PipelineExecutionStatus"] = "Stopping"
        running = []
        for name, entry in execution["Steps"].items():
            if entry["StepStatus"] == "Starting":
                entry |= {"StepStatus": "Stopped", "EndTime": self.aws.clock.now()}
            elif entry["StepStatus"] == "Executing":
                entry["StepStatus"] = "Stopping"
                running.append((definition.steps[name].kind.job, entry["Resource"]))
        self.advance(execution)
        for job, resource in running:
            self.aws.part(Jobs).stop(job or "", resource)

    # steps

    def _start_step(self, definition: Definition, execution: Document, step: Step) -> None:
        entry = execution["Steps"].setdefault(step.name, executions.new_entry(step, self.aws.clock.now()))
        entry.pop("RetryAt", None)
        entry["AttemptCount"] += 1
        try:
            outcome = self._begin(definition, execution, step, entry)
        except ExpressionError as error:
            self._end_step(execution, entry, "Failed", str(error))
        except AwsError as error:
            if error.status == DISK_FULL:  # SQLite has given the transaction up: nothing of it may go on
                raise
            reason = f"ClientError: Failed to invoke sagemaker:{step.kind.operation}. Error Details: {error.message}"
            self._failed(execution, step, entry, retries.type_of_error(error), reason)
        else:
            entry |= {"Metadata": outcome.metadata, "Resource": outcome.resource, "StepStatus": outcome.status}
            if outcome.status != "Executing":
                self._end_step(execution, entry, outcome.status, outcome.reason)

    def _begin(self, definition: Definition, execution: Document, step: Step, entry: Document) -> Outcome:
        """Take the results of an earlier run, or start a new one."""
        scope = ExecutionScope(self.aws, definition, execution)
        arguments = evaluate(step.arguments, scope)
        if refused := list(argument_violations(step.kind, arguments, f"The step {step.name}")):
            raise AwsError("ValidationException", " ".join(refused))
        key = caching.key_of(step, arguments)
        if hit := caching.find(self.aws, execution["PipelineName"], step, key):
            entry["CacheHitResult"] = {"SourcePipelineExecutionArn": hit["PipelineExecutionArn"]}
            return Outcome("Succeeded", hit["Resource"], hit["Metadata"])
        name = executions.resource_name(execution, step.name, entry["AttemptCount"])
        members = evaluate(own_members(step.document), scope)
        outcome = step.kind.start(Start(self.aws, execution, step, name, arguments, members))
        if outcome.status == "Executing":
            entry["CacheKey"] = key
            owner = {"PipelineExecutionArn": execution["PipelineExecutionArn"], "StepName": step.name}
            self.aws.store.put(executions.JOBS, f"{step.kind.job}/{outcome.resource}", owner)
        return outcome

    def _job_ended(self, kind: str, job: Document) -> None:
        """What the jobs call inside the transaction that ends a job."""
        key = f"{kind}/{job[f'{kind}JobName']}"
        owner = self.aws.store.get(executions.JOBS, key)
        if owner is None:
            return
        self.aws.store.delete(executions.JOBS, key)
        execution = executions.load(self.aws, owner["PipelineExecutionArn"])
        entry = execution["Steps"][owner["StepName"]]
        step = executions.definition_of(self.aws, execution).steps[owner["StepName"]]
        status, reason = _ENDS[job[f"{kind}JobStatus"]], job.get("FailureReason", "")
        if status == "Failed":
            self._failed(execution, step, entry, retries.type_of_reason(reason), reason)
        else:
            self._end_step(execution, entry, status, None)
        self.advance(execution)

    def _failed(self, execution: Document, step: Step, entry: Document, kind: str | None, reason: str) -> None:
        """End the step, or try it again later when its policies or AWS's defaults say so."""
        now = self.aws.clock.now()
        wait = None
        if kind is not None and execution["PipelineExecutionStatus"] == "Executing":
            tries = entry.setdefault("Tries", {})
            tries[kind] = tries.get(kind, 0) + 1
            wait = retries.delay(step.retry_policies, kind, tries[kind], now - entry["StartTime"])
        if wait is None:
            self._end_step(execution, entry, "Failed", reason)
        else:
            entry |= {"StepStatus": "Starting", "RetryAt": now + wait, "FailureReason": reason[:_LONGEST_REASON]}

    def _end_step(self, execution: Document, entry: Document, status: str, reason: str | None) -> None:
        entry |= {"StepStatus": status, "EndTime": self.aws.clock.now()}
        entry.pop("FailureReason", None)
        if reason is not None:
            entry["FailureReason"] = reason[:_LONGEST_REASON]
        if status == "Succeeded" and "CacheHitResult" not in entry:
            caching.record(self.aws, execution, entry)

    def _end(self, execution: Document, status: str) -> None:
        """Where every execution ends."""
        execution["PipelineExecutionStatus"] = status
        if status == "Failed":
            execution["FailureReason"] = STEP_FAILURE

    # retries

    def _remember_retries(self, execution: Document) -> None:
        arn = execution["PipelineExecutionArn"]
        due = [
            entry["RetryAt"]
            for entry in execution["Steps"].values()
            if entry["StepStatus"] in ACTIVE and "RetryAt" in entry
        ]
        if due:
            self.aws.store.after_commit(lambda: self._retries.put(arn, min(due)))
        else:
            self._retries.drop(arn)
