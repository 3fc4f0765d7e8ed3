"""A forest in a file: the same after reading, the same bytes each time, and a sentence for what is no forest."""

import contextlib
import itertools
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from contract.errors import InputError
from random_cut_forest import RandomCutForest
from random_cut_forest.storage import read, write
from random_cut_forest.trees import Trees

Floats = NDArray[np.float64]


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(2, 40), st.integers(0, 2**64 - 1))
def test_the_same_forest_after_reading(tmp_path_factory, features: int, samples: int, seed: int) -> None:
    path = tmp_path_factory.mktemp("forest") / "forest"
    rows = np.random.default_rng(0).normal(size=(200, features)).round(1)
    forest = RandomCutForest(num_trees=5, num_samples_per_tree=samples, seed=seed).fit(rows)
    forest.save(path)
    loaded = RandomCutForest.load(path)
    assert np.array_equal(loaded.score(rows), forest.score(rows))
    assert (loaded.num_trees, loaded.num_samples_per_tree, loaded.seed) == (5, samples, seed)
    again = path.with_name("again")
    loaded.save(again)
    assert again.read_bytes() == path.read_bytes()


def test_every_damaged_byte_is_refused_or_harmless(forest: RandomCutForest, gaussian: Floats, tmp_path: Path) -> None:
    """Zip files carry dates and attributes that nobody reads; whatever else changes must be noticed."""
    RandomCutForest(num_trees=2, num_samples_per_tree=8).fit(gaussian).save(tmp_path / "small")
    content = (tmp_path / "small").read_bytes()
    expected = RandomCutForest.load(tmp_path / "small").score(gaussian[:20])
    refused = 0
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 0x5A
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            loaded = RandomCutForest.load(tmp_path / "damaged")
        except InputError:
            refused += 1
        else:
            assert np.array_equal(loaded.score(gaussian[:20]), expected), place
    assert refused > 0.8 * len(content) / 3


def test_every_damaged_bit_of_a_directory_entry_is_refused_or_harmless(gaussian: Floats, tmp_path: Path) -> None:
    """There it says how a member is packed, by which version, and whether encrypted."""
    path = tmp_path / "forest"
    RandomCutForest(num_trees=2, num_samples_per_tree=4).fit(gaussian).save(path)
    content, expected = path.read_bytes(), RandomCutForest.load(path).score(gaussian[:3])
    entry = content.index(b"PK\1\2")
    for place, bit in itertools.product(range(entry, content.index(b"PK\1\2", entry + 1)), range(8)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
        with contextlib.suppress(InputError):
            assert np.array_equal(RandomCutForest.load(path).score(gaussian[:3]), expected), (place, bit)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, 9, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_members_that_claim_to_be_compressed_are_refused(gaussian: Floats, tmp_path: Path, method: int) -> None:
    """Whatever the decompressor makes of their bytes."""
    path = tmp_path / "forest"
    RandomCutForest(num_trees=5, num_samples_per_tree=256).fit(gaussian).save(path)
    content = path.read_bytes()
    for entry in re.finditer(b"PK\1\2", content):
        place = entry.start() + 10
        path.write_bytes(content[:place] + bytes([method]) + content[place + 1 :])
        with pytest.raises(InputError, match="is damaged"):
            RandomCutForest.load(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_cut_short_is_refused(forest: RandomCutForest, tmp_path: Path, share: float) -> None:
    path = tmp_path / "forest"
    forest.save(path)
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(InputError, match="is no Random Cut Forest or is damaged"):
        RandomCutForest.load(path)


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing is missing\."):
        RandomCutForest.load(tmp_path / "nothing")
    (tmp_path / "text").write_text("1,2,3\n" * 100)
    with pytest.raises(InputError, match="is no Random Cut Forest"):
        RandomCutForest.load(tmp_path / "text")
    np.savez(tmp_path / "arrays.npz", roots=np.arange(3))
    with pytest.raises(InputError, match="its format is not"):
        RandomCutForest.load(tmp_path / "arrays.npz")
    with pytest.raises(InputError, match="is no Random Cut Forest"):
        RandomCutForest.load(tmp_path)


def test_nothing_that_runs_is_in_the_file(forest: RandomCutForest, tmp_path: Path) -> None:
    forest.save(tmp_path / "forest")
    with zipfile.ZipFile(tmp_path / "forest") as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                np.lib.format.read_array(member, allow_pickle=False)


def test_a_failed_write_leaves_the_old_file(forest: RandomCutForest, tmp_path: Path) -> None:
    path = tmp_path / "forest"
    forest.save(path)
    before = path.read_bytes()
    with pytest.raises(OverflowError):
        write(path, forest.trees, seed=-1)
    assert path.read_bytes() == before


def change(trees: Trees, name: str, place: object, value: float) -> Trees:
    members = {member: getattr(trees, member).copy() for member in Trees.__dataclass_fields__}
    members[name][place] = value
    return Trees(**members)


@pytest.mark.parametrize(
    ("name", "place", "value", "fault"),
    [
        ("left", 0, 0, "a child is out of place"),
        ("left", 0, 10**6, "a child is out of place"),
        ("left", 0, 3, "a node has no parent or several"),
        ("left", 0, -1, "differ in number"),
        ("feature", 0, 5, "a cut is out of place"),
        ("mass", 0, 0, "a cut is out of place"),
        ("cut", 0, float("nan"), "not finite"),
        ("points", (0, 0), float("inf"), "not finite"),
    ],
)
def test_arrays_that_make_no_forest_are_refused(
    forest: RandomCutForest, tmp_path: Path, name: str, place: object, value: float, fault: str
) -> None:
    write(tmp_path / "forest", change(forest.trees, name, place, value), 0)
    with pytest.raises(InputError, match=fault):
        read(tmp_path / "forest")
