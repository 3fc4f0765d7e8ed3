"""One server a home, on the port that the home remembers; and what a killed one leaves."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_aws import launch
from local_aws.errors import StartError


def s3_of(endpoint: str) -> Any:
    once = Config(retries={"total_max_attempts": 1}, read_timeout=10)
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=endpoint, config=once, **keys)


def state(status: launch.Status, **move: float) -> dict[str, Any]:
    """What the server says of itself; with arguments, after its clock was moved."""
    path, data = ("clock", json.dumps(move).encode()) if move else ("status", None)
    with urllib.request.urlopen(f"{status.Endpoint}/_local/{path}", data=data) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def servers(home: Path) -> list[int]:
    """Processes that have this home in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and str(home).encode() in words:
            found.append(int(path.parent.name))
    return found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "home"
    yield path
    launch.down(path)
    assert servers(path) == []


def test_up_status_down_and_up_again_on_the_same_port(home: Path) -> None:
    assert launch.status(home).Status == "Stopped"
    first = launch.up(home)
    assert launch.status(home) == first
    assert (first.Status, first.Home) == ("Running", str(home))
    assert launch.up(home) == first
    down = launch.down(home)
    assert (down.Status, down.Pid, down.Endpoint) == ("Stopped", None, first.Endpoint)
    assert servers(home) == []
    again = launch.up(home)
    assert (again.Status, again.Endpoint) == ("Running", first.Endpoint)
    assert again.Pid != first.Pid


def test_a_killed_server_starts_again(home: Path) -> None:
    first = launch.up(home)
    assert first.Pid
    os.kill(first.Pid, signal.SIGKILL)
    while launch.locked(home):
        time.sleep(0.01)
    assert launch.status(home).Status == "Stopped"
    assert launch.up(home).Endpoint == first.Endpoint


def test_several_up_at_once_end_with_one_server(home: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: launch.up(home).Pid, range(4)))
    assert len(found) == 1
    assert servers(home) == list(found)


def test_two_homes_do_not_meet(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    try:
        one, two = launch.up(home), launch.up(other)
        assert one.Endpoint != two.Endpoint
        s3_of(one.Endpoint or "").create_bucket(Bucket="here")
        assert s3_of(two.Endpoint or "").list_buckets()["Buckets"] == []
    finally:
        launch.down(other)


def test_a_recorded_port_that_is_taken_is_said_in_one_sentence(home: Path) -> None:
    home.mkdir()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        launch.write_record(home, {"Port": port, "Pid": 1})
        with pytest.raises(StartError) as caught:
            launch.up(home)
        assert launch.status(home).Status == "Stopped"
    assert str(caught.value) == (
        f"Port {port}, which {home / 'server.json'} records for this home, is taken by another program: "
        "end that program, or remove the file to take a new port."
    )
    assert launch.up(home).Endpoint == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("record", [b"", b"{", b"[1]", b'{"Port": "x"}', b'{"Port": 99999}', b"\xff\xfe"])
def test_a_broken_record_is_as_good_as_none(home: Path, record: bytes) -> None:
    home.mkdir()
    (home / "server.json").write_bytes(record)
    assert launch.record_of(home) == {}
    assert launch.status(home).Status == "Stopped"
    with launch.listen(home) as listener:
        assert listener.getsockname()[1] > 0


def test_a_stale_lock_keeps_nobody_out_and_kills_no_stranger(home: Path) -> None:
    home.mkdir()
    (home / "lock").write_text(str(os.getpid()))
    assert not launch.locked(home)
    assert launch.down(home).Status == "Stopped"
    assert launch.up(home).Status == "Running"


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="cannot hold the state of local_aws: Not a directory"):
        launch.up(tmp_path / "file" / "home")


