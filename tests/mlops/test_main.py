"""How the command line ends when a person breaks it off, and the clock of the local server."""

from pathlib import Path
from typing import Any

import pytest

from mlops import app
from mlops.main import run_app
from tests.here import Here


def test_breaking_off_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "run_command", interrupted)
    assert run_app() == 130
    assert capsys.readouterr().err == "mlops: interrupted.\n"


def test_the_clock_is_made_faster_and_moved(machine: Path) -> None:
    mlops = Here(machine.parent)
    before = mlops.json("local", "clock")
    assert before["Rate"] == 1
    after = mlops.json("local", "clock", "--rate", "60", "--forward", "3600")
    assert after["Rate"] == 60
    assert after["Time"] >= before["Time"] + 3600
    assert "60 times as fast" in mlops("local", "clock").stdout
    assert mlops.json("local", "clock", "--rate", "1")["Rate"] == 1
    assert mlops("local", "clock", "--rate", "0").returncode == 2
