"""Environments of their own for what must not run in the project's: the XGBoost image's packages, and peers'."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
TOOLS = REPOSITORY / ".tools"
PEERS = Path(__file__).parent / "peers"
MANIFEST = REPOSITORY / "containers" / "xgboost-3.2-0.txt"

#: What serving touches, with what that needs; XGBoost without the GPU libraries has another name.
NEEDED = ("numpy", "pyarrow", "scipy", "gevent", "gunicorn", "setuptools")
XGBOOST = "xgboost-cpu==3.2.0"
FLASK = ("Flask==3.1.3", "Werkzeug==3.1.8")


class UnavailableError(Exception):
    """The packages of the image cannot be had here; says why."""


@dataclass(frozen=True)
class Image:
    """An environment with the image's packages; `version` is its Python's, and `flask` a folder with Flask in it."""

    python: Path
    version: str
    flask: Path


def packages() -> list[str]:
    """What is installed, pinned as in the image."""
    pinned = [line.split("#")[0].strip() for line in MANIFEST.read_text().splitlines() if "==" in line]
    return [line for line in pinned if line.partition("==")[0] in NEEDED] + [XGBOOST]


def image() -> Image:
    """The image's packages. Raises UnavailableError."""
    python = environment("xgboost-3.2-0", packages(), FLASK)
    version = subprocess.run([str(python), "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
    return Image(python, version, python.parents[1] / "aside")


def peer(name: str) -> Path:
    """The Python of a peer's environment, with the packages of peers/NAME.txt. Raises UnavailableError."""
    lines = (PEERS / f"{name}.txt").read_text().splitlines()
    return environment(f"peer-{name}", [line for line in lines if line and not line.startswith("#")])


def environment(name: str, wanted: Sequence[str], aside: Sequence[str] = ()) -> Path:
    """The Python of an environment with the packages `wanted`, made once and kept below .tools/.

    aside  packages that are put into its folder `aside`, and that nobody finds who is not told to

    A pin holds against what other packages ask for, as in the images. Raises UnavailableError.
    """
    interpreter = _python312()
    digest = hashlib.sha256("\n".join([interpreter, *wanted, *aside]).encode()).hexdigest()[:12]
    folder = TOOLS / "images" / f"{name}-{digest}"
    python = folder / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--quiet", "--python", interpreter, str(folder))
            pins = folder / "pins.txt"
            pins.write_text("\n".join(wanted))
            install = ["pip", "install", "--quiet", "--python", str(python)]
            _uv(*install, "--overrides", str(pins), "-r", str(pins))
            if aside:
                _uv(*install, "--target", str(folder / "aside"), *aside)
            (folder / "complete").touch()
    return python


def _uv(*arguments: str) -> None:
    tool = TOOLS / "bin" / "uv"
    if not tool.is_file():
        raise UnavailableError(f"{tool.relative_to(REPOSITORY)} is missing; `make setup` brings it")
    done = subprocess.run([str(tool), *arguments], capture_output=True, text=True)
    if done.returncode:
        reason = " ".join(line.strip() for line in done.stderr.splitlines()[-3:])
        raise UnavailableError(f"uv {arguments[0]} failed: {reason}")


def _python312() -> str:
    """A Python 3.12 as the image has it, or this one where there is none."""
    found = [shutil.which("python3.12"), *map(str, sorted(Path.home().glob(".pyenv/versions/3.12*/bin/python3.12")))]
    for candidate in filter(None, found):
        if subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    return sys.executable