def test_a_home_with_a_broken_database(home: Path) -> None:
    home.mkdir()
    (home / "local_aws.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(StartError, match="file is not a database"):
        launch.up(home)
    assert (home / "local_aws.sqlite").read_bytes() == b"no database" * 1000


def test_the_command_prints_a_document_or_one_sentence(home: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "local_aws", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30)

    up = run("up", "--home", str(home))
    assert (up.returncode, json.loads(up.stdout)["Status"]) == (0, "Running")
    second = run("serve", "--home", str(home))
    assert (second.returncode, second.stderr) == (1, f"local-aws: A server for {home} is running already.\n")
    assert json.loads(run("down", "--home", str(home)).stdout)["Status"] == "Stopped"
    (tmp_path / "images.toml").write_text("[[image]\n")
    broken = run("up", "--home", str(home), "--images", str(tmp_path / "images.toml"))
    assert broken.returncode == 1
    assert broken.stderr.startswith("local-aws: The table of images")
    assert "Traceback" not in broken.stderr


def test_a_request_in_flight_ends_before_the_server_does(home: Path) -> None:
    status = launch.up(home)
    s3 = s3_of(status.Endpoint or "")
    s3.create_bucket(Bucket="data")
    assert status.Pid
    os.kill(status.Pid, signal.SIGTERM)
    while launch.locked(home):
        time.sleep(0.01)
    assert [bucket["Name"] for bucket in s3_of(launch.up(home).Endpoint or "").list_buckets()["Buckets"]] == ["data"]
    assert "Traceback" not in (home / "server.log").read_text()


# the clock


def test_the_clock_is_moved_and_stays_moved(home: Path) -> None:
    status = launch.up(home)
    before = state(status)["Time"]
    moved = state(status, Offset=86_400.0, Rate=100.0)
    assert moved["Time"] - before == pytest.approx(86_400, abs=60)
    time.sleep(0.2)
    later = state(status)["Time"]
    assert 15 < later - moved["Time"] < 2000
    launch.down(home)
    again = state(launch.up(home))
    assert again["Time"] > later
    assert again["Rate"] == 100


@pytest.mark.parametrize("move", [{"Offset": -1.0}, {"Rate": 0.0}, {"Rate": -1.0}])
def test_the_clock_never_runs_backwards(server: launch.Status, move: dict[str, float]) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        state(server, **move)
    assert caught.value.code == 400
    assert "only run forward" in json.load(caught.value)["Error"]


# kills


def content(number: int) -> bytes:
    """Small ones and such as go through a spool file."""
    return hashlib.sha256(str(number).encode()).digest() * (1 if number % 3 else 20_000)


def write_until_it_dies(endpoint: str, writer: int, acknowledged: dict[str, bytes]) -> None:
    s3 = s3_of(endpoint)
    for number in range(10_000):
        key, body = f"{writer}/{number % 40}", content(number)  # comes back to its keys: overwrites as well
        try:
            s3.put_object(Bucket="data", Key=key, Body=body)
        except (BotoCoreError, ClientError):
            acknowledged.pop(key, None)  # it may be the old one or the new one
            return
        acknowledged[key] = body


@pytest.mark.parametrize(
    "seconds", [0.15, pytest.param(0.5, marks=pytest.mark.long), pytest.param(1.0, marks=pytest.mark.long)]
)
def test_kill_9_loses_no_acknowledged_put_and_leaves_none_half_written(home: Path, seconds: float) -> None:
    status = launch.up(home)
    assert status.Endpoint
    assert status.Pid
    s3_of(status.Endpoint).create_bucket(Bucket="data")
    acknowledged: list[dict[str, bytes]] = [{}, {}, {}]
    writers = [
        threading.Thread(target=write_until_it_dies, args=(status.Endpoint, number, acknowledged[number]))
        for number in range(3)
    ]
    for writer in writers:
        writer.start()
    time.sleep(seconds)
    os.kill(status.Pid, signal.SIGKILL)
    for writer in writers:
        writer.join()
    while launch.locked(home):
        time.sleep(0.01)
    s3 = s3_of(launch.up(home).Endpoint or "")
    assert sum(map(len, acknowledged)) > 0
    for written in acknowledged:
        for key, body in written.items():
            assert s3.get_object(Bucket="data", Key=key)["Body"].read() == body
    listed = [item for page in s3.get_paginator("list_objects_v2").paginate(Bucket="data") for item in page["Contents"]]
    for item in listed:
        body = s3.get_object(Bucket="data", Key=item["Key"])["Body"].read()
        assert (len(body), f'"{hashlib.md5(body).hexdigest()}"') == (item["Size"], item["ETag"])
    assert len(list((home / "blobs").glob("??/*"))) == len(listed)


# a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MiB. Only root can mount one; `test_store.py` injects ENOSPC where this one is skipped."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    if not shutil.which("mount") or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a size-limited file system needs the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(s3: Any, stem: str, size: int) -> None:
    for number in range(10_000):
        s3.put_object(Bucket="data", Key=f"{stem}/{number}", Body=b"x" * size)


def test_a_full_disk_is_said_and_harms_nothing(small_disk: Path) -> None:
    home = small_disk / "home"
    try:
        s3 = s3_of(launch.up(home).Endpoint or "")
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="key", Body=b"old")
        with pytest.raises(ClientError, match="is full: free some space and try again"):
            s3.put_object(Bucket="data", Key="key", Body=b"x" * (20 << 20))
        assert [path.stat().st_size for path in (home / "blobs").glob("??/*")] == [len(b"old")]
        for stem, size in (("large", 300_000), ("small", 5000), ("tiny", 1)):  # to the last page of the database
            with pytest.raises(ClientError, match="is full: free some space and try again"):
                fill(s3, stem, size)
        assert s3.get_object(Bucket="data", Key="key")["Body"].read() == b"old"
        assert s3.list_objects_v2(Bucket="data", Prefix="large/")["KeyCount"] > 0
        for path in (home / "blobs").glob("??/*"):  # somebody makes room
            if path.stat().st_size == 300_000:
                path.unlink()
        s3.put_object(Bucket="data", Key="key", Body=b"new")
        assert s3.get_object(Bucket="data", Key="key")["Body"].read() == b"new"
    finally:
        launch.down(home)


