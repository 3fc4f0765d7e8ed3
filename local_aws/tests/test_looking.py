"""What comes due is done, again after a failure, and never in a hurry."""

import logging
import threading
import time
from collections.abc import Callable

import pytest
from endpoints_kit import eventually

from local_aws import looking
from local_aws.clock import Clock
from local_aws.looking import Agenda, Looking

log = logging.getLogger("local_aws.test")


def failing(times: int, did: list[str]) -> Callable[[str], None]:
    def act(key: str) -> None:
        did.append(key)
        if did.count(key) <= times and key == "bad":
            raise OSError("no space")

    return act


def test_a_look_that_fails_is_repeated_after_a_rest_of_the_machine_s_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast the clock runs: a full disk must not keep a core busy."""
    rests: list[float] = []
    looked = threading.Event()

    def look() -> float | None:
        if len(rests) < 3:
            raise OSError("no space")
        looked.set()
        return None

    found = Looking(Clock(rate=100_000), "test", look, log, "No room.")
    monkeypatch.setattr(looking, "AGAIN", 0.01)
    monkeypatch.setattr(found._ended, "wait", lambda seconds: rests.append(seconds))
    found.start()
    assert looked.wait(60)
    found.stop()
    assert rests == [0.01] * 3


def test_it_looks_once_and_again_when_it_is_woken() -> None:
    looks: list[int] = []
    found = Looking(Clock(), "test", lambda: looks.append(1), log, "No room.")
    found.start()
    eventually(lambda: len(looks) == 1)
    found.wake.set()
    eventually(lambda: len(looks) == 2)
    time.sleep(0.05)
    assert len(looks) == 2
    found.stop()
    assert not found._thread.is_alive()


def test_an_agenda_acts_when_it_is_due_and_not_before() -> None:
    clock, did = Clock(), list[str]()
    agenda = Agenda(clock, "test", did.append, log, "%s")
    agenda.put("soon", clock.now() + 1000)
    agenda.put("later", clock.now() + 5000)
    agenda.put("dropped", clock.now())
    agenda.drop("dropped")
    agenda.start()
    agenda.put("now", clock.now())
    eventually(lambda: did == ["now"])
    clock.set(offset=2000)
    eventually(lambda: did == ["now", "soon"])
    agenda.stop()
    assert did == ["now", "soon"]


def test_a_key_that_fails_is_tried_again_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(looking, "AGAIN", 0.01)
    clock, did = Clock(), list[str]()
    agenda = Agenda(clock, "test", failing(2, did), log, "The key %s is stuck.")
    agenda.put("bad", clock.now())
    agenda.put("good", clock.now())
    agenda.start()
    eventually(lambda: len(did) == 4)
    agenda.stop()
    assert did[:2] == ["bad", "good"]
    assert did[2:] == ["bad", "bad"]
    assert [record.getMessage() for record in caplog.records] == ["The key bad is stuck."] * 2


def test_a_failed_key_waits_in_the_machine_s_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(rate=1000)
    agenda = Agenda(clock, "test", failing(1, []), log, "%s")
    agenda.put("bad", clock.now())
    before = clock.now()
    due = agenda._act_on_due()
    assert due is not None
    assert due >= before + 1000 * looking.AGAIN


def test_what_was_never_started_can_be_stopped() -> None:
    Looking(Clock(), "test", lambda: None, log, "No room.").stop()
