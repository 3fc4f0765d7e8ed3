"""Which version a rollback goes to, and what it refuses; and that the ledger reads back what it wrote."""

import pytest

from contract.errors import InputError
from model_deploy.promotion import rollback
from model_deploy.promotion.state import dump, load
from tests.model_deploy.promotion.play import Play, Scenario
from tests.model_deploy.promotion.scenarios import SCENARIOS, THREE, TWO
from tests.model_deploy.promotion.steps import approve, reject, settle


def after(*steps: object) -> Play:
    play = Play(Scenario((), 0))
    for step in steps:
        step(play)  # type: ignore[operator]
        play.deliver()
    return play


def test_without_a_version_production_goes_to_the_one_before() -> None:
    play = after(*THREE)
    state = rollback.rollback(play.services, "prod", None, "ann", "")
    assert state.rollback is not None
    assert (state.rollback.version, state.hold, state.open and state.open.execution) == (2, 2, play.cloud.runs[-1].id)


def test_a_rejected_version_is_passed_over() -> None:
    play = after(*THREE, reject(2), settle)
    assert rollback.rollback(play.services, "prod", None, "ann", "").hold == 1


def test_without_a_version_staging_goes_to_the_live_one() -> None:
    assert rollback.rollback(after(*TWO, approve(3), settle).services, "staging", None, "ann", "").hold == 2


@pytest.mark.parametrize(
    ("steps", "to", "said"),
    [
        ((), None, "nothing to roll back to"),
        ((approve(1), settle), None, "nothing to roll back to"),
        (TWO, 9, "There is no version 9"),
        (TWO, 2, "Version 2 is live in production already"),
        ((*TWO, reject(1)), 1, "Version 1 is Rejected: approve it first"),
    ],
)
def test_what_cannot_be_is_refused(steps: tuple[object, ...], to: int | None, said: str) -> None:
    play = after(*steps)
    before = play.services.ledger.read()
    with pytest.raises(InputError, match=said):
        rollback.rollback(play.services, "prod", to, "ann", "")
    assert play.services.ledger.read() == before


@pytest.mark.parametrize("name", ["a rollback", "rejected at 6", "a commit under a hold", "a silent rollback"])
def test_the_head_and_the_records_say_the_same(name: str) -> None:
    play = Play(SCENARIOS[name])
    play.run()
    state = play.services.ledger.read()
    assert load(dump(state)) == state
    del play.cloud.objects["ledger/credit/head.json"]
    assert play.services.ledger.read() == state


def test_an_auditor_finds_who_and_why() -> None:
    play = after(*TWO)
    play.rollback("prod", 1)
    play.settle()
    records = list(play.services.ledger.records())
    assert [one["sequence"] for one in records] == list(range(1, len(records) + 1))
    approved = next(one for one in records if one["kind"] == "status")["versions"]["1"]
    assert approved["by"].endswith("user/ann")
    asked = next(one for one in records if one["kind"] == "rollback")
    assert (asked["who"], asked["note"], asked["version"]) == ("ann", "it misbehaves", 1)
    last = [one for one in records if one["kind"] == "ended"][-1]
    assert last["promoted"]["summary"] == "Rollback to version 1, asked for by ann: it misbehaves"
