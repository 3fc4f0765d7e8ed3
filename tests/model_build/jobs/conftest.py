"""A pipeline's jobs on real rows, one after the other, in folders as the containers have them."""

import io
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contract import documents, package
from contract.preprocessor import Preprocessor
from model_build.jobs import analyze, evaluate, preprocess_fit, train, verdict
from preprocessing.write import encode_files

QUICK = ("--num_round", "40", "--early_stopping_rounds", "5", "--eta", "0.2", "--max_depth", "3", "--seed", "1")
EVALUATE = {"bootstrap": 40, "golden": 30, "seed": 3}


@dataclass(frozen=True)
class Jobs:
    """The folders of one pipeline."""

    folder: Path
    patch: pytest.MonkeyPatch

    def preprocess(self, source: Path, columns: dict[str, Any], **settings: Any) -> None:
        documents.write(self.folder / "preprocess.json", {"columns": columns, **settings})
        environment = {"INPUT": source, "SETTINGS": self.folder / "preprocess.json", "OUTPUT": self.folder / "fit"}
        self._run(preprocess_fit.main, {**environment, "MESSAGE_FILE": self.folder / "message"})
        preprocessor = Preprocessor.from_document(documents.read(self.folder / "fit" / "preprocessor.json"))
        encode_files(source, preprocessor, self.folder / "fit" / "duplicates", self.folder, "algo-1")

    def train(self, *arguments: str, cpus: int = 1) -> Path:
        """Run the program; the model folder. One CPU: tests run beside others, and waiting threads cost time."""
        serving = self.folder / "bundle" / "serving"
        (serving / "inference").mkdir(parents=True, exist_ok=True)
        (serving / "inference" / "app.py").write_text("# the endpoint\n")
        environment = {
            "SM_CHANNEL_TRAIN": self.folder / "train",
            "SM_CHANNEL_VALIDATION": self.folder / "validation",
            "SM_CHANNEL_PREPROCESSOR": self.folder / "fit",
            "SM_MODEL_DIR": self.folder / "model",
            "SM_NUM_CPUS": cpus,
            "FAILURE_FILE": self.folder / "failure",
            "SERVING": serving,
        }
        self._run(train.main, environment, *(arguments or QUICK))
        return self.folder / "model"

    def pack(self) -> Path:
        """`model.tar.gz` of the model folder."""
        archive = self.folder / "artefact" / "model.tar.gz"
        archive.parent.mkdir(exist_ok=True)
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(self.folder / "model", ".")
        return archive

    def evaluate(self, **settings: Any) -> Path:
        """Run the program; its output folder."""
        documents.write(self.folder / "evaluate.json", {**EVALUATE, **settings})
        environment = {
            "MODEL": self.folder / "artefact",
            "TEST": self.folder / "test",
            "TEST_RAW": self.folder / "test_raw",
            "SETTINGS": self.folder / "evaluate.json",
            "OUTPUT": self.folder / "output",
            "MESSAGE_FILE": self.folder / "message",
        }
        self._run(evaluate.main, environment)
        return self.folder / "output"

    def analyze(self, baseline: Path | None = None, **settings: Any) -> dict[str, Any]:
        """Run the program, perhaps with a folder that holds an earlier analysis; `analysis.json`."""
        documents.write(self.folder / "analyze.json", settings)
        environment = {
            "MODEL": self.folder / "artefact",
            "TEST": self.folder / "test",
            "TEST_RAW": self.folder / "test_raw",
            "SETTINGS": self.folder / "analyze.json",
            "OUTPUT": self.folder / "analysis",
            "MESSAGE_FILE": self.folder / "message",
        }
        if (groups := self.folder / "fit" / package.GROUPS).is_dir():
            environment["GROUPS"] = groups
        if baseline:
            environment["BASELINE"] = baseline
        self._run(analyze.main, environment)
        return documents.read(self.folder / "analysis" / "analysis.json")

    def verdict(self, **settings: Any) -> dict[str, Any]:
        """Run the program on what evaluate left, and on analyze's folder where there is one; `gate.json`."""
        documents.write(self.folder / "verdict.json", {"gate": {}, **settings})
        environment = {
            "EVALUATION": self.folder / "output",
            "SETTINGS": self.folder / "verdict.json",
            "OUTPUT": self.folder / "verdict",
            "MESSAGE_FILE": self.folder / "message",
        }
        if (analysis := self.folder / "analysis").is_dir():
            environment["ANALYSIS"] = analysis
        self._run(verdict.main, environment)
        return documents.read(self.folder / "verdict" / "gate.json")

    def _run(self, main: Callable[[], None], environment: dict[str, Any], *arguments: str) -> None:
        with self.patch.context() as patch:
            patch.setattr(sys, "argv", ["train.py", *arguments])
            for name, value in environment.items():
                patch.setenv(name, str(value))
            main()


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    return Jobs(tmp_path / "jobs", monkeypatch)


@pytest.fixture
def telco(jobs: Jobs, data: Path) -> Jobs:
    """Telco churn: two classes, numbers and categories, 11 missing values."""
    jobs.preprocess(*telco_set(data))
    return jobs


@pytest.fixture
def abalone(jobs: Jobs, data: Path) -> Jobs:
    """Abalone: a regression."""
    jobs.preprocess(data / "abalone/abalone.csv", abalone_columns("Class_number_of_rings", "regression"))
    return jobs


@pytest.fixture
def sexes(jobs: Jobs, data: Path) -> Jobs:
    """Abalone again: three sexes from the measures."""
    jobs.preprocess(data / "abalone/abalone.csv", abalone_columns("Sex", "multiclass"))
    return jobs


def telco_set(data: Path) -> tuple[Path, dict[str, Any]]:
    path = data / "telco_churn/Telco-Customer-Churn.csv"
    numeric = ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"]
    others = ["customerID", "Churn", *numeric]
    header = path.open().readline().strip().split(",")
    return path, {
        "label": "Churn",
        "task": "binary",
        "positive": "Yes",
        "numeric": numeric,
        "categorical": [name for name in header if name not in others],
        "drop": ["customerID"],
    }


def abalone_columns(label: str, task: str) -> dict[str, Any]:
    header = [
        "Sex", "Length", "Diameter", "Height", "Whole_weight", "Shucked_weight", "Viscera_weight", "Shell_weight",
        "Class_number_of_rings",
    ]  # fmt: skip
    return {
        "label": label,
        "task": task,
        "numeric": [name for name in header if name not in ("Sex", label)],
        "categorical": [name for name in ["Sex"] if name != label],
    }


def members(archive: Path) -> dict[str, bytes]:
    """Path → content of a tar.gz."""
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar.getmembers() if entry.isfile()}
        return {name: file.read() for name, file in files.items() if file}
