"""The promotion function's zip: what it holds, that it runs alone, and that equal sources give equal bytes."""

import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from contract.errors import InputError
from mlops import promotion_code
from tests.conftest import ROOT


def tree(root: Path) -> Path:
    files = {
        "contract/__init__.py": "",
        "contract/errors.py": "class InputError(Exception): ...\n",
        "contract/shapes.py": "raise ImportError\n",
        "contract/deep/__init__.py": "from contract import errors\n",
        "contract/deep/one.py": "from . import two\n",
        "contract/deep/two.py": "import json\n",
        "model_deploy/__init__.py": "",
        "model_deploy/render.py": "import yaml\n",
        "model_deploy/registry.py": "",
        "model_deploy/promotion/__init__.py": "",
        "model_deploy/promotion/handler.py": "import contract.deep.one\nfrom model_deploy import registry\nHERE = 1\n",
        "model_deploy/promotion/ledger.py": "from ..registry import *\nfrom .handler import HERE\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def names(code: bytes) -> list[str]:
    return zipfile.ZipFile(BytesIO(code)).namelist()


def test_it_holds_what_is_imported_and_no_more(tmp_path: Path) -> None:
    assert names(promotion_code.archive(tree(tmp_path))) == [
        "contract/__init__.py",
        "contract/deep/__init__.py",
        "contract/deep/one.py",
        "contract/deep/two.py",
        "contract/errors.py",
        "model_deploy/__init__.py",
        "model_deploy/promotion/__init__.py",
        "model_deploy/promotion/handler.py",
        "model_deploy/promotion/ledger.py",
        "model_deploy/registry.py",
    ]


def test_equal_sources_give_equal_bytes(tmp_path: Path) -> None:
    one = tree(tmp_path / "one")
    code = promotion_code.archive(one)
    two = tree(tmp_path / "two")
    for path in two.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert promotion_code.archive(two) == code
    (two / "model_deploy/render.py").write_text("other = 1\n")
    assert promotion_code.archive(two) == code, "what is not imported does not matter"
    (two / "contract/deep/two.py").write_text("import json, os\n")
    assert promotion_code.key(promotion_code.archive(two)) != promotion_code.key(code)
    assert promotion_code.key(code).startswith("code/promotion-")


def test_without_the_function(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="promotion"):
        promotion_code.archive(tmp_path)


def test_the_projects_own_handler_runs_out_of_the_zip(tmp_path: Path) -> None:
    """With the standard library and boto3 alone, as in the function's runtime."""
    path = tmp_path / "code.zip"
    path.write_bytes(promotion_code.archive(ROOT))
    program = (
        "import sys, importlib.abc\n"
        "class Refuse(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('pydantic', 'yaml', 'numpy', 'typer'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from model_deploy.promotion import handler\n"
        "assert handler.__file__.startswith(sys.argv[1]), handler.__file__\n"
        "assert callable(handler.handle)\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
