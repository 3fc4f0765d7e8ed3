"""What people do, and where production must end; the last ones at every moment of a deployment."""

from collections.abc import Mapping
from typing import Any

from tests.model_deploy.promotion.play import Scenario
from tests.model_deploy.promotion.steps import (
    MOMENTS,
    approve,
    breaks,
    by_hand,
    commit,
    decline,
    delete,
    eager,
    expire,
    late_double,
    let_in,
    mended,
    once,
    promote,
    reject,
    reject_if_there,
    retry,
    rollback,
    settle,
    stop,
    stop_and_wait,
    ticks,
    touch,
    withdraw,
)

ONE = (approve(1), promote)
TWO = (*ONE, approve(2), promote)
THREE = (*TWO, approve(3), promote)


def failing(stage: str, version: int, times: int = 99) -> Mapping[str, Any]:
    return {"failing": {(stage, version): times}}


SCENARIOS: dict[str, Scenario] = {
    "an approval": Scenario(ONE, 1),
    "an approval that waits": Scenario((approve(1), settle), 0, waiting=1),
    "one after the other": Scenario(TWO, 2),
    "two at once": Scenario((approve(1), approve(2), eager, settle), 2),
    "two at once, the older last": Scenario((approve(2), approve(1), eager, settle), 2),
    "an older one than the live one": Scenario((approve(2), promote, approve(1), promote), 2),
    "a newer one while one waits": Scenario((approve(1), settle, approve(2), settle), 0, waiting=2),
    "a newer one meanwhile": Scenario(
        (approve(1), eager, settle, once(approve(2), 2, "Approved"), settle),
        2,
        meanwhile=once(approve(2), 2, "Approved"),
    ),
    "metadata of the live version": Scenario((*TWO, touch(2), settle, touch(1), settle), 2),
    "metadata of a version that failed": Scenario(
        (*ONE, approve(2), settle, touch(2), settle), 1, failing("TestStaging", 2, 1)
    ),
    "a late double of a version that failed": Scenario(
        (*ONE, approve(2), settle, late_double(2), settle), 1, failing("TestStaging", 2, 1)
    ),
    "staging fails": Scenario((*ONE, approve(2), promote), 1, failing("TestStaging", 2)),
    "staging's stack fails": Scenario((*ONE, approve(2), promote), 1, failing("DeployStaging", 2)),
    "the build fails": Scenario((*ONE, approve(2), promote), 1, failing("Build", 2)),
    "production's stack fails": Scenario((*ONE, approve(2), promote), 1, failing("DeployProd", 2)),
    "alarms that never had data": Scenario((*ONE, approve(2), promote), 2, failing("TestProd", 2)),
    "wrong answers during the deployment": Scenario((*ONE, approve(2), promote), 1, failing("Watch", 2)),
    "wrong answers of the first": Scenario(ONE, 1, failing("Watch", 1)),
    "wrong answers during the deployment, then it is approved again": Scenario(
        (*ONE, approve(2), promote, breaks("Watch", 2, 0), approve(2), promote), 2, failing("Watch", 2)
    ),
    "wrong answers during the deployment, and approved again on the way back": Scenario(
        (*TWO, approve(3), settle, let_in, ticks(4), breaks("Watch", 3, 0), approve(3), promote), 3, failing("Watch", 3)
    ),
    "wrong answers during the deployment, then a newer one": Scenario(
        (*ONE, approve(2), settle, approve(3), promote, approve(4), promote), 4, failing("Watch", 3)
    ),
    "wrong answers during the deployment, and the return fails": Scenario(
        (*TWO, approve(3), settle, breaks("TestStaging", 2), let_in, settle), 1, failing("Watch", 3)
    ),
    "wrong answers during the deployment, then a rejection": Scenario(
        (*TWO, reject(2), settle), 1, failing("Watch", 2)
    ),
    "a silent rollback": Scenario((*ONE, approve(2), promote), 1, {"silent": 2}),
    "a silent rollback, then a newer one": Scenario((*TWO, approve(3), promote), 3, {"silent": 2}),
    "a silent rollback, then a rejection": Scenario((*TWO, reject(2), settle), 1, {"silent": 2}),
    "a rollback of the stack fails": Scenario((*ONE, approve(2), promote), 1, {"stuck": 2}),
    "a rollback of the stack fails and is mended": Scenario((*TWO, mended, approve(2), promote), 2, {"stuck": 2}),
    "failed, and approved again": Scenario(
        (*ONE, approve(2), settle, approve(2), promote), 2, failing("TestStaging", 2, 1)
    ),
    "failed, and retried by a person": Scenario(
        (*ONE, approve(2), settle, retry, promote), 2, failing("TestStaging", 2, 1)
    ),
    "failed, and one that waited before": Scenario(
        (*ONE, approve(2), settle, approve(3), promote), 2, failing("TestStaging", 3)
    ),
    "one that failed, then the one before is rejected": Scenario(
        (*TWO, approve(3), settle, reject(2), settle), 1, failing("TestStaging", 3)
    ),
    "declined": Scenario((*ONE, approve(2), decline, touch(2), settle), 1),
    "the approval's time is over": Scenario((*ONE, approve(2), expire, settle), 1),
    "stopped by a person": Scenario((*ONE, approve(2), ticks(2), stop, settle), 1),
    "rejected while it waits": Scenario((*ONE, approve(2), settle, reject(2), settle), 1),
    "rejected meanwhile": Scenario(
        (*ONE, approve(2), eager, settle, once(reject(2), 2, "Rejected"), settle), 1, meanwhile=reject_if_there(2)
    ),
    "rejected in the moment of its promotion": Scenario(
        (*ONE, approve(2), settle, let_in, reject(2), settle), 1, meanwhile=reject_if_there(2)
    ),
    "deleted in the moment of its promotion": Scenario((*ONE, approve(2), settle, let_in, delete(2), settle), 1),
    "the live one rejected": Scenario((*TWO, reject(2), settle), 1),
    "the live one rejected, and approved again": Scenario((*TWO, reject(2), settle, approve(2), promote), 2),
    "the live one rejected, and at once approved again": Scenario((*TWO, reject(2), ticks(3), approve(2), promote), 2),
    "the only one rejected": Scenario((*ONE, reject(1), settle), 1),
    "the live one rejected while another waits": Scenario(
        (*TWO, approve(3), settle, reject(2), ticks(12)), 1, waiting=3
    ),
    "two rejected, one after the other": Scenario((*THREE, reject(3), settle, reject(2), settle), 1),
    "two rejected at once": Scenario((*THREE, reject(3), reject(2), settle), 1),
    "the return fails": Scenario((*THREE, breaks("TestStaging", 2), reject(3), settle), 1),
    "a rollback": Scenario((*TWO, rollback(1), settle), 1),
    "a rollback by two": Scenario((*THREE, rollback(1), settle), 1),
    "a rollback, and metadata": Scenario((*TWO, rollback(1), settle, touch(2), settle), 1),
    "a rollback, and a late double": Scenario((*TWO, rollback(1), settle, late_double(2), settle), 1),
    "a rollback, then a new approval": Scenario((*TWO, rollback(1), settle, approve(3), promote), 3),
    "a rollback, then the same approved again": Scenario((*TWO, rollback(1), settle, approve(2), promote), 2),
    "a rollback while one waits": Scenario((*TWO, approve(3), settle, rollback(1), settle), 1),
    "a rollback while one waits, then that one again": Scenario(
        (*TWO, approve(3), settle, rollback(1), settle, approve(3), promote), 3
    ),
    "a rollback, and an approval at once": Scenario((*TWO, rollback(1), approve(3), promote), 3),
    "a rollback that fails": Scenario((*TWO, breaks("TestStaging", 1), rollback(1), settle), 2),
    "a rollback that fails its watch": Scenario((*THREE, breaks("Watch", 2), rollback(2), settle), 2),
    "a rollback, then its version is rejected": Scenario((*THREE, rollback(2), settle, reject(2), settle), 1),
    "a rollback of staging": Scenario((*TWO, rollback(1, "staging"), settle), 2, waiting=1),
    "a rollback of staging, then an approval": Scenario((*TWO, rollback(1, "staging"), settle, approve(3), promote), 3),
    "a rollback of staging, promoted": Scenario((*TWO, rollback(1, "staging"), promote), 1),
    "a commit": Scenario((*TWO, commit, promote), 2),
    "a commit before anything is approved": Scenario((commit, settle, approve(1), promote), 1),
    "a commit while one waits": Scenario((*ONE, approve(2), settle, commit, promote), 2),
    "a commit under a hold": Scenario((*TWO, rollback(1), settle, commit, promote), 1),
    "a commit mends what failed": Scenario(
        (*ONE, approve(2), settle, commit, promote), 2, failing("TestStaging", 2, 1)
    ),
    "started by hand": Scenario((*TWO, by_hand(1), promote), 2),
    "executions appear late in the list": Scenario(TWO, 2, {"lag": 3}),
    "a rollback of staging, promoted, frees what waited": Scenario(
        (*TWO, approve(3), settle, rollback(1, "staging"), promote), 1, waiting=3
    ),
    "a silent rollback, approved again": Scenario((*TWO, approve(2), promote), 2, {"silent": 2}),
    "alarms that never had data, approved again": Scenario(
        (*TWO, approve(2), settle), 2, failing("TestProd", 2, 1), waiting=2
    ),
    "approved twice, then it fails": Scenario(
        (*ONE, approve(2), ticks(1), approve(2), settle), 1, failing("TestStaging", 2, 1)
    ),
    "the one that waits started by hand": Scenario((*ONE, approve(2), settle, by_hand(2), settle), 1, waiting=2),
    "an older one that failed, retried": Scenario(
        (*ONE, approve(2), settle, approve(3), promote, retry, promote), 3, failing("TestStaging", 2, 1)
    ),
    "one that failed, retried while another waits": Scenario(
        (*ONE, approve(2), settle, approve(3), settle, retry, settle), 1, failing("TestStaging", 2, 1), waiting=3
    ),
    "a rejected one retried": Scenario(
        (*ONE, approve(2), settle, reject(2), settle, retry, settle), 1, failing("TestStaging", 2, 1)
    ),
    "a rollback, and an approval that waits": Scenario((*TWO, rollback(1), approve(3), settle), 1, waiting=3),
    "failed, and approved again, events dated late": Scenario(
        (*ONE, approve(2), settle, approve(2), promote), 2, {"failing": {("TestStaging", 2): 1}, "dated": 30}
    ),
    "the one before was deleted": Scenario((*THREE, delete(2), reject(3), settle), 1),
    "one that failed, retried while another is half in production": Scenario(
        (*ONE, approve(2), settle, eager, approve(3), ticks(7), retry, settle), 3, failing("TestStaging", 2, 1)
    ),
    "two rollbacks": Scenario((*THREE, rollback(1), rollback(2), settle), 2),
    "overtaken while it fails": Scenario(
        (*ONE, approve(2), ticks(4), approve(3), settle, reject(3), settle), 1, failing("TestStaging", 2, 1)
    ),
    "stopped by a person while it waits": Scenario((*ONE, approve(2), settle, stop_and_wait, settle), 1),
    "an older one and a commit while a newer one waits": Scenario(
        (*ONE, approve(2), settle, approve(3), settle, commit, approve(2), settle),
        1,
        failing("TestStaging", 2, 1),
        waiting=3,
    ),
    "an older one and a commit with which the newer one fails": Scenario(
        (*ONE, approve(2), settle, approve(3), settle, breaks("TestStaging", 3), commit, approve(2), promote),
        2,
        failing("TestStaging", 2, 1),
    ),
    "an older one while a newer one waits that a commit mended": Scenario(
        (*ONE, approve(2), settle, breaks("TestStaging", 3, 1), approve(3), settle, commit, settle, approve(2), settle),
        1,
        failing("TestStaging", 2, 1),
        waiting=3,
    ),
    "a commit while the live one is withdrawn": Scenario((*TWO, withdraw(2), commit, promote), 2),
    "a rollback, then what is left is rejected": Scenario((*TWO, rollback(1), settle, reject(1), settle), 1),
}

for moment in MOMENTS:
    SCENARIOS |= {
        f"rejected at {moment}": Scenario((*ONE, eager, approve(2), ticks(moment), reject(2), settle), 1),
        f"a newer one at {moment}": Scenario((*ONE, eager, approve(2), ticks(moment), approve(3), settle), 3),
        f"the live one rejected at {moment}": Scenario(
            (*TWO, approve(3), ticks(moment), reject(2), settle), 1, waiting=3
        ),
        f"a rollback at {moment}": Scenario((*TWO, approve(3), ticks(moment), rollback(1), settle), 1),
        f"rejected and approved again at {moment}": Scenario(
            (*ONE, eager, approve(2), ticks(moment), reject(2), ticks(2), approve(2), settle), 2
        ),
        f"a commit at {moment}": Scenario((*ONE, eager, approve(2), ticks(moment), commit, settle), 2),
    }
