"""The rules of stages, over thousands of short histories that nobody has thought of."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.delivery.pipelines.moves import may_return_to
from local_aws.delivery.pipelines.planning import Move, next_move

STAGES = ("A", "B", "C")

DECLARED = {
    "name": "p",
    "stages": [
        {"name": "A", "actions": [{"name": "one", "runOrder": 1}]},
        {
            "name": "B",
            "actions": [{"name": "two", "runOrder": 2}, {"name": "x", "runOrder": 1}, {"name": "y", "runOrder": 1}],
        },
        {"name": "C", "actions": [{"name": "last"}]},
    ],
}


class Board:
    """A pipeline in memory: what the engine does with moves, without its documents' other members."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.executions: list[dict[str, Any]] = []
        self.entered: dict[str, list[int]] = {name: [] for name in STAGES}
        self.closed: set[str] = set()
        self.clock = 0

    def start(self) -> None:
        self.clock += 1
        self.executions.append(
            {
                "Number": self.clock,
                "Arrived": self.clock,
                "status": "InProgress",
                "executionMode": self.mode,
                "Stage": "A",
                "Inside": False,
                "Stages": {},
                "Actions": {},
            }
        )

    @property
    def living(self) -> list[dict[str, Any]]:
        return [one for one in self.executions if one["status"] in ("InProgress", "Stopping")]

    def running(self) -> list[tuple[dict[str, Any], str]]:
        return [
            (one, key) for one in self.living for key, held in one["Actions"].items() if held["status"] == "InProgress"
        ]

    def settle(self) -> None:
        while move := next_move(self.living, lambda _: DECLARED, self.closed):
            self.make(move)
            inside = [one["Stage"] for one in self.living if one["Inside"]]
            assert len(inside) == len(set(inside)), "two executions in one stage"

    def make(self, move: Move) -> None:
        execution, stage = move.execution, move.execution["Stage"]
        if move.what == "enter":
            assert stage not in self.closed
            assert execution["status"] == "InProgress"
            execution["Inside"] = True
            execution["Stages"][stage] = {"Current": {}}
            self.entered[stage].append(execution["Number"])
        elif move.what == "start":
            assert execution["status"] == "InProgress", "a stopping execution starts nothing"
            orders = {one["name"]: one.get("runOrder", 1) for one in _stage(stage)["actions"]}
            for name in move.actions:
                earlier = [one for one, order in orders.items() if order < orders[name]]
                current = execution["Stages"][stage]["Current"]
                assert all(execution["Actions"][current[one]]["status"] == "Succeeded" for one in earlier)
                assert name not in current
                current[name] = f"{stage}/{name}"
                execution["Actions"][f"{stage}/{name}"] = {"status": "InProgress"}
        elif move.what == "end":
            assert not any(held["status"] == "InProgress" for held in execution["Actions"].values())
            execution["Inside"] = False
            position = STAGES.index(stage) + 1
            if move.status == "Succeeded" and execution["status"] == "InProgress" and position < len(STAGES):
                self.clock += 1
                execution |= {"Stage": STAGES[position], "Arrived": self.clock}
            else:
                execution["status"] = "Stopped" if execution["status"] == "Stopping" else move.status
        elif move.what == "stop":
            execution["status"] = "Stopped"
        else:
            assert self.mode == "SUPERSEDED"
            assert any(one["Number"] > execution["Number"] for one in self.living)
            execution["status"] = "Superseded"


def _stage(name: str) -> dict[str, Any]:
    return next(one for one in DECLARED["stages"] if one["name"] == name)  # type: ignore[attr-defined,no-any-return]


_steps = st.lists(
    st.tuples(
        st.sampled_from(["start", "start", "succeed", "succeed", "succeed", "fail", "stop", "close", "open"]),
        st.integers(0, 20),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["QUEUED", "SUPERSEDED"]), _steps)
def test_any_history_keeps_the_rules_and_comes_to_an_end(mode: str, steps: list[tuple[str, int]]) -> None:
    board = Board(mode)
    for what, number in steps:
        if what == "start":
            board.start()
        elif what == "close":
            board.closed.add(STAGES[number % 3])
        elif what == "open":
            board.closed.discard(STAGES[number % 3])
        elif what == "stop" and board.living:
            board.living[number % len(board.living)]["status"] = "Stopping"
        elif what in ("succeed", "fail") and (running := board.running()):
            execution, key = running[number % len(running)]
            execution["Actions"][key]["status"] = "Succeeded" if what == "succeed" else "Failed"
        board.settle()
    board.closed.clear()
    board.settle()
    while running := board.running():
        running[0][0]["Actions"][running[0][1]]["status"] = "Succeeded"
        board.settle()
    assert not board.living, "everything that nothing holds ends"
    for order in board.entered.values():
        assert order == sorted(order), "an older execution entered a stage behind a newer one"
        assert len(order) == len(set(order))


def test_a_stage_returns_to_what_succeeded_in_it_under_the_same_structure() -> None:
    good = {"Stages": {"B": {"status": "Succeeded"}}, "executionType": "STANDARD", "pipelineVersion": 3}
    assert may_return_to(good, "B", 3)
    assert not may_return_to(good, "B", 4), "the pipeline has changed since"
    assert not may_return_to(good, "C", 3), "it was never there"
    assert not may_return_to(good | {"executionType": "ROLLBACK"}, "B", 3)
    assert not may_return_to(good | {"Stages": {"B": {"status": "Failed"}}}, "B", 3)
