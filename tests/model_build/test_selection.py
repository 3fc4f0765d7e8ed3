"""Data that the configuration chooses: a window of dates, and the result of a query."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import awswrangler
import boto3
import pandas as pd
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from contract.errors import InputError
from model_build import config, data, selection
from model_build.assets import Assets
from model_build.built import Built
from tests.model_build.conftest import SMALL, TARGET

ADDRESS = f"s3://{TARGET.bucket}/sales/"


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with mock_aws():
        found = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=TARGET.region)
        place = {"LocationConstraint": TARGET.region}
        found.client("s3").create_bucket(Bucket=TARGET.bucket, CreateBucketConfiguration=place)
        yield found


def built(**source: Any) -> Built:
    assets = Assets(TARGET.bucket, "small")
    return Built("small", Path(), "{}", "", "small", TARGET, assets, ADDRESS, None, {}, source)


def put(s3: Any, *days: str) -> None:
    for day in days:
        s3.put_object(Bucket=TARGET.bucket, Key=f"sales/day={day}/rows.csv", Body=f"a\n{day}\n".encode())


def below(s3: Any, address: str) -> list[str]:
    prefix = address.split("/", 3)[3]
    listed = s3.list_objects_v2(Bucket=TARGET.bucket, Prefix=prefix).get("Contents", [])
    return [entry["Key"].removeprefix(prefix) for entry in listed]


def test_a_window_ends_at_the_newest_day(session: boto3.Session) -> None:
    s3, chosen = session.client("s3"), built(partition="day", window_days=2)
    put(s3, "2026-01-30", "2026-01-31", "2026-02-01")
    s3.put_object(Bucket=TARGET.bucket, Key="sales/day=2026-02-01/_SUCCESS", Body=b"x")
    address = data.locate(None, chosen, s3)
    assert below(s3, address) == ["day=2026-01-31/rows.csv", "day=2026-02-01/rows.csv"]
    assert data.locate(None, chosen, s3) == address, "the same days lie at the same address"
    put(s3, "2026-02-02")
    later = data.locate(None, chosen, s3)
    assert below(s3, later) == ["day=2026-02-01/rows.csv", "day=2026-02-02/rows.csv"]
    assert data.fingerprint(later, s3) != data.fingerprint(address, s3)
    assert data.locate(ADDRESS, chosen, s3) == later, "a prefix on the command line has the window, too"


def test_a_window_of_a_local_folder(session: boto3.Session, tmp_path: Path) -> None:
    s3, chosen = session.client("s3"), built(partition="day", window_days=2)
    for day in ("2026-03-01", "2026-03-04", "2026-03-05"):
        (tmp_path / f"day={day}").mkdir()
        (tmp_path / f"day={day}" / "rows.csv").write_text(f"day\n{day}\n")
    found = data.locate(str(tmp_path), chosen, s3)
    bucket, _, prefix = found.removeprefix("s3://").partition("/")
    keys = [entry["Key"].removeprefix(prefix) for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    assert keys == ["day=2026-03-04/rows.csv", "day=2026-03-05/rows.csv"]
    with pytest.raises(InputError, match=r"has a date in its key, day=2026-01-31/"):
        data.locate(str(tmp_path / "day=2026-03-01" / "rows.csv"), chosen, s3)


def test_a_window_without_dates_is_a_sentence(session: boto3.Session) -> None:
    s3 = session.client("s3")
    s3.put_object(Bucket=TARGET.bucket, Key="sales/rows.csv", Body=b"a")
    put(s3, "__HIVE_DEFAULT_PARTITION__")
    with pytest.raises(InputError, match=r"No object below .* has a date in its key, day=2026-01-31/"):
        data.locate(None, built(partition="day", window_days=2), s3)


def test_only_what_preprocessing_reads_decides_the_window(session: boto3.Session) -> None:
    s3, chosen = session.client("s3"), built(partition="day", window_days=1)
    put(s3, "2026-02-01")
    for key in (
        "sales/_spark_metadata/day=2026-03-01/x.csv",
        "sales/_temporary/0/day=2026-03-01/part.csv",
        "sales/.cfg/day=2026-03-01/x.csv",
        "sales/day=2026-03-01/rows.csv.crc",
        "sales/day=__HIVE_DEFAULT_PARTITION__/rows.csv",
        "salesold/day=2027-01-01/rows.csv",
    ):
        s3.put_object(Bucket=TARGET.bucket, Key=key, Body=b"x")
    s3.put_object(Bucket=TARGET.bucket, Key="sales/day=2026-03-01/empty.csv", Body=b"")
    for address in (ADDRESS, ADDRESS.rstrip("/")):
        assert below(s3, data.locate(address, chosen, s3)) == ["day=2026-02-01/rows.csv"]


def test_a_partition_without_a_date_is_a_sentence(session: boto3.Session) -> None:
    s3 = session.client("s3")
    put(s3, "2026-02-01")
    for day in ("20260203", "2026-02-30", "2026-02-02T00:00:00", "yesterday", ""):
        put(s3, day)
        with pytest.raises(InputError, match=f"sales/day={day}/rows.csv: day={day} is no date like day=2026-01-31;"):
            data.locate(None, built(partition="day", window_days=2), s3)
        s3.delete_object(Bucket=TARGET.bucket, Key=f"sales/day={day}/rows.csv")


def test_a_window_may_be_longer_than_time(session: boto3.Session) -> None:
    s3 = session.client("s3")
    put(s3, "0001-01-01", "2026-02-01")
    address = data.locate(None, built(partition="day", window_days=10**12), s3)
    assert below(s3, address) == ["day=0001-01-01/rows.csv", "day=2026-02-01/rows.csv"]


def test_a_prefix_without_data_is_a_sentence(session: boto3.Session) -> None:
    s3 = session.client("s3")
    for key, body in {"_SUCCESS": b"x", ".x": b"x", "_temporary/0/part.csv": b"x", "empty.csv": b""}.items():
        s3.put_object(Bucket=TARGET.bucket, Key=f"sales/{key}", Body=body)
    for address in (ADDRESS, ADDRESS.rstrip("/"), ADDRESS + "_SUCCESS"):
        with pytest.raises(InputError, match="There is no data at"):
            data.fingerprint(address, s3)
    s3.put_object(Bucket=TARGET.bucket, Key="sales/rows.csv", Body=b"x")
    found = data.fingerprint(ADDRESS, s3)
    s3.put_object(Bucket=TARGET.bucket, Key="sales/_SUCCESS", Body=b"other")
    assert data.fingerprint(ADDRESS, s3) == found, "what is not read changes nothing"


def test_a_file_that_preprocessing_would_pass_over_is_not_uploaded(session: boto3.Session, tmp_path: Path) -> None:
    path = tmp_path / "_rows.csv"
    path.write_text("a\n1\n")
    with pytest.raises(InputError, match=r"_rows\.csv has the name of a hidden file"):
        data.locate(str(path), built(), session.client("s3"))


QUERY = {"query": "SELECT * FROM sales ORDER BY id", "database": "shop", "workgroup": "primary"}


def test_a_query_is_asked_of_athena(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def read(sql: str, **options: Any) -> Iterator[pd.DataFrame]:
        asked.append((sql, options))
        yield from (pd.DataFrame({"id": [1, 2], "city": ["Bern", None]}), pd.DataFrame({"id": [3], "city": ["Chur"]}))

    monkeypatch.setattr(awswrangler.athena, "read_sql_query", read)
    s3 = session.client("s3")
    address = data.locate(None, built(**QUERY), s3, session)
    assert data.locate(None, built(**QUERY), s3, session) == address, "the same rows have the same address"
    sql, options = asked[0]
    assert (sql, options["database"], options["boto3_session"]) == (QUERY["query"], "shop", session)
    assert options["s3_output"] == f"s3://{TARGET.bucket}/small/athena/", "no bucket of Athena's own is made"
    assert below(s3, address) == ["part-00000.parquet", "part-00001.parquet"]
    key = address.split("/", 3)[3] + "part-00000.parquet"
    rows = pq.read_table(io.BytesIO(s3.get_object(Bucket=TARGET.bucket, Key=key)["Body"].read())).to_pydict()
    assert rows == {"id": [1, 2], "city": ["Bern", None]}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (iter(()), "Athena finds no rows"),
        (awswrangler.exceptions.QueryFailed("no such table"), "Athena says: no such table"),
        (awswrangler.exceptions.QueryCancelled(None), "Athena says: QueryCancelled"),
        (awswrangler.exceptions.InvalidArgumentValue("no such workgroup"), "no such workgroup"),
        (awswrangler.exceptions.NoFilesFound("no result"), "no result"),
        (awswrangler.exceptions.UndetectedType("of the column"), "of the column"),
        (iter([pd.DataFrame({"a": [1, "text"]})]), "Athena says: .*column a"),
    ],
    ids=["nothing", "failed", "cancelled", "argument", "no files", "type", "two types in a column"],
)
def test_a_query_without_rows_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any, sentence: str
) -> None:
    def read(**_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(awswrangler.athena, "read_sql_query", read)
    with pytest.raises(InputError, match=sentence):
        selection.queried(built(**QUERY), None, tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('partition = "day"', "partition and window_days go together"),
        ('query = "SELECT 1"', "query and database go together"),
        ('query_data = "s3://b/p"', "belongs to a query"),
        ('query = "SELECT 1"\ndatabase = "d"\ninput_data = "s3://b/p"', "brings the data itself"),
    ],
    ids=["half a window", "half a query", "tables of no query", "both"],
)
def test_what_contradicts_itself_is_refused(small: Path, text: str, sentence: str) -> None:
    (small / config.FILE).write_text(f"[pipeline]\n{text}\n{SMALL}", encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        config.load(small)
