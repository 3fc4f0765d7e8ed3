"""The traps of the real data sets, as their SOURCES.md names them."""

from pathlib import Path

import pandas as pd
import pytest

from contract.preprocessor import Categorical
from preprocessing.record import RecordEncoder
from preprocessing.settings import Settings
from tests.preprocessing.conftest import DATA, SETS
from tests.preprocessing.tables import Built, build

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data sets are not at {DATA}")


def built(name: str, folder: Path) -> Built:
    path, columns = SETS[name](folder)
    return build(path, Settings.from_document({"columns": columns, "impute": "none"}), folder / "out")


def categories(built: Built, column: str) -> tuple[str, ...]:
    [feature] = [f for f in built.fitted.preprocessor.features if f.column == column]
    assert isinstance(feature, Categorical)
    return feature.categories


def test_adult_marks_missing_with_a_space_and_a_question_mark_and_has_one_dutch_row(tmp_path: Path) -> None:
    adult = built("adult", tmp_path)
    assert "?" not in categories(adult, "workclass")
    assert categories(adult, "workclass")[0] == "Private"
    missing = adult.raw["workclass"].str.strip().eq("?")
    assert missing.any()
    assert (adult.encoded["test"]["workclass"][missing] == -1).all()
    encoder = RecordEncoder(adult.fitted.preprocessor)
    record = adult.raw.iloc[0].to_dict()
    position = adult.fitted.preprocessor.feature_names.index("native-country")
    countries = categories(adult, "native-country")
    known = {" Holand-Netherlands": "Holand-Netherlands" in countries, " Atlantis": False}
    for country, seen in known.items():
        code = encoder.encode({**record, "native-country": country})[position]
        assert (code < len(countries)) == seen


def test_telco_has_eleven_blank_totals(tmp_path: Path) -> None:
    telco = built("telco", tmp_path)
    assert sum(side["TotalCharges"].isna().sum() for side in telco.encoded.values()) == 11


def test_telco_has_the_same_test_rows_as_typed_parquet(tmp_path: Path) -> None:
    path, columns = SETS["telco"](tmp_path)
    frame = pd.read_csv(path, na_values=" ")
    frame["Partner"] = frame["Partner"].astype("category")
    frame.astype({"SeniorCitizen": bool, "tenure": "int8"}).to_parquet(tmp_path / "telco.parquet")
    chosen = Settings.from_document({"columns": columns})
    text = build(path, chosen, tmp_path / "text")
    typed = build(tmp_path / "telco.parquet", chosen, tmp_path / "typed")
    assert text.raw["customerID"].tolist() == typed.raw["customerID"].tolist()
    assert text.rows == typed.rows


def test_none_and_not_applicable_are_answers_in_the_fraud_claims(tmp_path: Path) -> None:
    fraud = built("fraud", tmp_path)
    assert "None" in categories(fraud, "authorities_contacted")
    assert "N/A" in {text for column in ("collision_type", "driver_relationship") for text in categories(fraud, column)}
    assert "Unkown" in categories(fraud, "customer_gender")
    assert not (fraud.encoded["train"] == -1).any().any()
