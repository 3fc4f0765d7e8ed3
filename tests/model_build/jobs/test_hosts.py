"""Training over several hosts: processes that find each other, and a model as good as that of one."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from contract import documents, package
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from inference.model import load
from model_build.jobs import shards
from model_build.jobs.encoded import Encoded
from model_build.jobs.hosts import Hosts
from random_cut_forest import RandomCutForest
from tests.model_build.jobs.conftest import Jobs

#: The first must be a name that this machine knows; the others are never looked up.
NAMES = ("localhost", "localhost-2")


def hosts(count: int, job: str, patience: float = 60) -> list[Hosts]:
    names = ("localhost", *(f"localhost-{number}" for number in range(2, count + 1)))
    return [Hosts(names, name, job, patience) for name in names]


def test_every_host_gets_what_the_first_makes_of_all() -> None:
    """The others come before the first is there."""
    everybody = hosts(3, f"test-{os.getpid()}")
    found: dict[int, bytes] = {}

    def take_part(host: Hosts) -> None:
        found[host.rank] = host.exchange(bytes([host.rank]) * 100_000, lambda all_: b"".join(part[:1] for part in all_))

    threads = [threading.Thread(target=take_part, args=(host,)) for host in reversed(everybody)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == dict.fromkeys(range(3), b"\0\1\2")


def test_a_host_that_nobody_knows_is_a_sentence() -> None:
    lost = Hosts(("no-such-host.invalid", "other"), "other", "job", patience=0)
    with pytest.raises(InputError, match=r"The host no-such-host\.invalid cannot be found from other"):
        lost.exchange(b"", lambda _: b"")


def test_hosts_as_the_toolkit_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SM_HOSTS", json.dumps([f"algo-{number}" for number in (10, 2, 1)]))
    monkeypatch.setenv("SM_CURRENT_HOST", "algo-10")
    found = Hosts.from_environment()
    assert (found.names, found.rank, found.first) == (("algo-1", "algo-2", "algo-10"), 2, False)


def test_shards_hold_all_rows_once(telco: Jobs) -> None:
    folder = telco.folder / "train"
    whole = pq.read_table(folder).to_pandas()
    shards.spread(folder, 3)
    files = sorted(folder.iterdir())
    assert [path.name[-12:] for path in files] == ["-000.parquet", "-001.parquet", "-002.parquet"]
    parts = [pq.read_table(path).to_pandas() for path in files]
    for number, part in enumerate(parts):
        np.testing.assert_array_equal(part, whole[number::3], "neighbours must not stay together")


ROUNDS = ["--num_round", "40", "--eta", "0.2", "--max_depth", "4", "--early_stopping_rounds", "8", "--subsample", "0.8"]


@pytest.fixture
def shuttle(jobs: Jobs, data: Path) -> Jobs:
    """Every fourth row of shuttle: nine numbers, and what is unusual."""
    archive = np.load(data / "adbench/32_shuttle.npz")
    names = [f"x{number}" for number in range(archive["X"].shape[1])]
    table = pa.table({**dict(zip(names, archive["X"][::4].T, strict=True)), "y": archive["y"][::4].astype(int)})
    pyarrow.csv.write_csv(table, jobs.folder.with_suffix(".csv"))
    columns = {"label": "y", "task": "binary", "positive": "1", "numeric": names}
    jobs.preprocess(jobs.folder.with_suffix(".csv"), columns, scale="standard")
    return jobs


def run(jobs: Jobs, program: str, arguments: list[str], names: tuple[str, ...], checkpoints: bool = False) -> Path:
    """Train on as many hosts as there are names, each in a process; the folder of the first."""
    root = jobs.folder / f"{program}-{len(names)}"
    running = []
    for rank, name in enumerate(names):
        folder = root / name
        train = folder / "train"
        shutil.copytree(jobs.folder / "train", train)
        if len(names) > 1:
            shards.spread(train, len(names))
            for number, path in enumerate(sorted(train.iterdir())):
                if number % len(names) != rank:
                    path.unlink()
        (folder / "serving" / "inference").mkdir(parents=True)
        environment = {
            **os.environ,
            "SM_CHANNEL_TRAIN": str(train),
            "SM_CHANNEL_VALIDATION": str(jobs.folder / "validation"),
            "SM_CHANNEL_PREPROCESSOR": str(jobs.folder / "fit"),
            "SM_MODEL_DIR": str(folder / "model"),
            "SM_NUM_CPUS": "1",
            "OMP_NUM_THREADS": "1",
            "SM_HOSTS": json.dumps(names),
            "SM_CURRENT_HOST": name,
            "TRAINING_JOB_NAME": str(root),
            "FAILURE_FILE": str(folder / "failure"),
            "SERVING": str(folder / "serving"),
            **({"CHECKPOINTS": str(folder / "checkpoints")} if checkpoints else {}),
        }
        command = [sys.executable, "-m", f"model_build.jobs.{program}", *arguments]
        running.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
    for process, name in zip(running, names, strict=True):
        said = process.communicate(timeout=240)[0]
        assert process.returncode == 0, said
        (root / name / "log").write_text(said)
    return root / names[0]


def auc(jobs: Jobs, folder: Path) -> float:
    preprocessor = Preprocessor.from_document(documents.read(jobs.folder / "fit" / "preprocessor.json"))
    test = Encoded(jobs.folder / "test", preprocessor.feature_names, "test")
    return float(roc_auc_score(test.labels(), test.predict(load(folder / "model").predict)))


def test_xgboost_on_two_hosts_is_as_good_as_on_one(telco: Jobs) -> None:
    alone, together = (run(telco, "train", ROUNDS, names) for names in (NAMES[:1], NAMES))
    assert abs(auc(telco, together) - auc(telco, alone)) < 0.005
    assert_first_alone_speaks(together)


@pytest.mark.long
def test_a_forest_of_two_hosts_is_as_good_as_that_of_one(shuttle: Jobs) -> None:
    alone, together = (run(shuttle, "train_forest", ["--num_trees", "101"], names) for names in (NAMES[:1], NAMES))
    assert auc(shuttle, alone) > 0.95
    assert abs(auc(shuttle, together) - auc(shuttle, alone)) < 0.005
    assert len(RandomCutForest.load(together / "model" / package.FOREST).trees.roots) == 101
    assert_first_alone_speaks(together)


def assert_first_alone_speaks(first: Path) -> None:
    other = first.parent / NAMES[1]
    assert not (other / "model").exists(), "the first host alone leaves a model"
    assert "validation-auc" in (first / "log").read_text()
    assert "validation-auc" not in (other / "log").read_text()


@pytest.mark.long
def test_the_first_host_keeps_checkpoints_for_all(telco: Jobs) -> None:
    """Torn away after a checkpoint, both go on at the first one's and end with the same model."""
    whole = run(telco, "train", ROUNDS, NAMES, checkpoints=True)
    kept = sorted((whole / "checkpoints").iterdir())
    assert kept
    assert not (whole.parent / NAMES[1] / "checkpoints").exists()
    model, older = (whole / "model" / package.MODEL).read_bytes(), kept[0].read_bytes()
    shutil.rmtree(whole.parent)
    for name in NAMES:
        (whole.parent / name / "checkpoints").mkdir(parents=True)
        (whole.parent / name / "checkpoints" / kept[0].name).write_bytes(older)
    again = run(telco, "train", ROUNDS, NAMES, checkpoints=True)
    assert "Resumed after" in (again / "log").read_text()
    assert (again / "model" / package.MODEL).read_bytes() == model
