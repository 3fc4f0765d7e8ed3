"""Archives that came whole, and those that did not; who unpacks them says so."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from archives_kit import tar

from local_aws import tar as archives
from local_aws.delivery.builds import artifacts
from local_aws.operations import Aws
from local_aws.s3 import buckets, objects
from local_aws.serving.artefacts import Artefacts
from local_aws.serving.failure import ServingError

TEXT = "".join(random.Random(1).choices("abcdefgh ", k=20_000))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "model.tar.gz").write_bytes(tar({"model": TEXT}))
    return tmp_path / "model.tar.gz"


def test_an_archive_that_is_whole(archive: Path, tmp_path: Path) -> None:
    archives.extract(archive, tmp_path / "into")
    assert (tmp_path / "into/model").read_text() == TEXT


def test_no_damage_goes_unseen(archive: Path, tmp_path: Path) -> None:
    """A bit anywhere in the compressed bytes and their sum, and a missing end."""
    whole = archive.read_bytes()
    damaged = [whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :] for at in range(10, len(whole) - 4, 97)]
    for number, content in enumerate([*damaged, whole[:-1], whole[: len(whole) // 2], b"", b"no archive"]):
        archive.write_bytes(content)
        with pytest.raises((tarfile.TarError, OSError)):
            archives.extract(archive, tmp_path / str(number))


def test_a_damaged_model_is_not_served_and_leaves_nothing(aws: Aws, archive: Path, tmp_path: Path) -> None:
    buckets.create_bucket(aws, {"Bucket": "models"})
    whole = archive.read_bytes()
    for at in range(1000, len(whole), 1999):
        objects.put(aws, "models", "m", objects.stage(aws, whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]))
        with pytest.raises(ServingError, match="s3://models/m cannot be unpacked"):
            Artefacts(aws, tmp_path / "models").take("s3://models/m")
    assert not any((tmp_path / "models").iterdir())


def test_a_damaged_zip_is_said_to_be_one(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("code", TEXT)
    whole = content.getvalue()
    for number, at in enumerate(range(40, len(whole) - 200, 197)):
        (tmp_path / "code.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises(artifacts.ArtifactError, match="no zip that can be read"):
            artifacts.unpack(tmp_path / "code.zip", tmp_path / str(number))
