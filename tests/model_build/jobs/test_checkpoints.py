"""Trainings that are killed: the real program, killed for real, ends with the model of one that was not."""

import hashlib
import multiprocessing
import random
import runpy
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost as xgb

from model_build.jobs import hyperparameters, train
from model_build.jobs.boosting import Stopping, Training, boost
from model_build.jobs.checkpoints import Checkpoint, Checkpoints, identity
from model_build.jobs.encoded import Encoded
from model_build.jobs.hosts import ALONE
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
    """Also of one whose identity begins alike, so that the names are the same."""
    state = {"best_round": 3}
    own, other, alike = "a" * 64, "b" * 64, "a" * 16 + "b" * 48
    Checkpoints(tmp_path, own).write(Checkpoint(4, b"model", state))
    assert Checkpoints(tmp_path, other).newest() is None
    assert Checkpoints(tmp_path, alike).newest() is None
    Checkpoints(tmp_path, alike).write(Checkpoint(9, b"foreign", {}))
    assert Checkpoints(tmp_path, own).newest() == Checkpoint(4, b"model", state)


JUNK = {
    "nothing": b"",
    "array": b"[]",
    "number": b"1\nmodel",
    "null": b"null\nmodel",
    "object": b"{}\nmodel",
    "no_checksum": b'{"identity": "%s", "rounds": 9, "stopping": {}}\nmodel' % (b"a" * 64),
    "binary": bytes(range(256)),
    "checksum_of_nothing": hashlib.sha256(b"").hexdigest().encode(),
}


@pytest.mark.parametrize("kind", [*JUNK, "folder", "dangling_link"])
def test_what_is_no_checkpoint_is_passed_over(tmp_path: Path, kind: str) -> None:
    """Under a checkpoint's name and beyond all rounds, it costs neither the restart nor the checkpoints that follow."""
    kept = Checkpoints(tmp_path, "a" * 64)
    junk = [tmp_path / f"checkpoint-{'a' * 16}-{rounds:06d}" for rounds in (2, 9, 10)]
    for path in junk:
        if kind == "folder":
            (path / "within").mkdir(parents=True)
        elif kind == "dangling_link":
            path.symlink_to(tmp_path / "nowhere")
        else:
            path.write_bytes(JUNK[kind])
    assert kept.newest() is None
    for rounds in (4, 6, 8):
        kept.write(Checkpoint(rounds, b"model", {}))
        assert kept.newest() == Checkpoint(rounds, b"model", {})
    kept.write(Checkpoint(10, b"ten", {}))
    assert kept.newest() == (Checkpoint(8, b"model", {}) if kind == "folder" else Checkpoint(10, b"ten", {}))


def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, "a" * 64)
    kept.write(Checkpoint(4, b"model", {"best_round": 3}))
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert kept.newest() is None, place


def test_the_newest_stays_however_many_rounds_there_are(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, "a" * 64)
    for rounds in (999_998, 999_999, 1_000_000, 1_000_001):
        kept.write(Checkpoint(rounds, b"model", {}))
        assert kept.newest() == Checkpoint(rounds, b"model", {})
    assert len(list(tmp_path.iterdir())) == 2


def test_the_identity_is_that_of_hyperparameters_and_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of threads does not change the model, and does not count."""

    def identity_of(*arguments: str, value: float = 0.0) -> str:
        pq.write_table(
            pa.table({name: pa.array([value], pa.float32()) for name in ("label", "x")}), tmp_path / "p.parquet"
        )
        split = Encoded(tmp_path, ("x",), "train")
        chosen = hyperparameters.parse(arguments, "binary", 2)
        kept = train.checkpoints_of(chosen, split, split, ALONE)
        assert (kept.folder, kept.identity) == (tmp_path / "kept", identity(chosen, split, split))
        return kept.identity

    monkeypatch.setenv("CHECKPOINTS", str(tmp_path / "kept"))
    first = identity_of()
    monkeypatch.setenv("SM_NUM_CPUS", "77")
    assert identity_of() == first
    others = [("--eta", "0.2"), ("--num_round", "7"), ("--seed", "1"), ("--eval_metric", "auc")]
    found = {first, identity_of(value=1.0), *(identity_of(*pair) for pair in others)}
    assert len(found) == 2 + len(others)


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
