"""What every test may ask for: the real data sets, and the command line on a machine of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("MLOPS_TEST_DATA") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data sets; without it a test that needs them is skipped."""
    if not SHARED.is_dir():
        pytest.skip(f"the real data sets are not at {SHARED}")
    return SHARED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that parallel workers end together."""
    items.sort(key=lambda item: "end_to_end" not in item.nodeid)


@dataclass(frozen=True)
class Commands:
    """`mlops` as a user runs it: a process, in a working directory, with a home of its own."""

    folder: Path
    home: Path

    def environment(self, **extra: str) -> dict[str, str]:
        """No AWS setting of the machine that runs the tests gets through."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MLOPS_"))}
        return kept | {"MLOPS_LOCAL_HOME": str(self.home)} | extra

    def __call__(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).with_name("mlops")), *arguments],
            cwd=self.folder, env=self.environment(**extra), capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip

    def python(self, program: str, stdin: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
        """A Python program in the same place."""
        return subprocess.run(
            [sys.executable, "-c", program], input=stdin,
            cwd=self.folder, env=self.environment(**extra), capture_output=True, text=True, timeout=280, check=False,
        )  # fmt: skip

    def json(self, *arguments: str, **extra: str) -> Any:
        """The document that a command prints; the command must exit 0."""
        done = self(*arguments, "--json", **extra)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def new_commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Commands]]:
    """Makes command lines, each on a machine of its own; their servers are stopped at the end."""
    made: list[Commands] = []

    def make() -> Commands:
        folder = tmp_path_factory.mktemp("project")
        (folder / "model_build" / "pipelines").mkdir(parents=True)
        made.append(Commands(folder, folder / "home"))
        return made[-1]

    yield make
    for commands in made:
        assert commands("local", "down").returncode == 0


@pytest.fixture(scope="session")
def mlops(new_commands: Callable[[], Commands]) -> Commands:
    """One machine for the tests that do not need an empty one."""
    return new_commands()
