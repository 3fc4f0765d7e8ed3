"""Who runs the builds: a few at a time, each ended by one commit."""

import logging
import os
import shutil
import threading
from typing import Any

from local_aws.delivery.builds import composition, events
from local_aws.delivery.builds.builds import BUILDS, Builds, Live
from local_aws.delivery.builds.run import Run, folder_of, limit
from local_aws.operations import Aws
from local_aws.s3 import objects
from local_aws.services import logs

log = logging.getLogger("local_aws.builds")

Document = dict[str, Any]

#: Seconds between SIGTERM and SIGKILL for a build that is stopped or too slow.
GRACE = 5.0

#: Seconds of the machine's time between two attempts at what failed, for example for want of room.
AGAIN = 1.0


class Builders:
    """The living part of the builds; makes `aws.part(Builds)`. LOCAL_AWS_BUILDS overrides how many run at a time."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._builds = Builds(aws)
        aws.parts[Builds] = self._builds
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()

    def start(self) -> None:
        """Queue what an earlier server left unfinished, and begin."""
        for identity in self._builds.open_builds():
            self._builds.waiting.put(identity)
        count = int(os.environ.get("LOCAL_AWS_BUILDS", 0)) or max(2, os.cpu_count() or 1)
        self._threads = [threading.Thread(target=self._work, name=f"build-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Builds that run are killed and stay IN_PROGRESS: they run again, from their start, with the next server."""
        self._ending.set()
        for _ in self._threads:
            self._builds.waiting.put(None)
        self._builds.interrupt_all()
        for thread in self._threads:
            thread.join(10)

    def _work(self) -> None:
        while (identity := self._builds.waiting.get()) is not None and not self._ending.is_set():
            try:
                live = self._builds.enter(identity)
                try:
                    self._run(identity, live)
                finally:
                    self._builds.leave(identity)
            except Exception:
                log.exception("The build %s cannot go on now.", identity)
                self._ending.wait(AGAIN)
                self._builds.waiting.put(identity)

    def _run(self, identity: str, live: Live) -> None:
        build = self._begin(identity)
        if build is None:
            return
        run = Run(self._aws, build, live, lambda: 0.0 if self._ending.is_set() else GRACE)
        if build["Local"]["Stopping"] or self._waited_too_long(build):
            status = "STOPPED" if build["Local"]["Stopping"] else "TIMED_OUT"
            now = self._aws.clock.now()
            composition.leave(build["phases"], now, status, "", "The build ended before it began.")
            composition.enter(build["phases"], "COMPLETED", now)
            build |= {"buildStatus": status, "buildComplete": True, "endTime": now, "currentPhase": "COMPLETED"}
        else:
            run.to_end()
            if self._ending.is_set() and build["buildStatus"] != "SUCCEEDED":
                return  # killed with the server: it runs again
        self._insist(build, run)

    def _begin(self, identity: str) -> Document | None:
        """The build as it starts; one that an earlier server left in the middle starts anew. None when it has ended."""
        with self._aws.store.transaction():
            build = self._aws.store.get(BUILDS, identity)
            if build is None or build["buildComplete"]:
                return None
            if build["Local"].get("Began"):
                self._say(build, "local_aws: the server was stopped in the middle of this build: it begins again.")
            build["Local"]["Began"] = True
            self._aws.store.put(BUILDS, identity, build)
        shutil.rmtree(folder_of(self._aws, identity), ignore_errors=True)
        return build

    def _say(self, build: Document, text: str) -> None:
        place = build["logs"]
        if "groupName" in place:
            logs.append(self._aws, place["groupName"], place["streamName"], [text])

    def _waited_too_long(self, build: Document) -> bool:
        longest = limit(self._aws, build["queuedTimeoutInMinutes"])
        return bool(self._aws.clock.now() > build["startTime"] + longest)

    def _insist(self, build: Document, run: Run) -> None:
        """Write the end as soon as that is possible: a build that has ended must not look as if it ran."""
        said = ""
        while True:
            try:
                self._commit(build, run)
            except Exception as error:  # a bucket that is gone, or a full disk
                if run.uploads:
                    self._without_artifacts(build, run, error)
                    continue
                if said != (said := str(error)):
                    log.exception("The end of %s cannot be written yet.", build["id"])
            else:
                return
            if self._ending.wait(AGAIN):
                return  # it stays IN_PROGRESS and runs again at the next start

    @staticmethod
    def _without_artifacts(build: Document, run: Run, error: Exception) -> None:
        """The artifacts cannot be named: the build has failed in that phase."""
        for upload in run.uploads:
            upload.staged.discard()
        run.uploads = []
        for phase in build["phases"]:
            if phase["phaseType"] == "UPLOAD_ARTIFACTS":
                context = {"statusCode": "CLIENT_ERROR", "message": f"Error in UPLOAD_ARTIFACTS phase: {error}"}
                phase |= {"phaseStatus": "FAILED", "contexts": [context]}
        build["buildStatus"] = "FAILED"

    def _commit(self, build: Document, run: Run) -> None:
        """The artifacts' names, the build's end, and what others make of it, or nothing."""
        with self._aws.store.transaction():
            for upload in run.uploads:
                objects.put(self._aws, upload.bucket, upload.key, upload.staged)
            self._aws.store.put(BUILDS, build["id"], build)
            events.tell(self._aws, build)
            for callback in self._builds.callbacks:
                callback(build)
