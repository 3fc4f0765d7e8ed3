"""What answers in a stage, in words."""

from dataclasses import replace

from mlops.standing import Mode, Standing, sentences, words
from model_deploy.promotion.state import RETURN, Deployment, Live, State

ONE, TWO = (f"arn:aws:sagemaker:us-east-1:123456789012:model-package/credit/{number}" for number in (1, 2))
WHOLE = Standing(
    "prod", "credit-prod", "UPDATE_COMPLETE", TWO, (Mode("real_time", TWO, "InService"), Mode("batch", TWO))
)
SPLIT = replace(WHOLE, modes=(Mode("real_time", ONE, "InService"), Mode("serverless", TWO), Mode("batch", TWO)))
PROVED, UNPROVED = State(live=Live(2, proved=True)), State(live=Live(2, proved=False))


def test_nothing_is_said_of_what_is_as_it_should_be() -> None:
    assert list(sentences("credit", [WHOLE], PROVED)) == []
    assert list(sentences("credit", [replace(SPLIT, status="UPDATE_IN_PROGRESS")], PROVED)) == []


def test_a_split_stage_names_each_mode_and_the_next_step() -> None:
    split, following = sentences("credit", [SPLIT], UNPROVED)
    assert split == (
        "prod was brought to version 2, but answers otherwise: real_time by version 1; serverless, batch by version 2."
    )
    assert "mlops rollback credit --stage prod" in following
    assert "mlops reject credit:2" in following


def test_a_return_under_way_is_the_next_step() -> None:
    back = Deployment(9, 0.0, 1, ONE, RETURN)
    _, following = sentences("credit", [SPLIT], replace(UNPROVED, open=back))
    assert following == "Production returns to version 1 by itself: mlops deployments credit shows it."


def test_a_version_that_answers_in_some_modes_is_listed_with_them() -> None:
    modes = SPLIT.answers(TWO)
    assert words({"Stages": ["staging"], "Modes": {"staging": ["batch"], "prod": modes}}) == (
        "staging prod (serverless, batch)"
    )
    assert words({"Stages": ["prod"], "Modes": {}}) == "prod"
    assert (WHOLE.whole, SPLIT.whole, SPLIT.answers(ONE)) == (True, False, ["real_time"])
