"""Which objects become which files of a job."""

from pathlib import Path

import pytest

from local_aws.jobs import inputs
from local_aws.jobs.failure import JobError
from local_aws.jobs.folder import HostFolder
from local_aws.operations import Aws
from local_aws.s3 import buckets, objects


@pytest.fixture
def s3(aws: Aws) -> Aws:
    buckets.create_bucket(aws, {"Bucket": "data"})
    return aws


def fetch(aws: Aws, root: Path, *keys: str) -> dict[str, str]:
    """The files below a job's folder once s3://data/in/ is there."""
    for key in keys:
        objects.put(aws, "data", key, objects.stage(aws, key.encode()))
    folder = HostFolder(root / "algo-1", "algo-1", links=False)
    found = inputs.items(aws, inputs.Source("s3://data/in/"))
    inputs.download(aws, found, folder.ml / "processing/in", folder)
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_each_key_goes_to_one_host() -> None:
    found = [inputs.Item("data", f"{number}", f"{number}") for number in range(5)]
    shares = [[item.key for item in inputs.share(found, host, 3)] for host in range(3)]
    assert shares == [["0", "3"], ["1", "4"], ["2"]]


def test_a_key_that_leads_out_of_its_folder_is_refused(s3: Aws, tmp_path: Path) -> None:
    root = tmp_path / "job"
    with pytest.raises(JobError, match=r"the key 'in/\.\./\.\./\.\./out' leads out of its folder"):
        fetch(s3, root, "in/../../../out")
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_the_markers_that_consoles_make_for_folders_are_no_files(s3: Aws, tmp_path: Path) -> None:
    found = fetch(s3, tmp_path / "job", "in/", "in/deep/", "in/deep/a", "in/empty/")
    assert found == {"algo-1/ml/processing/in/deep/a": "in/deep/a"}
