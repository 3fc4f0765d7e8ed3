"""The chain from the data to a version, as a person reads it."""

from mlops.provenance import lines
from model_build.assets import is_asset


def test_the_lines_of_a_chain() -> None:
    def entry(kind: str, name: str, source: str, *before: str) -> dict[str, object]:
        return {"Type": kind, "Name": name, "Source": source, "From": list(before)}

    chain = [
        entry("DataSet", "rows.csv", "s3://b/rows.csv"),
        entry("ProcessingJob", "PreprocessEncode", "arn:encode", "s3://b/rows.csv"),
        entry("DataSet", "train", "s3://b/train", "arn:encode"),
        entry("TrainingJob", "Train", "arn:train", "s3://b/train"),
        entry("Model", "model.tar.gz", "s3://b/model.tar.gz", "arn:train"),
        entry("ModelPackage", "version 3", "arn:package", "s3://b/model.tar.gz"),
    ]
    assert lines(chain) == [
        ("data", "s3://b/rows.csv", ""),
        ("PreprocessEncode", "rows.csv", "train"),
        ("Train", "train", "model.tar.gz"),
        ("version 3", "model.tar.gz", ""),
    ]


def test_code_and_settings_are_told_from_data() -> None:
    digest = "a" * 64
    assert is_asset(f"s3://b/credit/code/{digest}/")
    assert is_asset(f"s3://b/credit/settings/{digest}/")
    assert not is_asset(f"s3://b/credit/data/{digest}/")
    assert not is_asset("s3://b/credit/code/rows.csv")
