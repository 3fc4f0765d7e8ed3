"""The six invariants of a deployment, checked while things happen and when nothing happens any more."""

from typing import Any

from model_deploy.promotion.ledger import Ledger
from tests.model_deploy.promotion.cloud import Cloud
from tests.model_deploy.promotion.fake_records import ENDED, Run


class Judge:
    """Keeps its own account of what people asked for, beside the code's."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.broken: list[str] = []
        self.mandates: dict[int, int] = {}  # version → how often a person's act may bring it to production
        self.failed: set[int] = set()
        self.rolled: set[int] = set()
        self.lived: set[int] = set()
        self.watched: set[int] = set()  # versions that failed their watch
        self.refused: set[int] = set()  # rejected, and promotion has looked since
        self.opened = self.begun = 0
        cloud.watch = self.see

    def see(self, what: str, subject: Any) -> None:
        getattr(self, f"_{what}")(subject)

    def must(self, holds: bool, said: str) -> None:
        if not holds:
            self.broken.append(said)

    def person(self, *versions: int) -> None:
        """A person's act allows these versions one more deployment."""
        for version in versions:
            self.mandates[version] = self.mandates.get(version, 0) + 1
            self.failed.discard(version)

    def looked(self, rejected: set[int]) -> None:
        """An invocation that began when these were rejected has ended."""
        self.refused |= {version for version in rejected if self.cloud.packages[version].status == "Rejected"}

    def _started(self, run: Run) -> None:
        self.must(run.version not in self.failed, f"4: version {run.version} failed and is tried again by nobody")

    def _action(self, subject: tuple[Run, str]) -> None:
        run, stage = subject
        if stage in ("DeployStaging", "DeployProd"):
            self.must(run.version not in self.refused, f"3: {stage} of version {run.version} after its rejection")
        if stage == "DeployProd":
            package = self.cloud.packages.get(run.version)
            self.must(package is not None and package.status == "Approved", f"3: version {run.version} is not approved")
            self.must(run.id in self.cloud.staged, f"1: version {run.version} was not proved in staging")
            self.mandates[run.version] = self.mandates.get(run.version, 0) - 1
            self.must(self.mandates[run.version] >= 0, f"2: version {run.version} is deployed once too often")

    def _live(self, change: tuple[int, int]) -> None:
        before, after = change
        self.lived.add(after)
        if after < before:
            explicit = (
                after in self.rolled or self.cloud.packages[before].status == "Rejected" or before in self.watched
            )
            self.must(explicit, f"2: production went back from {before} to {after}")

    def _ended(self, run: Run) -> None:
        broke = [stage for stage, status in run.actions.items() if status == "Failed" and stage != "ApproveDeployment"]
        if broke or run.watched == "Failed":
            self.failed.add(run.version)
        if run.watched == "Failed" and self.cloud.stack == run.version:
            self.watched.add(run.version)
            self.person(*[one for one in self.lived if one < run.version])  # its stage asked for alarms that turn back

    def _marked(self, subject: tuple[int, dict[str, str]]) -> None:
        version, life = subject
        if life["StageStatus"] == "Live":
            self._success(version)

    def _begun(self, _: None) -> None:
        self.begun += 1
        self.must(self.begun <= self.opened, "2: two executions for one decision")

    def _record(self, record: dict[str, Any]) -> None:
        self.opened += record["kind"] == "opened"
        if record["kind"] == "started":
            opened = Ledger(self.cloud.client(), "", "ledger/credit/").read().open
            self.must(opened is not None and not opened.execution, "2: a deployment with two executions")
        if record["kind"] == "ended" and record["outcome"] == "succeeded":
            state = Ledger(self.cloud.client(), "", "ledger/credit/").read()
            opened = state.open
            self._success(opened.version if opened else 0)
            status = self.cloud.packages[opened.version].status if opened else ""
            self.must(status != "Rejected", "3: success of a version that is rejected")
            proved = opened is not None and opened.execution in self.cloud.tested
            self.must(proved, "5: success of an execution that TestProd did not prove")

    def _success(self, version: int) -> None:
        cloud = self.cloud
        same = cloud.endpoint == cloud.stack == version
        self.must(same, f"5: success of version {version} while {cloud.endpoint} is live and {cloud.stack} meant")

    def _stopping(self, run: Run) -> None:
        begun = run.watched and run.running == "DeployProd"
        half = (begun or run.running == "TestProd") and self.cloud.packages[run.version].status == "Approved"
        self.must(not half, f"version {run.version} is half in production and must go on to its proof")

    def _overwritten(self, record: dict[str, Any]) -> None:
        self.must(False, f"the ledger's record {record['sequence']} was overwritten")

    def _abandoned(self, run: Run) -> None:
        self.must(False, f"a stack of version {run.version} was left in the middle")

    def at_rest(self, live: int, waiting: int) -> None:
        """`live` is what production must run in the end; `waiting` the version that waits for approval, or 0."""
        cloud = self.cloud
        state = Ledger(cloud.client(), "", "ledger/credit/").read()
        self.must(cloud.endpoint == live, f"6: version {cloud.endpoint} is live at the end, {live} should be")
        run = cloud.waiting()
        self.must((run.version if run else 0) == waiting, f"6: {run.version if run else 0} waits, not {waiting}")
        self.must((state.live.version if state.live else 0) == cloud.stack, "the ledger's live version is not so")
        opened = state.open.version if state.open else 0
        self.must(opened == waiting, f"6: the ledger has version {opened} under way, {waiting} waits")
        self.must(all(one.status in ENDED or one is run for one in cloud.runs), "an execution never ends")
        for record in Ledger(cloud.client(), "", "ledger/credit/").records():
            subject = f"Version {state_version(cloud, record)}: deployment {record.get('outcome')}"
            told = record["kind"] != "ended" or any(one.startswith(subject) for one in cloud.sent)
            self.must(told, f"nobody was told: {subject}")
        for version, (stage, status) in state.marks.items():
            life = {"Stage": stage, "StageStatus": status}
            kept = version not in cloud.packages or cloud.packages[version].life == life
            self.must(kept, f"the life cycle of version {version} is not kept")


def state_version(cloud: Cloud, ended: dict[str, Any]) -> int:
    """The version whose deployment this record ends."""
    version = 0
    for record in Ledger(cloud.client(), "", "ledger/credit/").records():
        if record["sequence"] > ended["sequence"]:
            break
        version = record.get("version", version) if record["kind"] in ("opened", "resumed") else version
    return version