@pytest.mark.parametrize("record", [None, b"{", b"\xff"])
def test_a_record_that_is_lost_while_the_server_runs_is_found_again_through_the_lock(
    home: Path, record: bytes | None
) -> None:
    first = launch.up(home)
    (home / "server.json").unlink()
    if record is not None:
        (home / "server.json").write_bytes(record)
    assert launch.status(home) == first
    assert launch.up(home) == first
    assert launch.record_of(home)["Port"] == int((first.Endpoint or "").rpartition(":")[2])
    assert launch.down(home).Status == "Stopped"
    assert launch.up(home).Endpoint == first.Endpoint


def test_a_full_disk_at_start_is_said(tmp_path: Path, request: Any) -> None:
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", tmp_path]).returncode:
        pytest.skip("this needs the right to mount a small file system")
    request.addfinalizer(lambda: subprocess.run(["umount", "-l", tmp_path], check=False))
    fill = subprocess.run(["cp", "/dev/zero", tmp_path / "filler"], capture_output=True, text=True)
    assert "No space left" in fill.stderr
    with pytest.raises(StartError, match=r"The disk below .* is full: free some space"):
        launch.up(tmp_path / "home")


@pytest.mark.parametrize(
    "move",
    [
        '{"Offset": 1e308}', '{"Offset": 1e400}', '{"Offset": NaN}', '{"Offset": -1}', '{"Offset": 1e12}',
        '{"Rate": 0}', '{"Rate": NaN}', '{"Rate": 1e9}', '{"Rate": "2"}', '{"Offset": 1' + "0" * 400 + "}", "[" * 9999,
    ],
    ids=lambda move: move[:20],
)  # fmt: skip
def test_a_clock_that_would_run_away_is_refused(server: launch.Status, move: str) -> None:
    before = state(server)["Time"]
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.Endpoint}/_local/clock", data=move.encode())
    assert caught.value.code == 400
    assert json.load(caught.value)["Error"]
    assert 0 <= state(server)["Time"] - before < 60


def test_what_the_machine_does_not_have_is_not_found(server: launch.Status) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.Endpoint}/_local/nope")
    assert caught.value.code == 404
    assert "/_local/nope" in json.load(caught.value)["Error"]
