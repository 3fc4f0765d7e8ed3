"""The engine: it makes the moves that `planning` finds, and the actions' effects.

A transition and everything that follows from it at once are one transaction. An action is first kept as InProgress;
then it is prepared, outside a transaction; then its effect and the mark that it has begun are one commit. So a machine
that is killed anywhere prepares again and has no effect twice.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from local_aws.delivery.pipelines import actions, documents, moves, polling, records
from local_aws.delivery.pipelines.actions.kind import Document, Job, Outcome
from local_aws.delivery.pipelines.planning import next_move
from local_aws.errors import AwsError
from local_aws.looking import AGAIN, Agenda
from local_aws.operations import Aws
from local_aws.store import DISK_FULL

log = logging.getLogger("local_aws.codepipeline")

#: Pipeline, execution, action execution.
Key = tuple[str, str, str]


class Runner:
    """The part of the machine that keeps pipelines going."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._ending = threading.Event()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="action")
        trouble = "%s cannot be ended now."
        self._timeouts: Agenda[Key] = Agenda(aws.clock, "pipeline-timeouts", self._time_out, log, trouble)
        for listen in actions.LISTENERS:
            listen(aws, self.ended)
        polling.listen(aws, self.advance)

    def start(self) -> None:
        """Go on with every execution that has not ended."""
        for name in {key.partition("/")[0] for key, _ in self.aws.store.scan(documents.LIVE)}:
            for execution in documents.live(self.aws, name):
                for record in execution["Actions"].values():
                    self._watch(record)
                    if record["status"] == "InProgress" and not record["Begun"]:
                        self._submit(_key(record))
            with self.aws.store.transaction():
                self.advance(name)
        self._timeouts.start()

    def stop(self) -> None:
        self._ending.set()
        self._timeouts.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    # moves

    def advance(self, name: str) -> None:
        """Make every move that a pipeline can make now; inside a transaction."""
        executions = documents.live(self.aws, name)
        if not executions:
            return
        structures = {
            version: documents.structure(self.aws, name, version)
            for version in {one["pipelineVersion"] for one in executions}
        }
        state = documents.state(self.aws, name)
        changed: dict[str, Document] = {}
        while move := next_move(executions, lambda one: structures[one["pipelineVersion"]], state["Closed"]):
            execution = move.execution
            changed[execution["pipelineExecutionId"]] = execution
            declared = structures[execution["pipelineVersion"]]
            for record in moves.make(self.aws, declared, state, move):
                self._after_commit(record)
            if rollback := moves.rollback_after(self.aws, declared, move):
                changed[rollback["pipelineExecutionId"]] = rollback
                executions.append(rollback)
            executions = [one for one in executions if one["status"] in documents.OPEN]
        for execution in changed.values():
            documents.save(self.aws, execution)
        if changed:
            self.aws.store.put(documents.STATES, name, state)

    def _after_commit(self, record: Document) -> None:
        """A new record: its work begins when it is durable."""
        if record["status"] == "InProgress":
            key = _key(record)
            self.aws.store.after_commit(lambda: self._submit(key))

    # actions

    def _submit(self, key: Key) -> None:
        if not self._ending.is_set():
            self._pool.submit(self._work, key)

    def _work(self, key: Key) -> None:
        try:
            self._begin(key)
        except AwsError as error:
            if error.status == DISK_FULL:
                log.warning("%s of %s cannot go on now: %s", key[2], key[0], error.message)
                self._again(key)
            else:
                self._fail(key, error)
        except Exception as error:
            log.exception("An action of %s failed inside local_aws.", key[0])
            self._fail(key, AwsError("InternalError", f"local_aws failed: {type(error).__name__}: {error}"))

    def _begin(self, key: Key) -> None:
        execution = documents.load(self.aws, key[0], key[1])
        record = execution["Actions"][key[2]]
        if record["status"] != "InProgress" or record["Begun"]:
            return
        kind = actions.find(record["input"]["actionTypeId"])
        declared = documents.structure(self.aws, key[0], execution["pipelineVersion"])
        prepared = kind.prepare(Job(self.aws, declared, execution, record))
        with self.aws.store.transaction():
            execution = documents.load(self.aws, key[0], key[1])
            record = execution["Actions"][key[2]]
            if record["status"] != "InProgress" or record["Begun"]:
                return  # abandoned meanwhile
            outcome = kind.begin(Job(self.aws, declared, execution, record), prepared)
            self._settle(execution, record, outcome)

    def _fail(self, key: Key, error: AwsError) -> None:
        try:
            self.ended(key, Outcome("Failed", code=error.code, message=error.message))
        except AwsError as full:
            log.warning("%s of %s cannot go on now: %s", key[2], key[0], full.message)
            self._again(key)

    def _again(self, key: Key) -> None:
        timer = threading.Timer(AGAIN, lambda: self._submit(key))
        timer.daemon = True
        timer.start()

    def ended(self, key: Key, outcome: Outcome) -> None:
        """Something that an action has waited for has come about; joins an open transaction.

        Nothing happens when the action has ended already.
        """
        with self.aws.store.transaction():
            execution = documents.held(self.aws, key[0], key[1])
            if execution is None:
                return  # the pipeline has been deleted
            record = execution["Actions"][key[2]]
            if record["status"] == "InProgress":
                self._settle(execution, record, outcome)

    def _settle(self, execution: Document, record: Document, outcome: Outcome) -> None:
        """Keep how far an action has come, and go on; inside a transaction."""
        records.settle(self.aws, execution, record, outcome)
        documents.save(self.aws, execution)
        if not record["Begun"]:  # a second part of its work comes now
            self._after_commit(record)
        self.aws.store.after_commit(lambda: self._watch(record))
        if record["status"] != "InProgress":
            self.advance(execution["pipelineName"])

    # the clock

    def _watch(self, record: Document) -> None:
        """Remember when an action fails unless something ends it."""
        key = _key(record)
        if record["status"] == "InProgress" and record.get("Due") is not None:
            self._timeouts.put(key, record["Due"])
        else:
            self._timeouts.drop(key)

    def _time_out(self, key: Key) -> None:
        if execution := documents.held(self.aws, key[0], key[1]):
            kind = actions.find(execution["Actions"][key[2]]["input"]["actionTypeId"])
            self.ended(key, kind.expired())


def _key(record: Document) -> Key:
    return record["pipelineName"], record["pipelineExecutionId"], record["actionExecutionId"]
