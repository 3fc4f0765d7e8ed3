"""`mlops new` on the real data sets and on what cannot be read."""

import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from contract.errors import InputError
from model_build import config, new, roles

ADULT = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship",
    "race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income",
)  # fmt: skip

#: file, label → task, positive value, dropped columns, number of numeric and of categorical columns
REAL: dict[str, tuple[str, dict[str, Any], tuple[str, str | None, set[str], int, int]]] = {
    "adult/adult.data": ("income", {"names": ADULT, "positive": ">50K"}, ("binary", ">50K", set(), 6, 8)),
    "telco_churn/Telco-Customer-Churn.csv": ("Churn", {}, ("binary", "Yes", {"customerID"}, 4, 15)),
    "german_credit/german.csv": ("credit", {}, ("binary", "2", set(), 7, 13)),
    "sagemaker_churn/training-dataset-with-header.csv": ("Churn", {}, ("binary", "1", set(), 69, 0)),
    "aws_auto_fraud/claims.csv": ("fraud", {}, ("binary", "1", {"policy_id"}, 10, 6)),
    "aws_auto_fraud/customers.csv": ("customer_gender", {}, ("multiclass", None, {"policy_id"}, 8, 3)),
    "abalone/abalone.csv": ("Class_number_of_rings", {}, ("regression", None, set(), 7, 1)),
    "online_retail_ii_20k/online_retail_II_20k.csv": (
        "Country",
        {},
        ("multiclass", None, {"StockCode", "Description", "InvoiceDate", "Customer ID"}, 2, 1),
    ),
}


@pytest.fixture(autouse=True)
def own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLOPS_PIPELINES", str(tmp_path / "pipelines"))
    return tmp_path / "pipelines"


@pytest.mark.parametrize("file", REAL)
def test_real_data(file: str, data: Path, own_root: Path) -> None:
    label, wishes, (task, positive, dropped, numeric, categorical) = REAL[file]
    path = new.write("shop", data / file, label, **wishes)
    assert path == own_root / "shop/config.toml"
    columns = config.load(path.parent).columns
    assert (columns.task, columns.positive, set(columns.drop)) == (task, positive, dropped)
    assert (len(columns.numeric), len(columns.categorical)) == (numeric, categorical)
    assert path.read_text().count("  # ") >= numeric + categorical, "each column says why"


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shop.csv"
    path.write_text(text, encoding="utf-8")
    return path


CITIES = ("north", '"süd ""x"""')
ROWS = "id,age,city,when,bought\n" + "".join(
    f"{index},{20 + index % 50},{CITIES[index % 2]},2024-01-{1 + index % 28:02d},{index % 5 == 0}\n"
    for index in range(200)
)


def test_wishes_win(tmp_path: Path) -> None:
    path = new.write(
        "shop", table(tmp_path, ROWS), "bought", positive="False", facets=("city",), time="when", drop=("age",)
    )
    parsed = config.load(path.parent)
    assert parsed.columns.event_time == "when"
    assert parsed.split.by == "time"
    assert set(parsed.columns.drop) == {"id", "age"}
    assert parsed.columns.facets == parsed.columns.categorical == ("city",)
    assert parsed.columns.positive == "False"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("bought", "whose groups the bias analysis compares"),
        ("age", "compared once [analysis] favourable_above = … says above which value it is good for a person"),
        ("size", 'compared once [analysis] favourable = ["…"] names the classes that are good for a person'),
    ],
)
def test_facets_say_what_they_wait_for(tmp_path: Path, label: str, said: str) -> None:
    header, *lines = ROWS.splitlines()
    rows = [f"{header},size", *(f"{line},{'SML'[index % 3]}" for index, line in enumerate(lines))]
    text = new.describe(table(tmp_path, "\n".join(rows)), new.Wishes(label, facets=("city",)))
    assert f'facets = ["city"]  # {said}\n' in text


