"""Trainings that are killed: the real program, killed for real, ends with the model of one that was not."""

import multiprocessing
import random
import runpy
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import xgboost as xgb

from model_build.jobs.boosting import Stopping, Training, boost
from model_build.jobs.checkpoints import Checkpoint, Checkpoints
from tests.model_build.jobs.conftest import Jobs

ROUNDS = 80
ARGUMENTS = (
    *("--num_round", str(ROUNDS), "--early_stopping_rounds", "12", "--eta", "0.1", "--max_depth", "3"),
    *("--subsample", "0.8", "--colsample_bytree", "0.8", "--seed", "5"),
)
INTERVAL = ROUNDS // 20
PROGRAM = Path(__file__).with_name("killed.py")

#: Like the local hosts of jobs: the libraries are loaded once, and each training is a fork of that.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["xgboost", "pyarrow.parquet", "model_build.jobs.train"])


#: Where a training is killed within the writing of a checkpoint: names of `killed.CALLS`.
CALLS = (
    "half of it is written",
    "before it is durable",
    "before it has its name",
    "when it has its name",
    "before the old one is gone",
)


@dataclass(frozen=True)
class Moment:
    """After so many rounds: at once, or at a `call` within the writing of the checkpoint."""

    rounds: int
    call: str = ""


@dataclass
class Trainings:
    jobs: Jobs

    def run(self, folder: Path, moment: Moment | None = None, checkpoints: bool = True) -> list[int]:
        """The rounds that a training in `folder` has printed; it was killed when there was a moment to."""
        folder.mkdir(parents=True, exist_ok=True)
        environment = {
            "SM_CHANNEL_TRAIN": str(self.jobs.folder / "train"),
            "SM_CHANNEL_VALIDATION": str(self.jobs.folder / "validation"),
            "SM_CHANNEL_PREPROCESSOR": str(self.jobs.folder / "fit"),
            "SM_MODEL_DIR": str(folder / "model"),
            "SM_NUM_CPUS": "1",
            "SERVING": str(self.jobs.folder / "fit"),
            "FAILURE_FILE": str(folder / "failure"),
            **({"CHECKPOINTS": str(folder / "checkpoints")} if checkpoints else {}),
        }
        task = {
            "environment": environment,
            "arguments": ARGUMENTS,
            "log": str(folder / "log"),
            "moment": (moment.rounds, moment.call) if moment else None,
        }
        process = PROCESSES.Process(target=runpy.run_path, args=(str(PROGRAM), {"TASK": task}))
        process.start()
        process.join(120)
        assert process.exitcode == (-signal.SIGKILL if moment else 0), (folder / "log").read_text()
        lines = [line for line in (folder / "log").read_text().splitlines() if line.startswith("[")]
        return [int(line[1:].split("]")[0]) for line in (lines if moment else lines[:-1])]


@pytest.fixture
def trainings(telco: Jobs) -> Trainings:
    for path in (telco.folder / "train").iterdir():
        pq.write_table(pq.read_table(path).slice(0, 1500), path)
    return Trainings(telco)


def moments(rounds: int) -> list[Moment]:
    """Fifteen moments between rounds, the last one behind the best round, and five within a checkpoint; seeded."""
    chance = random.Random(20)
    between = [Moment(number) for number in (*sorted(chance.sample(range(1, rounds - 1), 14)), rounds - 1)]
    boundaries = sorted(chance.sample(range(INTERVAL, rounds, INTERVAL), 5))  # the last call needs some before it
    return [*between, *(Moment(number, call) for number, call in zip(boundaries, CALLS, strict=True))]


def test_twenty_kills_and_twenty_times_the_same_model(trainings: Trainings, tmp_path: Path) -> None:
    whole = trainings.run(tmp_path / "whole", checkpoints=False)
    model = (tmp_path / "whole" / "model" / "xgboost-model").read_bytes()
    assert 30 < len(whole) < ROUNDS, "early stopping must have a say"
    assert not (tmp_path / "whole" / "checkpoints").exists()
    for number, moment in enumerate(moments(len(whole))):
        folder = tmp_path / str(number)
        trainings.run(folder, moment)
        resumed = trainings.run(folder)
        assert (folder / "model" / "xgboost-model").read_bytes() == model, moment
        assert moment.rounds - resumed[0] <= INTERVAL, moment
        assert resumed == whole[resumed[0] :], moment


def test_every_round_draws_rows_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Without learning all rounds see the same gradients, so that trees differ by their rows alone."""
    chance = np.random.default_rng(0)
    features = chance.normal(size=(400, 4)).astype(np.float32)
    data = xgb.QuantileDMatrix(features, (features.sum(axis=1) > 0).astype(np.float32))
    parameters = [("objective", "binary:logistic"), ("subsample", "0.5"), ("eta", "0"), ("eval_metric", "auc")]
    plan = Training(parameters, data, data, seed=1, rounds=20)
    assert plan.interval == 1
    booster, _ = boost(plan, Stopping("auc", None), Checkpoints(None, ""))
    assert len(set(booster.get_dump(with_stats=True))) == 20
    assert capsys.readouterr().out.count("validation-auc:") == 20


def test_a_checkpoint_of_another_training_is_passed_over(tmp_path: Path) -> None:
    state = {"best_round": 3}
    Checkpoints(tmp_path, "a" * 64).write(Checkpoint(4, b"model", state))
    (tmp_path / f"checkpoint-{'b' * 16}-000009").write_bytes(b'{"identity": "other", "sha256": ""}\nmodel')
    (tmp_path / f"checkpoint-{'b' * 16}-000010").write_bytes(b"{")
    assert Checkpoints(tmp_path, "b" * 64).newest() is None
    assert Checkpoints(tmp_path, "a" * 64).newest() == Checkpoint(4, b"model", state)


def test_a_torn_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, "a" * 64)
    for rounds in (4, 8, 12):
        kept.write(Checkpoint(rounds, bytes(range(200)), {}))
    paths = sorted(tmp_path.iterdir())
    assert [path.name[-3:] for path in paths] == ["008", "012"]
    paths[-1].write_bytes(paths[-1].read_bytes()[:-1])
    newest = kept.newest()
    assert newest is not None
    assert newest.rounds == 8
