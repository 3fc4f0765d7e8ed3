"""What answers in a stage, in words."""

from dataclasses import replace
from typing import Any

import pytest

from mlops import promotions
from mlops.commands.deployments import answer_of
from mlops.standing import Mode, Standing, sentences, words
from model_deploy.promotion.state import (
    APPROVAL,
    APPROVED,
    DECLINED,
    FAILED,
    REJECTED,
    RETURN,
    Deployment,
    Live,
    Seen,
    State,
)

ONE, TWO = (f"arn:aws:sagemaker:us-east-1:123456789012:model-package/credit/{number}" for number in (1, 2))
WHOLE = Standing(
    "prod", "credit-prod", "UPDATE_COMPLETE", TWO, (Mode("real_time", TWO, "InService"), Mode("batch", TWO))
)
SPLIT = replace(WHOLE, modes=(Mode("real_time", ONE, "InService"), Mode("serverless", TWO), Mode("batch", TWO)))
BACKED = State(live=Live(2, proved=False), proved=frozenset({1}), versions={1: Seen(APPROVED, 1)})
PROVED, UNPROVED = State(live=Live(2, proved=True)), State(live=Live(2, proved=False))


def test_nothing_is_said_of_what_is_as_it_should_be() -> None:
    assert list(sentences("credit", [WHOLE], PROVED)) == []
    assert list(sentences("credit", [replace(SPLIT, status="UPDATE_IN_PROGRESS")], PROVED)) == []


def test_a_split_stage_names_each_mode_and_the_next_step() -> None:
    split, following = sentences("credit", [SPLIT], BACKED)
    assert split == (
        "prod was brought to version 2, but answers otherwise: real_time by version 1; serverless, batch by version 2."
    )
    assert "mlops rollback credit --stage prod" in following
    assert "mlops reject credit:2" in following


def test_an_endpoint_that_was_taken_back_names_the_alarm() -> None:
    real_time, *others = SPLIT.modes
    back = replace(SPLIT, modes=(replace(real_time, why="The alarm credit-errors is in the state ALARM."), *others))
    split, _ = sentences("credit", [back], BACKED)
    assert split.endswith("Of real_time: The alarm credit-errors is in the state ALARM.")
    healthy = replace(WHOLE, modes=(replace(WHOLE.modes[0], why="an old reason"), *WHOLE.modes[1:]))
    assert list(sentences("credit", [healthy], PROVED)) == []


def test_without_a_version_before_nothing_advises_to_go_back() -> None:
    (following,) = sentences("credit", [WHOLE], UNPROVED)
    assert "none can come back" in following
    assert "mlops approve credit:2" in following
    assert "rollback" not in following


@pytest.mark.parametrize(
    ("outcome", "said"), [(FAILED, "failed on its way"), (DECLINED, "was not let into production"), (REJECTED, "")]
)
def test_what_failed_before_production_says_what_is_next(outcome: str, said: str) -> None:
    tried = Deployment(7, 0.0, 3, "", APPROVAL, outcome=outcome)
    state = replace(PROVED, attempts={3: tried}, versions={3: Seen(APPROVED, 5)})
    found = list(sentences("credit", [WHOLE], state))
    assert [said in one and "mlops approve credit:3" in one for one in found] == ([True] if said else [])
    under_way = replace(tried, sequence=8, version=4)
    assert list(sentences("credit", [], replace(state, open=under_way))) == []


def test_a_return_under_way_is_the_next_step() -> None:
    back = Deployment(9, 0.0, 1, ONE, RETURN)
    _, following = sentences("credit", [SPLIT], replace(UNPROVED, open=back))
    assert following == "Production returns to version 1 by itself: mlops deployments credit shows it."


def test_an_older_version_waits_for_a_newer_one() -> None:
    newer = replace(PROVED, open=Deployment(7, 0.0, 4, "", APPROVAL))
    assert promotions.standing(newer, 3) == (
        "Version 4, newer, is under way: version 3 is deployed only if that fails or is declined."
    )
    assert "which is live" in promotions.standing(newer, 1)


@pytest.mark.parametrize(
    ("status", "more", "said"),
    [
        ("Succeeded", {}, "TestProd: Succeeded, let in by user/ann"),
        ("Failed", {"Summary": "Superseded: by 3"}, "not let into production by user/ann: Superseded: by 3"),
        ("Failed", {"ErrorDetails": {"message": "no"}}, "not let into production by user/ann: no"),
    ],
    ids=["let in", "turned away", "turned away, told as an error"],
)
def test_who_answered_an_approval(status: str, more: dict[str, Any], said: str) -> None:
    approval = {"Status": status, "UpdatedBy": "arn:aws:iam::123456789012:user/ann", **more}
    assert answer_of(approval, "TestProd: Succeeded") == said


def test_a_version_that_answers_in_some_modes_is_listed_with_them() -> None:
    modes = SPLIT.answers(TWO)
    assert words({"Stages": ["staging"], "Modes": {"staging": ["batch"], "prod": modes}}) == (
        "staging prod (serverless, batch)"
    )
    assert words({"Stages": ["prod"], "Modes": {}}) == "prod"
    assert (WHOLE.whole, SPLIT.whole, SPLIT.answers(ONE)) == (True, False, ["real_time"])