def test_parquet_gives_the_same_roles(tmp_path: Path) -> None:
    rows = {"id": list(range(100)), "share": [index / 7 for index in range(100)], "kind": ["a", "b"] * 50}
    rows["y"] = [index % 2 for index in range(100)]
    pyarrow.parquet.write_table(pa.table(rows), tmp_path / "shop.parquet")
    columns = tomllib.loads(new.describe(tmp_path / "shop.parquet", new.Wishes("y")))["columns"]
    assert (columns["numeric"], columns["categorical"], columns["drop"]) == (["share"], ["kind"], ["id"])
    assert columns["positive"] == "1"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = new.write("shop", table(tmp_path, ROWS), "bought")
    before = path.read_bytes()
    with pytest.raises(InputError, match="is there already"):
        new.write("shop", table(tmp_path, ROWS), "bought")
    assert path.read_bytes() == before


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "no such label": (ROWS, {"label": "sold"}, "no such column; it has 'id', 'age'"),
    "no such facet": (ROWS, {"label": "bought", "facets": ("sex",)}, "--facet sex"),
    "label dropped": (ROWS, {"label": "bought", "drop": ("bought",)}, "is the label"),
    "no such positive": (ROWS, {"label": "bought", "positive": "yes"}, "no value 'yes'; it has 'False', 'True'"),
    "positive of a regression": (ROWS, {"label": "age", "positive": "20"}, "--positive belongs"),
    "empty": ("", {"label": "bought"}, "is empty"),
    "a header alone": ("age,bought\n", {"label": "bought"}, "no rows"),
    "one class": ("age,bought\n" + "1,no\n" * 30, {"label": "bought"}, "only the value 'no'"),
    "a column twice": ("age,age,bought\n1,2,3\n", {"label": "bought"}, "twice"),
    "a ragged line": ("age,bought\n1,yes\n2\n", {"label": "bought"}, "line 3"),
    "too few names": (ROWS, {"label": "bought", "names": ("age", "bought")}, "line 1"),
    "nothing but the label": ("when,bought\n2024-01-01,1\n2024-01-02,0\n", {"label": "bought"}, "no feature is left"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, tmp_path: Path, own_root: Path) -> None:
    text, arguments, sentence = REFUSED[case]
    with pytest.raises(InputError, match=sentence):
        new.write("shop", table(tmp_path, text), **arguments)
    assert not own_root.exists()


def test_names_that_cannot_be(tmp_path: Path) -> None:
    for name in ("", "a b", "../a", "-a", "ä"):
        with pytest.raises(InputError, match="cannot be a pipeline's name"):
            new.write(name, table(tmp_path, ROWS), "bought")
    with pytest.raises(InputError, match="does not exist"):
        new.write("shop", tmp_path / "nothing.csv", "bought")


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("x", ["1", "2.5", None] * 20, "numeric"),
        ("x", ["a", "b", None] * 20, "categorical"),
        ("x", [None] * 20, "drop"),
        ("x", ["7"] * 20, "drop"),
        ("x", [str(index) for index in range(50)], "drop"),  # counts the rows
        ("amount", [str(index * index) for index in range(50)], "numeric"),  # different, but not a count
        ("customerId", [str(index * index) for index in range(50)], "drop"),
        ("paid", [str(index * index) for index in range(50)], "numeric"),  # "id" is the end of a word
        ("x", [f"a{index}" for index in range(50)], "drop"),
        ("x", [f"a{index % 40}" for index in range(50)], "drop"),
        ("x", [f"2024-01-{1 + index % 28:02d} 10:00" for index in range(50)], "drop"),
        ("x", [f"12/{1 + index % 28}/10 8:26" for index in range(50)], "drop"),
    ],
)
def test_roles(name: str, values: list[str | None], role: str) -> None:
    assert roles.column(name, values).role == role


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("1", "0"), ("True", "False"), ("Y", "N"), ("t", "f")])
@pytest.mark.parametrize("share", [2, 8])
def test_the_value_that_says_yes_is_class_1_be_it_rare_or_not(yes: str, no: str, share: int) -> None:
    assert roles.positive("bought", [yes] * share + [no] * (10 - share), None) == yes


def test_where_no_value_says_yes_the_rarer_one_is_class_1() -> None:
    assert roles.positive("sort", ["a"] * 3 + ["b"] * 7, None) == "a"
    assert roles.positive("sort", ["a"] * 7 + ["b"] * 3, None) == "b"
