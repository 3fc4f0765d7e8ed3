"""What a person is told of a version that is live and was not proved there."""

import pytest

from model_deploy.promotion.state import APPROVED, FAILED, LIVE_ALONE, LIVE_UNPROVED, Seen, State, fold


@pytest.mark.parametrize(
    ("one", "said"),
    [(APPROVED, LIVE_UNPROVED), ("Rejected", LIVE_ALONE)],
    ids=["one before it was proved", "the one before is rejected"],
)
def test_the_advice_goes_back_only_where_there_is_something(one: str, said: str) -> None:
    state = State(sequence=4, versions={1: Seen(one, 1), 2: Seen(APPROVED, 4)}, proved=frozenset({1}))
    opened = {"version": 2, "arn": "credit/2", "reason": "approval", "request": 0, "why": "Version 2 was approved"}
    state = fold(state, {"sequence": 5, "kind": "opened", "at": 0.0, **opened})
    ended = {"outcome": FAILED, "deployed": True, "finished": 0.0, "why": "TestProd failed"}
    state = fold(state, {"sequence": 6, "kind": "ended", "at": 1.0, **ended})
    (message,) = state.untold
    assert message.text == f"TestProd failed. {said}"
    assert state.before(2) == ([1] if one == APPROVED else [])
