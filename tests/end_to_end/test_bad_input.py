"""Bad input: one clear sentence, exit code 2 or 1, no traceback, and what was there stays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.here import Here

GOOD = "id,age,city,bought\n" + "".join(
    f"{i},{20 + i % 50},{'north' if i % 3 else 'south'},{'yes' if (i * 7) % 10 < 4 else 'no'}\n" for i in range(400)
)


def lines(*replaced: tuple[int, str]) -> str:
    """The good file with some of its lines replaced; line 1 is the header."""
    text = GOOD.splitlines()
    for number, line in replaced:
        text[number - 1] = line
    return "\n".join(text) + "\n"


CASES: dict[str, tuple[bytes | None, tuple[str, ...]]] = {
    "missing file": (None, ("bad.csv", "exist")),
    "empty file": (b"", ("bad.csv", "empty")),
    "a header alone": (b"id,age,city,bought\n", ("bad.csv", "no rows")),
    "missing label column": (GOOD.replace("bought", "sold").encode(), ("bought",)),
    "one class only": (GOOD.replace(",yes\n", ",no\n").encode(), ("bought", "no")),
    "a third value": (lines((7, "5,30,north,maybe")).encode(), ("bought", "maybe")),
    "unparsable number": (lines((9, "7,old,north,no")).encode(), ("bad.csv", "line 9", "age", "old")),
    "duplicate column names": (GOOD.replace("id,age,city", "id,age,age").encode(), ("age", "twice")),
    "not UTF-8": (lines((5, "3,30,München,no")).encode("latin-1"), ("bad.csv", "UTF-8")),
    "a gigantic line": (GOOD.encode() + b"401,30," + b"x" * 70_000_000 + b",no\n", ("bad.csv", "line")),
    "a ragged line": (lines((12, "10,30,north")).encode(), ("bad.csv", "line 12")),
}


@pytest.fixture(scope="module")
def shop(new_commands: Callable[[], Any]) -> Any:
    """A machine with one pipeline on it."""
    machine = new_commands()
    commands = Here(machine.folder, {"MLOPS_LOCAL_HOME": str(machine.home)})
    (commands.folder / "good.csv").write_text(GOOD)
    done = commands("new", "shop", "--data", "good.csv", "--label", "bought", "--positive", "yes")
    assert done.returncode == 0, done.stderr
    config = commands.folder / "model_build/pipelines/shop/config.toml"
    config.write_text(config.read_text() + '\n[gate]\nmetric = "auc"\nbound = "upper"\nminimum = 0.1\n')
    return commands


#: What is run at every commit; tests/preprocessing has the others without a pipeline.
SHORT = ("missing file", "one class only", "unparsable number", "a gigantic line")


@pytest.mark.parametrize("case", [pytest.param(case, marks=[pytest.mark.long] * (case not in SHORT)) for case in CASES])
def test_bad_data(case: str, shop: Any) -> None:
    content, fragments = CASES[case]
    file: Path = shop.folder / "bad.csv"
    file.unlink(missing_ok=True)
    if content is not None:
        file.write_bytes(content)
    before = shop.json("models")
    done = shop("run", "shop", "--data", "bad.csv")
    refused(done, *fragments)
    assert shop.json("models") == before


def refused(done: Any, *fragments: str) -> None:
    said = done.stdout + done.stderr
    assert done.returncode in (1, 2), said
    assert "Traceback" not in said
    for fragment in fragments:
        assert fragment in said, said


def test_a_parameter_of_the_wrong_type(shop: Any) -> None:
    done = shop("run", "shop", "--data", "good.csv", "-p", "ProcessingInstanceCount=many")
    refused(done, "ProcessingInstanceCount", "many")


def test_an_unknown_parameter(shop: Any) -> None:
    refused(shop("run", "shop", "--data", "good.csv", "-p", "Colour=red"), "Colour")


def test_an_unknown_key_in_the_configuration(shop: Any) -> None:
    config = shop.folder / "model_build/pipelines/shop/config.toml"
    good = config.read_text()
    config.write_text(good.replace("[split]", "[split]\ncolour = 1"))
    try:
        done = shop("run", "shop", "--data", "good.csv")
    finally:
        config.write_text(good)
    refused(done, "config.toml", "colour")
    assert done.returncode == 2


def test_an_unknown_pipeline(shop: Any) -> None:
    done = shop("run", "nobody")
    refused(done, "nobody")
    assert done.returncode == 2


def test_new_does_not_overwrite(shop: Any) -> None:
    config = shop.folder / "model_build/pipelines/shop/config.toml"
    before = config.read_text()
    done = shop("new", "shop", "--data", "good.csv", "--label", "bought")
    refused(done, "shop")
    assert config.read_text() == before
