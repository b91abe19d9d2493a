"""Datasets of `.h5` files; whatever would read elsewhere, or more than it says, is refused."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from lstm_tui.arrays.files import read_arrays
from lstm_tui.errors import InputFileError


def test_datasets_come_by_path_with_their_dtype(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = np.arange(6.0).reshape(1, 3, 2)
        file["train/y"] = np.array([1, 2], dtype="i4")
        file.create_dataset("packed", data=np.zeros((100, 10), "f4"), compression="gzip")
        file["flags"] = np.array([True, False])
    arrays = read_arrays(tmp_path / "x.h5")
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        "x": "float64",
        "train/y": "int32",
        "packed": "float32",
        "flags": "bool",
    }
    assert arrays["x"].tolist() == [[[0, 1], [2, 3], [4, 5]]]
    assert list(read_arrays(tmp_path / "x.h5", key="train/y")) == ["train/y"]


def test_a_dataset_that_declares_terabytes_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", shape=(10**6, 10**6), dtype="f8", chunks=(1000, 10))
    assert (tmp_path / "x.h5").stat().st_size < 10_000
    with pytest.raises(InputFileError, match="8 TB"):
        read_arrays(tmp_path / "x.h5")


@pytest.mark.parametrize("link", [h5py.SoftLink("/y"), h5py.ExternalLink("other.h5", "/y")])
def test_links_are_refused(tmp_path: Path, link: object) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["y"] = np.zeros(3)
        file["x"] = link
    with pytest.raises(InputFileError, match=r"x in .* is a link"):
        read_arrays(tmp_path / "x.h5")


def test_data_in_other_files_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 80)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", shape=(10,), dtype="f8", external=[(str(secret), 0, 80)])
    with pytest.raises(InputFileError, match="keeps its data in other files"):
        read_arrays(tmp_path / "x.h5")


def test_virtual_datasets_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["y"] = np.zeros(3)
    layout = h5py.VirtualLayout(shape=(3,), dtype="f8")
    layout[:] = h5py.VirtualSource(tmp_path / "y.h5", "y", shape=(3,))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_virtual_dataset("x", layout)
    with pytest.raises(InputFileError, match="keeps its data in other files"):
        read_arrays(tmp_path / "x.h5")


def test_groups_that_contain_themselves_end(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["group/x"] = np.arange(3.0)
        file["group/again"] = file["group"]
        file["group/top"] = file["/"]
    assert list(read_arrays(tmp_path / "x.h5")) == ["group/x"]


def test_groups_nested_without_end_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["/".join("g" * 40) + "/x"] = np.arange(3.0)
    with pytest.raises(InputFileError, match="nests or holds too much"):
        read_arrays(tmp_path / "x.h5")


@pytest.mark.parametrize("data", ["text", np.array([b"a", b"b"]), h5py.Empty("f4"), np.array([1j])])
def test_what_is_no_number_is_refused(tmp_path: Path, data: object) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = data
    with pytest.raises(InputFileError, match=r"not numbers|without data"):
        read_arrays(tmp_path / "x.h5")


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = np.arange(10_000.0)
    content = (tmp_path / "x.h5").read_bytes()
    for cut in (9, 600, 3000, 40_000):
        (tmp_path / "x.h5").write_bytes(content[:cut])
        with pytest.raises(InputFileError):
            read_arrays(tmp_path / "x.h5")


def test_a_file_without_datasets_is_told(tmp_path: Path) -> None:
    h5py.File(tmp_path / "x.h5", "w").close()
    with pytest.raises(InputFileError, match="holds no arrays"):
        read_arrays(tmp_path / "x.h5")


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros(2))
    (tmp_path / "x.npz").rename(tmp_path / "x.h5")
    with pytest.raises(InputFileError, match="zip archive"):
        read_arrays(tmp_path / "x.h5")
