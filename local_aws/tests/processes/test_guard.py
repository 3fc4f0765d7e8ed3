"""What a job may import, in the forked program and in the interpreters that it starts."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_aws.processes.boot.program import Program
from local_aws.processes.hosts import START, Host
from local_aws.processes.images import Image
from local_aws.processes.packages import write_settings

IMAGE = Image("some-image", tags=("2",), packages=("numpy", "python-dateutil", "boto3"), preload=("dateutil.parser",))

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("host")
    made = Host(write_settings(IMAGE, folder), folder)
    yield made
    made.end()


@pytest.fixture
def root(tmp_path: Path, host: Host) -> Path:
    """A job's folder, with the interpreter that its programs start."""
    for name in ("ml", "bin"):
        (tmp_path / name).mkdir()
    shim = tmp_path / "bin/python3"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -s -S -P {START} python {host.settings} {tmp_path} "$@"\n')
    shim.chmod(0o755)
    return tmp_path


@pytest.fixture
def run(host: Host, root: Path) -> Run:
    """run("python3", "-c", …): the exit code and what was written."""

    def start(*arguments: str, **environment: str) -> tuple[int, str]:
        env = {"PATH": f"{root}/bin:/usr/bin:/bin", **environment}
        process = host.start(Program(arguments, env, root, root / "ml", root / "ml"))
        output = b""
        while chunk := os.read(process.output, 1 << 16):
            output += chunk
        code = int(os.read(process.status, 16))
        os.close(process.output)
        os.close(process.status)
        return code, output.decode()

    return start


@pytest.fixture(params=["forked", "started"])
def python(request: pytest.FixtureRequest, run: Run) -> Run:
    """The same command line in the fork server's child and behind a shell."""
    if request.param == "forked":
        return lambda *arguments, **environment: run("python3", *arguments, **environment)
    return lambda *arguments, **environment: run("sh", "-c", 'python3 "$@"', "sh", *arguments, **environment)


def test_an_import_that_the_image_lacks_is_refused_with_its_name(python: Run) -> None:
    code, output = python("-c", "import pydantic")
    assert code == 1
    assert output.splitlines()[-1] == (
        "ModuleNotFoundError: No module named 'pydantic': the image some-image:2 does not have it; put it as a wheel"
        " in the bundle, or use what the image has."
    )


@pytest.mark.parametrize("name", ["local_aws", "pytest", "contract", "yaml"])
def test_nothing_else_of_this_machine_is_there(python: Run, name: str) -> None:
    code, output = python("-c", f"import {name}")
    assert (code, f"No module named '{name}'" in output) == (1, True)


def test_what_the_image_has_works_and_its_own_needs_too(python: Run) -> None:
    assert python("-c", "import numpy, dateutil.tz, boto3; boto3.client('s3', region_name='us-east-1')") == (0, "")


def test_an_optional_import_may_be_missing(python: Run) -> None:
    source = (
        "import importlib.util\n"
        "try:\n    import pandas\nexcept ImportError:\n    print('none')\n"
        "print(importlib.util.find_spec('pandas'), importlib.util.find_spec('numpy') is not None)"
    )
    assert python("-c", source) == (0, "none\nNone True\n")


def test_libraries_of_libraries_are_not_the_jobs(python: Run, root: Path) -> None:
    """jmespath is needed by boto3; a script of the job may not rely on it."""
    (root / "script.py").write_text("import jmespath")
    code, output = python(str(root / "script.py"))
    assert (code, "the image some-image:2 does not have it" in output) == (1, True)


def test_the_jobs_own_folders_wheels_and_packages(python: Run, root: Path) -> None:
    (root / "ml/room").mkdir()
    (root / "ml/room/__init__.py").write_text("from room.inside import A")
    (root / "ml/room/inside.py").write_text("A = 'a'")
    with zipfile.ZipFile(root / "ml/pydantic-0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pydantic/__init__.py", "B = 'b'")
    path = f"{root}/ml:{root}/ml/pydantic-0-py3-none-any.whl"
    assert python("-c", "import room, pydantic; print(room.A + pydantic.B)", PYTHONPATH=path) == (0, "ab\n")


def test_a_folder_outside_the_job_is_no_help(python: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "mine.py").write_text("")
    code, output = python("-c", "import mine", PYTHONPATH=str(outside))
    assert (code, "No module named 'mine'" in output) == (1, True)


def test_the_bundle_may_have_its_own_version_of_a_package(python: Run, root: Path) -> None:
    (root / "ml/numpy").mkdir()
    (root / "ml/numpy/__init__.py").write_text("__version__ = 'mine'")
    assert python("-c", "import numpy; print(numpy.__version__)", PYTHONPATH=f"{root}/ml") == (0, "mine\n")


