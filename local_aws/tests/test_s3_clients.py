"""Unmodified clients: the aws command line, awswrangler, and boto3's own transfer of large files."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd
import pytest
from boto3.s3.transfer import TransferConfig

from local_aws import launch

DATA = Path(os.environ.get("MLOPS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
AWS = Path(sys.executable).with_name("aws")
MIB = 1 << 20


@pytest.fixture
def environment(server: launch.Status, tmp_path: Path) -> dict[str, str]:
    """What `mlops local env` sets, and nothing of the account of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": server.Endpoint or "",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }


@pytest.fixture
def aws_cli(environment: dict[str, str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        done = subprocess.run([AWS, *arguments], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_command_line_copies_lists_and_syncs(aws_cli: Callable[..., str], bucket: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "deep er").mkdir(parents=True)
    (folder / "a.csv").write_text("1,2\n")
    (folder / "deep er" / "ü.bin").write_bytes(os.urandom(9 * MIB))  # in parts
    aws_cli("s3", "sync", str(folder), f"s3://{bucket}/in", "--only-show-errors")
    listed = aws_cli("s3", "ls", "--recursive", f"s3://{bucket}")
    assert [line.split(maxsplit=3)[2:] for line in listed.splitlines()] == [
        ["4", "in/a.csv"],
        [str(9 * MIB), "in/deep er/ü.bin"],
    ]
    assert aws_cli("s3", "cp", f"s3://{bucket}/in/a.csv", "-") == "1,2\n"
    aws_cli("s3", "cp", "--recursive", f"s3://{bucket}/in", str(tmp_path / "back"), "--only-show-errors")
    back = (tmp_path / "back" / "deep er" / "ü.bin").read_bytes()
    assert back == (folder / "deep er" / "ü.bin").read_bytes()
    aws_cli("s3", "rm", "--recursive", f"s3://{bucket}/in", "--only-show-errors")
    assert aws_cli("s3", "ls", "--recursive", f"s3://{bucket}") == ""


def test_the_command_line_talks_to_each_protocol(aws_cli: Callable[..., str], fresh: Callable[[str], str]) -> None:
    identity = json.loads(aws_cli("sts", "get-caller-identity"))
    assert identity["Account"] == "123456789012"
    role, group = fresh("role"), fresh("group")
    aws_cli("iam", "create-role", "--role-name", role, "--assume-role-policy-document", '{"Statement": []}')
    assert json.loads(aws_cli("iam", "get-role", "--role-name", role))["Role"]["RoleName"] == role
    aws_cli("logs", "create-log-group", "--log-group-name", group)
    found = json.loads(aws_cli("logs", "describe-log-groups", "--log-group-name-prefix", group))
    assert found["logGroups"][0]["logGroupName"] == group


def test_the_command_line_says_what_is_not_supported(environment: dict[str, str]) -> None:
    for command, named in (
        (["iam", "list-groups"], "iam:ListGroups"),
        (["s3api", "get-bucket-website", "--bucket", "any"], "s3:GetBucketWebsite"),
        (["logs", "describe-destinations"], "logs:DescribeDestinations"),
        (["ec2", "describe-vpcs"], "the service ec2"),
        (["lambda", "list-layers"], "lambda:ListLayers"),
        (["dynamodb", "list-tables"], "the service dynamodb"),
    ):
        done = subprocess.run([AWS, *command], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode != 0
        assert f"local_aws does not support {named}" in done.stderr


@pytest.mark.parametrize("size", [0, 1, 8 * MIB, 20 * MIB + 1])
def test_transfers_in_parts_and_threads(client: Callable[..., Any], bucket: str, tmp_path: Path, size: int) -> None:
    s3, source = client("s3"), tmp_path / "source"
    source.write_bytes(os.urandom(size))
    parts = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=6 * MIB)
    s3.upload_file(str(source), bucket, "key", Config=parts, ExtraArgs={"Metadata": {"a": "b"}})
    s3.download_file(bucket, "key", str(tmp_path / "back"), Config=parts)
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    s3.copy({"Bucket": bucket, "Key": "key"}, bucket, "copy", Config=parts)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == source.read_bytes()


@pytest.fixture
def wrangler(server: launch.Status) -> Iterator[boto3.Session]:
    before = wr.config.s3_endpoint_url
    wr.config.s3_endpoint_url = server.Endpoint
    yield boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1")
    wr.config.s3_endpoint_url = before


def test_awswrangler_writes_and_reads(wrangler: boto3.Session, bucket: str) -> None:
    frame = pd.DataFrame({"a": range(1000), "b": ["x", "ü"] * 500, "c": [0.5, None] * 500})
    path = f"s3://{bucket}/frame.parquet"
    wr.s3.to_parquet(frame, path, boto3_session=wrangler)
    pd.testing.assert_frame_equal(
        wr.s3.read_parquet(path, boto3_session=wrangler), frame.astype({"a": "Int64", "b": "string"})
    )
    wr.s3.to_csv(frame, f"s3://{bucket}/frame.csv", index=False, boto3_session=wrangler)
    back = wr.s3.read_csv(f"s3://{bucket}/frame.csv", boto3_session=wrangler)
    pd.testing.assert_frame_equal(back, frame)


def test_awswrangler_writes_data_sets_in_partitions(wrangler: boto3.Session, bucket: str) -> None:
    frame = pd.DataFrame({"a": range(6), "day": ["2024-01-01", "2024-01-02"] * 3})
    path = f"s3://{bucket}/set/"
    for mode in ("append", "append", "overwrite_partitions"):
        wr.s3.to_parquet(frame, path, dataset=True, mode=mode, partition_cols=["day"], boto3_session=wrangler)
    back = wr.s3.read_parquet(path, dataset=True, boto3_session=wrangler)
    assert sorted(back["a"]) == list(range(6))
    keys = wr.s3.list_objects(path, boto3_session=wrangler)
    assert sorted({key.split("/")[4] for key in keys}) == ["day=2024-01-01", "day=2024-01-02"]
    wr.s3.delete_objects(path, boto3_session=wrangler)
    assert wr.s3.list_objects(path, boto3_session=wrangler) == []


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data sets are not at {DATA}")
def test_awswrangler_reads_a_real_file_as_pandas_does(
    wrangler: boto3.Session, client: Callable[..., Any], bucket: str
) -> None:
    source = next(iter(sorted((DATA / "telco_churn").glob("*.csv"))))
    client("s3").upload_file(str(source), bucket, "telco.csv")
    back = wr.s3.read_csv(f"s3://{bucket}/telco.csv", boto3_session=wrangler)
    pd.testing.assert_frame_equal(back, pd.read_csv(source))
