"""Each example from its definition: the four programs out of their bundles, one after the other, in bare folders.

Not an emulator: outputs are handed on by name, and conditions are not looked at. `python -S` keeps the installed
project out, so what a bundle lacks is missing.
"""

import json
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path
from typing import Any

import pytest

from model_build import building, catalogue
from model_build.built import Built
from model_build.target import resolve
from tests.model_build.conftest import CREDIT

ROOT = "/opt/ml/processing"

#: What a first version is not compared with: the parameters' defaults say so.
ABSENT = ({"Get": "Parameters.ChampionModelUrl"}, {"Get": "Parameters.BaselineAnalysisUrl"})

START = "import sys, runpy; sys.path[:0] = {paths!r}; runpy.run_module(sys.argv.pop(1), run_name='__main__')"


class Run:
    """The jobs of a definition in one folder."""

    def __init__(self, built: Built, data: Path, folder: Path) -> None:
        self.built, self.data, self.folder = built, data, folder
        document = json.loads(built.text)
        self.steps = {step["Name"]: step["Arguments"] for step in document["Steps"]}
        self.defaults = {one["Name"]: one.get("DefaultValue") for one in document["Parameters"]}

    def processing(self, name: str) -> Path:
        """Run a Processing step; the folder of its job."""
        arguments, root = self.steps[name], self.folder / name
        for source in arguments["ProcessingInputs"]:
            self.fetch(source["S3Input"]["S3Uri"], root / Path(source["S3Input"]["LocalPath"]).relative_to(ROOT))
        for output in arguments["ProcessingOutputConfig"]["Outputs"]:
            (root / Path(output["S3Output"]["LocalPath"]).relative_to(ROOT)).mkdir(parents=True, exist_ok=True)
        (root / "resourceconfig.json").write_text(json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]}))
        environment = {
            key: value.replace(ROOT, str(root)) if isinstance(value, str) else "fingerprint"
            for key, value in arguments["Environment"].items()
        }
        environment |= {"RESOURCE_CONFIG": str(root / "resourceconfig.json"), "MESSAGE_FILE": str(root / "message")}
        program = arguments["AppSpecification"]["ContainerEntrypoint"][-1]
        self.python([program], environment, Path(environment["PYTHONPATH"]))
        return root

    def training(self) -> Path:
        """Run Train; the folder of its job, with model.tar.gz."""
        arguments, root = self.steps["Train"], self.folder / "Train"
        environment = {"SM_MODEL_DIR": str(root / "model"), "FAILURE_FILE": str(root / "failure"), "SM_NUM_CPUS": "1"}
        for channel in arguments["InputDataConfig"]:
            folder = root / channel["ChannelName"]
            self.fetch(channel["DataSource"]["S3DataSource"]["S3Uri"], folder)
            environment[f"SM_CHANNEL_{channel['ChannelName'].upper()}"] = str(folder)
        with tarfile.open(root / "code/sourcedir.tar.gz") as tar:
            tar.extractall(root / "source", filter="data")
        (root / "model").mkdir()
        given = {key: value for key, value in arguments["HyperParameters"].items() if not key.startswith("sagemaker_")}
        pairs = [text for key, value in given.items() for text in (f"--{key}", value)]
        self.python(["train", *pairs], environment, root / "source")
        with tarfile.open(root / "model.tar.gz", "w:gz") as tar:
            tar.add(root / "model", arcname=".")
        return root

    def fetch(self, address: Any, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if address in ABSENT:
            address = self.defaults[address["Get"].removeprefix("Parameters.")]
        if isinstance(address, str):
            for path, content in self.built.assets.folders[address.split("/", 3)[3]].items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            return
        below, *rest = address["Std:Join"]["Values"] if "Std:Join" in address else [address]
        source = self.source(below["Get"]).joinpath(*rest)
        for file in source.rglob("*") if source.is_dir() else [source]:
            if file.is_file():
                target = folder / (file.relative_to(source) if source.is_dir() else file.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(file)

    def source(self, reference: str) -> Path:
        """What a reference of the definition means here."""
        if reference == "Parameters.InputDataUrl":
            return self.data
        _, step, path = reference.split(".", 2)
        if step == "Train":
            return self.folder / "Train/model.tar.gz"
        output = path.split("'")[1]
        (local,) = [
            one["S3Output"]["LocalPath"]
            for one in self.steps[step]["ProcessingOutputConfig"]["Outputs"]
            if one["OutputName"] == output
        ]
        return self.folder / step / Path(local).relative_to(ROOT)

    def python(self, arguments: list[str], environment: dict[str, str], code: Path) -> None:
        start = START.format(paths=[str(code), sysconfig.get_path("purelib")])
        command = [sys.executable, "-S", "-E", "-c", start, *arguments]
        done = subprocess.run(command, env=environment, cwd=code, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.mark.parametrize(
    ("name", "least"),
    [
        pytest.param("credit", 0.74, marks=pytest.mark.long),  # other tests run it as a pipeline
        pytest.param("credit-features", 0.74, marks=pytest.mark.long),
        ("credit-own-model", 0.72),
    ],
)
def test_example(name: str, least: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_PIPELINES", str(CREDIT.parent))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    catalogue.load(CREDIT / "sample.py").write(tmp_path / "credit.csv", rows=6000, seed=3)
    run = Run(building.build(name, resolve()), tmp_path / "credit.csv", tmp_path / "jobs")
    run.processing("PreprocessFit")
    run.processing("PreprocessEncode")
    model = run.training() / "model"
    served = {path.relative_to(model).as_posix() for path in model.rglob("*")}
    for step in ("Evaluate", "Analyze"):
        if step in run.steps:
            run.processing(step)
    verdict = json.loads((run.processing("Verdict") / "output/gate.json").read_text())
    assert verdict["passed"], verdict
    assert least < verdict["metrics"]["auc"] < 0.86
    assert {"code/inference/app.py", "code/preprocessor.json", "code/decision.json"} <= served
    assert ("code/features.py" in served) == (name == "credit-features")
    assert ("code/predictor.py" in served) == (name == "credit-own-model")
    assert ("xgboost-model" in served) == (name != "credit-own-model")
    golden = (tmp_path / "jobs/Evaluate/output/golden.jsonl").read_text().splitlines()
    assert len(golden) == 100