def test_ways_to_name_a_program(python: Run, root: Path) -> None:
    (root / "ml/mod").mkdir()
    (root / "ml/mod/__main__.py").write_text("import sys; print('module', sys.argv[1:], __name__)")
    (root / "ml/script.py").write_text("import sys, other; print('script', sys.argv[1:], __name__)")
    (root / "ml/other.py").write_text("")
    assert python("-u", "-m", "mod", "-x", "1") == (0, "module ['-x', '1'] __main__\n")
    assert python(f"{root}/ml/script.py", "a") == (0, "script ['a'] __main__\n")
    assert python("-W", "ignore", "-c", "import sys; print(sys.argv)", "b") == (0, "['-c', 'b']\n")
    assert python("nothing.py") == (1, "python3: can't open file 'nothing.py': No such file\n")
    code, output = python("-m", "nothing")
    assert (code, "No module named" in output) == (1, True)


def test_multiprocessing_and_subprocess_go_through_the_guard(python: Run, root: Path) -> None:
    (root / "ml/many.py").write_text(
        "import multiprocessing, subprocess, sys\n"
        "def work(x):\n    try:\n        import pydantic\n    except ImportError:\n        return x * 2\n"
        "if __name__ == '__main__':\n"
        "    for way in ('fork', 'spawn'):\n"
        "        with multiprocessing.get_context(way).Pool(2) as pool:\n            print(pool.map(work, [1, 2]))\n"
        "    print(subprocess.run([sys.executable, '-c', 'import pydantic'], stderr=subprocess.PIPE).returncode)\n"
    )
    assert python(f"{root}/ml/many.py") == (0, "[2, 4]\n[2, 4]\n1\n")


def test_a_traceback_shows_the_programs_frames_alone(python: Run, root: Path) -> None:
    (root / "ml/bad.py").write_text("def f():\n    raise ValueError('x')\nf()\n")
    code, output = python(f"{root}/ml/bad.py")
    assert code == 1
    assert [line.split('"')[1] for line in output.splitlines() if line.startswith("  File")] == [
        f"{root}/ml/bad.py"
    ] * 2


def test_exit_functions_and_threads_end_as_they_would(python: Run) -> None:
    source = (
        "import atexit, threading, time, sys\natexit.register(print, 'last')\n"
        "threading.Thread(target=lambda: (time.sleep(.1), print('thread'))).start()\nsys.exit(5)"
    )
    assert python("-c", source) == (5, "thread\nlast\n")


def test_nothing_is_compiled_into_the_bundle_when_the_image_says_so(python: Run, root: Path) -> None:
    (root / "ml/mod.py").write_text("")
    environment = {"PYTHONPATH": f"{root}/ml", "PYTHONDONTWRITEBYTECODE": "1"}
    assert python("-c", "import mod", **environment) == (0, "")
    assert not (root / "ml/__pycache__").exists()


def test_what_an_interpreter_reads_at_its_start_is_honoured(python: Run) -> None:
    seeded = {python("-c", "print(hash('x'))", PYTHONHASHSEED="7") for _ in range(2)}
    other = python("-c", "print(hash('x'))", PYTHONHASHSEED="8")
    assert len(seeded) == 1
    assert other not in seeded
    assert python("-c", "import pydantic", PYTHONHASHSEED="7")[0] == 1


def test_opt_ml_is_the_jobs_folder_where_the_kernel_allows_it(run: Run, root: Path) -> None:
    from local_aws.processes.boot.kernel import can_unshare

    if not can_unshare(root):
        pytest.skip("this kernel gives no mount namespaces here: jobs rely on rewritten paths")
    before = sorted(Path("/opt").iterdir())
    assert run("sh", "-c", "echo x > /opt/ml/seen; ls /opt | tr '\\n' ' '")[0] == 0
    assert (root / "ml/seen").read_text() == "x\n"
    assert sorted(Path("/opt").iterdir()) == before


def test_read_only_inputs_cannot_be_written_even_by_root(host: Host, root: Path) -> None:
    from local_aws.processes.boot.kernel import can_unshare

    if not can_unshare(root):
        pytest.skip("this kernel gives no mount namespaces here")
    path = root / "ml/big"
    path.write_text("kept")
    source = "import os\npath = '/opt/ml/big'\nos.chmod(path, 0o777)\nopen(path, 'w')"
    process = host.start(Program(("python3", "-c", source), {}, root, root / "ml", root / "ml", read_only=(path,)))
    output = ""
    while chunk := os.read(process.output, 1 << 16):
        output += chunk.decode()
    os.close(process.output)
    os.close(process.status)
    assert "Read-only file system" in output
    assert path.read_text() == "kept"


def test_the_interpreter_behind_the_shim_starts_from_any_folder(root: Path) -> None:
    found = subprocess.run([root / "bin/python3", "-c", "print(1)"], capture_output=True, text=True, cwd="/", env={})
    assert found.stdout == "1\n"
