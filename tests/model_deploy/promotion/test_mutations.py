"""Every guard of promotion beside the mutation that removes it, and the scenario in which that is seen.

A guard without a row here, or a row that changes nothing, is a guard that nobody needs.
"""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from model_deploy.promotion import decisions, handler, ledger, plans, reconcile, rollback, services, state, world
from tests.model_deploy.promotion import judge, play
from tests.model_deploy.promotion.play import ARRIVALS, FAULTS, Play
from tests.model_deploy.promotion.scenarios import SCENARIOS

EVERYWHERE = (decisions, handler, judge, ledger, plans, play, reconcile, rollback, services, state, world)

#: Guard → (module, its text, what stands there instead, the scenario that must then break, under some fault).
MUTATIONS: dict[str, tuple[ModuleType, str, str, str]] = {
    # what counts as news
    "a change of metadata is no approval": (
        handler,
        'return updated is None or "ModelApprovalStatus" in updated',
        "return True",
        "metadata of the live version",
    ),
    "an approval from before the failure is no new one": (
        decisions,
        " and at > last.finished",
        "",
        "approved twice, then it fails",
    ),
    "a double is no new approval": (
        decisions,
        " or at <= seen.modified + SKEW",
        "",
        "a rollback, and a late double",
    ),
    "an approval is taken up once": (
        decisions,
        "last is not None and last.sequence > seen.sequence and at",
        "last is not None and at",
        "failed, and approved again, events dated late",
    ),
    "an approval given anew ends a hold": (
        decisions,
        "return tried or state.hold != 0",
        "return tried",
        "a rollback while one waits, then that one again",
    ),
    # which version is next
    "a hold keeps what was approved before": (
        plans,
        "    if world.state.hold:\n        return None\n",
        "",
        "a rollback while one waits",
    ),
    "an approval ends a hold": (state, "hold=0, rollback=None", "rollback=None", "a rollback, then a new approval"),
    "a promotion ends a hold": (
        state,
        "state.hold if ended.mandated else 0",
        "state.hold",
        "a rollback of staging, promoted, frees what waited",
    ),
    "an approval ends a rollback of staging": (
        state,
        'None if asked and asked.stage == "staging" else asked',
        "asked",
        "a rollback of staging, then an approval",
    ),
    "an older version never goes to production by itself": (
        plans,
        "if live is None or version > live.version:",
        "if True:",
        "an older one than the live one",
    ),
    "what was tried waits for a person": (
        plans,
        "return last is None or seen.sequence > last.sequence",
        "return True",
        "staging fails",
    ),
    "what was overtaken was not tried": (
        state,
        "tried = outcome != SUPERSEDED",
        "tried = True",
        "failed, and one that waited before",
    ),
    "what failed in production may be brought there again": (
        plans,
        "return version == live.version and not live.proved",
        "return False",
        "alarms that never had data, approved again",
    ),
    "a rollback is tried once": (
        state,
        "if tried and state.rollback and",
        "if False and state.rollback and",
        "a rollback that fails",
    ),
    "a commit never goes back": (
        plans,
        "if one >= least]",
        "]",
        "a commit while the live one is withdrawn",
    ),
    "a commit goes with the newest": (
        plans,
        "Plan(max(approved), COMMIT",
        "Plan(min(approved), COMMIT",
        "an older one while a newer one waits that a commit mended",
    ),
    "a commit keeps a hold": (
        plans,
        "[state.hold] if state.hold else",
        "",
        "a commit under a hold",
    ),
    "a rejection goes back, never forward": (
        plans,
        "if one < live.version and world",
        "if one != live.version and world",
        "a rollback, then what is left is rejected",
    ),
    "no return to what is rejected itself": (
        plans,
        "world.status(one) == APPROVED and good(one)]",
        "good(one)]",
        "the one before was deleted",
    ),
    "a return that failed is not tried again": (plans, " and good(one)]", "]", "the return fails"),
    "a rejected live version is left": (
        plans,
        'if world.status(live.version) == "Rejected":',
        "if False:",
        "the live one rejected",
    ),
    # what must not go on
    "a rejected version is stopped": (
        decisions,
        "if (status := world.status(open_.version)) != APPROVED:",
        'if (status := "") != "":',
        "rejected while it waits",
    ),
    "production returns from what its watch turned back": (
        plans,
        "elif live.turned_back:",
        "elif False:",
        "wrong answers during the deployment",
    ),
    "a rollback that fails its watch goes no further back": (
        state,
        " and not ended.mandated",
        "",
        "a rollback that fails its watch",
    ),
    "a return from what was turned back goes on though that is approved": (
        decisions,
        "live and not live.turned_back and",
        "live and",
        "wrong answers during the deployment",
    ),
    "a return is given up when the live version is approved again": (
        decisions,
        "if open_.reason == RETURN and live and not",
        "if False and live and not",
        "the live one rejected, and at once approved again",
    ),
    "a newer version overtakes one that waits": (
        decisions,
        "other.version > open_.version or other.reason == COMMIT",
        "other.reason == COMMIT",
        "a newer one while one waits",
    ),
    "an older version overtakes none": (
        decisions,
        "other.version > open_.version or other",
        "other.version != open_.version or other",
        "an older one while a newer one waits that a commit mended",
    ),
    "a commit overtakes what was proved without it": (
        decisions,
        "or other.reason == COMMIT\n",
        "\n",
        "a commit while one waits",
    ),
    "a rollback overtakes what waits": (
        decisions,
        "return other.request != open_.request",
        "return False",
        "a rollback while one waits",
    ),
    "what is half in production goes on to its proof": (
        decisions,
        "if execution.past_approval and outcome != REJECTED:",
        "if False:",
        "a newer one at 6",
    ),
    "production's door asks for a look": (
        handler,
        "state = reconcile(services, approvals(event))",
        "state = services.ledger.read() if JOB in event else reconcile(services, approvals(event))",
        "rejected in the moment of its promotion",
    ),
    "an approval is rejected, not stopped": (
        decisions,
        "    if execution.approval:\n        return Answer(execution.approval, False, why)\n",
        "",
        "a newer one while one waits",
    ),
    "a stop lets the stack's update end": (services, "abandon=False", "abandon=True", "rejected at 6"),
    "a stopped execution gets its answer": (
        decisions,
        'if execution.status == "Stopping":',
        "if False:",
        "stopped by a person while it waits",
    ),
    "executions of nobody are stopped": (
        decisions,
        'if (effect := _end(one, "Deployments',
        'if False and (effect := _end(one, "Deployments',
        "started by hand",
    ),
    "a commit's execution is noticed once": (
        state,
        "        state = _known(state, execution)\n    return",
        "        pass\n    return",
        "a commit",
    ),
    "a retried execution that is behind is stopped": (
        decisions,
        " and not behind:",
        ":",
        "an older one that failed, retried",
    ),
    "a retried execution does not displace another": (
        decisions,
        "    if state.open is not None:\n        return None\n    for version",
        "    for version",
        "one that failed, retried while another is half in production",
    ),
    "a retried execution is taken up": (
        decisions,
        "if last.execution == execution.id and",
        "if False and",
        "failed, and retried by a person",
    ),
    # who lets into production
    "only what a person asked for is approved by promotion": (
        decisions,
        "    if not deployment.mandated:\n        return None\n",
        "",
        "an approval that waits",
    ),
    "a rollback needs no second approval": (state, "in (RETURN, ROLLBACK)", "in (RETURN,)", "a rollback"),
    "a return needs no second approval": (state, "in (RETURN, ROLLBACK)", "in (ROLLBACK,)", "the live one rejected"),
    # what is success
    "success is the whole execution": (
        decisions,
        'if execution.status == "Succeeded":',
        "if execution.deployed:",
        "a silent rollback",
    ),
    "success is never of a rejected version": (
        decisions,
        "    if (status := world.status(deployment.version)) != APPROVED:\n",
        "    if (status := APPROVED) != APPROVED:\n",
        "rejected at 8",
    ),
    "what failed by itself was not overtaken": (
        decisions,
        "        if name != APPROVE:\n",
        "        if name != APPROVE and not deployment.ending:\n",
        "overtaken while it fails",
    ),
    "what promotion ended did not fail": (
        decisions,
        "    if deployment.ending:\n        return deployment.ending",
        "    if False:\n        return deployment.ending",
        "failed, and one that waited before",
    ),
    "the live version is what the stack was brought to": (
        state,
        'if record["deployed"]:',
        "if outcome == SUCCEEDED:",
        "a silent rollback, then a rejection",
    ),
    # kills, lost answers, two at once
    "a record is written once": (ledger, '                IfNoneMatch="*",\n', "", "one after the other"),
    "no look is older than the ledger": (
        reconcile,
        "if services.ledger.moved(state):",
        "if False:",
        "an approval",
    ),
    "one start for one decision": (services, ", clientRequestToken=token", "", "an approval"),
    "an execution whose answer was lost is ours": (
        decisions,
        "        if _ours(world, one):",
        "        if False:",
        "an approval",
    ),
    "an execution that is listed late is not started twice": (
        decisions,
        "return Start(deployment) if not deployment.execution else None",
        "return Start(deployment)",
        "executions appear late in the list",
    ),
    "what has its execution takes no other": (
        decisions,
        "if waiting is None or waiting.execution or",
        "if waiting is None or",
        "the one that waits started by hand",
    ),
    "people are told before it is noted that they were": (
        reconcile,
        "            services.topic.tell(message.subject, message.text)\n"
        '            services.ledger.append(state, "told", {"message": message.sequence})\n',
        '            services.ledger.append(state, "told", {"message": message.sequence})\n'
        "            services.topic.tell(message.subject, message.text)\n",
        "an approval",
    ),
    "the life cycle follows": (
        decisions,
        "if version in world.versions and world.marks.get(version) != (stage, status):",
        "if False:",
        "an approval",
    ),
}


