"""Who runs the jobs: as many at a time as the machine has cores, each ended by one commit."""

import contextlib
import logging
import os
import shutil
import threading

from local_aws.jobs.failure import LONGEST, reason_of_error
from local_aws.jobs.jobs import KINDS, OPEN, Jobs
from local_aws.jobs.kind import Document, Kind, Live, Outcome, job_folder
from local_aws.operations import Aws
from local_aws.s3 import objects

log = logging.getLogger("local_aws.jobs")

#: Seconds of the machine's time between two attempts to write the end of a job.
AGAIN = 1.0

#: How many job folders of a kind stay.
KEPT = 100


class Workers:
    """The living part of the jobs; makes `aws.part(Jobs)`. LOCAL_AWS_JOBS overrides the number of workers."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._jobs = Jobs(aws)
        aws.parts[Jobs] = self._jobs
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()

    def start(self) -> None:
        """Queue what an earlier server left unfinished, and begin."""
        for job in self._jobs.open_jobs():
            self._jobs.waiting.put(job)
        count = int(os.environ.get("LOCAL_AWS_JOBS", 0)) or os.cpu_count() or 1
        self._threads = [threading.Thread(target=self._work, name=f"job-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Jobs that run are killed and stay InProgress: they run again at the next start."""
        self._ending.set()
        for _ in self._threads:
            self._jobs.waiting.put(None)
        self._jobs.interrupt_all()
        for thread in self._threads:
            thread.join(10)

    def _work(self) -> None:
        while (job := self._jobs.waiting.get()) is not None and not self._ending.is_set():
            try:
                live = self._jobs.enter(*job)
                try:
                    self._run(*job, live)
                finally:
                    self._jobs.leave(*job)
            except Exception:
                log.exception("The job %s/%s could not be ended.", *job)

    def _run(self, kind_name: str, name: str, live: Live) -> None:
        kind = KINDS[kind_name]
        document = self._aws.store.get(kind.store_kind, name)
        if document is None or document[kind.status_member] not in OPEN:
            return
        outcome = Outcome("Stopped")
        if document[kind.status_member] == "InProgress":
            self._aws.store.keep_reserve()
            outcome = self._outcome(kind, document, live)
        if not (self._ending.is_set() and outcome.status != "Completed"):
            self._end(kind, document, outcome)
            self._prune(kind)

    def _outcome(self, kind: Kind, document: Document, live: Live) -> Outcome:
        try:
            return kind.run(self._aws, document, live, self._ending.is_set)
        except Exception as error:  # noqa: BLE001  for example an image that the table has no more
            return Outcome("Failed", reason_of_error(error, self._aws.home))

    def _prune(self, kind: Kind) -> None:
        """The folders of the newest jobs stay for whoever wants to look into them; older ones go."""
        with contextlib.suppress(FileNotFoundError):  # another worker was faster
            folders = sorted(job_folder(self._aws, kind, "").glob("*"), key=lambda path: path.stat().st_mtime)
            for folder in folders[:-KEPT]:
                shutil.rmtree(folder, ignore_errors=True)

    def _end(self, kind: Kind, document: Document, outcome: Outcome) -> None:
        outcome.ended = self._aws.clock.now()
        try:
            self._commit(kind, document, outcome)
        except Exception as error:  # noqa: BLE001  for example a bucket that is gone
            for upload in outcome.uploads:
                upload.staged.discard()
            if outcome.uploads or outcome.status == "Completed":
                side, _, what = reason_of_error(error, self._aws.home).partition(": ")
                reason = f"{side}: The outputs cannot be written: {what}"[:LONGEST]
                outcome = Outcome("Failed", reason, started=outcome.started, ended=outcome.ended)
            self._insist(kind, document, outcome)

    def _insist(self, kind: Kind, document: Document, outcome: Outcome) -> None:
        """Write the end as soon as that is possible: a job that has ended must not look as if it ran."""
        said = ""
        while True:
            try:
                self._commit(kind, document, outcome)
            except Exception as error:  # the disk is still full, for example
                if self._aws.store.spend_reserve():
                    continue
                if said != (said := str(error)):
                    log.exception("The end of %s cannot be written yet.", document[kind.name_member])
            else:
                self._aws.store.keep_reserve()
                return
            if self._ending.wait(AGAIN):
                return  # it stays InProgress and runs again at the next start

    def _commit(self, kind: Kind, document: Document, outcome: Outcome) -> None:
        """The outputs' names, the job's end, and what others make of it, or nothing."""
        ended = dict(document)
        with self._aws.store.transaction():
            for upload in outcome.uploads:
                objects.put(self._aws, upload.bucket, upload.key, upload.staged)
            kind.finish(ended, outcome)
            ended["LastModifiedTime"] = outcome.ended
            self._jobs.end(kind.name, ended)
