"""Programs of a pipeline's own that fail: one sentence with file and line."""

import sys
from pathlib import Path

import pytest

from contract.errors import InputError
from model_build import building, commands, data
from tests.model_build.conftest import TARGET

FAILING = {
    "import no_such_module\n": r"pipeline\.py, line 1: ModuleNotFoundError: No module named 'no_such_module'\.$",
    "def get_pipeline(:\n": r"pipeline\.py, line 1: SyntaxError: ",
    "\ndef get_pipeline(**_):\n    return 1 / 0\n": r"pipeline\.py, line 3: ZeroDivisionError: division by zero\.$",
    "def get_pipeline(name):\n    return name\n": r"pipeline\.py: TypeError: ",
    "def get_pipeline(**_):\n    return None\n": r"pipeline\.py: AttributeError: ",
}


@pytest.fixture
def pipelines(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLOPS_PIPELINES", str(small.parent))
    return small


@pytest.mark.parametrize("program", FAILING)
def test_a_pipeline_of_ones_own(pipelines: Path, program: str) -> None:
    (pipelines / "pipeline.py").write_text(program)
    with pytest.raises(InputError, match=FAILING[program]):
        building.build("small", TARGET)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import no_such_module\n", r"sample\.py, line 1: ModuleNotFoundError"),
        ("def write(path):\n    raise KeyError('x')\n", r"sample\.py, line 2: KeyError: 'x'\.$"),
        ("", r"sample\.py defines no write\(path\)"),
    ],
)
def test_a_sample_of_ones_own(pipelines: Path, program: str, words: str) -> None:
    built = building.build("small", TARGET)
    (pipelines / "sample.py").write_text(program)
    with pytest.raises(InputError, match=words):
        data.locate(None, built, s3=None)


@pytest.mark.parametrize("program", ["import os.nothing\n", "1 / 0\n", "def get_pipeline():\n    return 1 / 0\n"])
def test_the_module_of_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    (tmp_path / "own_program.py").write_text(program)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_program", raising=False)
    with pytest.raises(SystemExit) as ended:
        commands.get_pipeline_definition(["--module-name", "own_program"])
    assert ended.value.code == 2
    assert "own_program" in capsys.readouterr().err