def removed(monkeypatch: pytest.MonkeyPatch, module: ModuleType, text: str, instead: str) -> None:
    """Run with the module's source changed, wherever its names were imported to."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(text) == 1, f"{text!r} is not there once"
    fresh = ModuleType(module.__name__)
    exec(compile(source.replace(text, instead), str(module.__file__), "exec"), fresh.__dict__)
    for other in EVERYWHERE:
        for name, value in list(vars(other).items()):
            if getattr(value, "__module__", "") == module.__name__ and name in vars(fresh):
                monkeypatch.setattr(other, name, getattr(fresh, name))
    for name, value in vars(fresh).items():
        if not name.startswith("__"):
            monkeypatch.setattr(module, name, value, raising=False)


def runs(name: str) -> Iterator[Play]:
    """The scenario under every arrival, and then under every fault."""
    scenario = SCENARIOS[name]
    yield from (Play(scenario, arrival) for arrival in ARRIVALS)
    play = Play(scenario)
    play.run()
    yield from (Play(scenario, "prompt", (fault, call)) for fault in FAULTS for call in range(1, play.cloud.calls + 1))


def broken(one: Play) -> bool:
    try:
        return bool(one.run())
    except Exception:  # noqa: BLE001 (a mutation may break anything)
        return True


@pytest.mark.parametrize("guard", MUTATIONS)
def test_without_its_guard_the_fault_run_fails(guard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, text, instead, scenario = MUTATIONS[guard]
    removed(monkeypatch, module, text, instead)
    assert any(broken(one) for one in runs(scenario))
