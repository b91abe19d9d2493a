"""Reading input files: what every kind of file shares."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.arrays.files import INPUT_SUFFIXES, read_array, read_arrays
from lstm_tui.errors import InputFileError


@pytest.mark.parametrize("suffix", INPUT_SUFFIXES)
def test_a_missing_file_is_told_with_the_nearest_name(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"prices{suffix}").write_text("x")
    with pytest.raises(InputFileError, match="There is no file") as told:
        read_arrays(tmp_path / f"price{suffix}")
    assert f"prices{suffix}" in told.value.todo


@pytest.mark.parametrize("suffix", INPUT_SUFFIXES)
def test_an_empty_file_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.touch()
    with pytest.raises(InputFileError, match="is empty"):
        read_arrays(path)


@pytest.mark.parametrize("suffix", INPUT_SUFFIXES)
def test_a_directory_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.mkdir()
    with pytest.raises(InputFileError, match="is a directory"):
        read_arrays(path)


@pytest.mark.parametrize("suffix", INPUT_SUFFIXES)
def test_a_pipe_is_refused_without_waiting(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    os.mkfifo(path)
    with pytest.raises(InputFileError, match="device or pipe"):
        read_arrays(path)


@pytest.mark.parametrize("suffix", INPUT_SUFFIXES)
@pytest.mark.parametrize(
    "content", [b"\x00" * 50, b"\xff\xfe\x00\x01", b"hello", b"PK\x03\x04", os.urandom(300)]
)
def test_what_is_no_array_is_refused_and_nothing_else_is_raised(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputFileError) as told:
        read_arrays(path)
    assert told.value.happened
    assert told.value.expected


def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputFileError, match=r"ends in \.parquet") as told:
        read_arrays(path)
    assert ".npy" in told.value.expected


def test_a_path_that_cannot_be_is_told() -> None:
    with pytest.raises(InputFileError, match="cannot be opened"):
        read_arrays("x\0.npy")


def test_a_key_must_be_there_and_the_nearest_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x_train=np.zeros((2, 3)), x_test=np.ones((2, 3)))
    assert list(read_arrays(path, key="x_test")) == ["x_test"]
    with pytest.raises(InputFileError, match="no array x_tset") as told:
        read_arrays(path, key="x_tset")
    assert "x_test" in told.value.todo


def test_key_and_columns_are_refused_where_they_mean_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((2, 3)))
    with pytest.raises(InputFileError, match="one array without a name"):
        read_arrays(path, key="x")
    with pytest.raises(InputFileError, match="no columns"):
        read_arrays(path, columns=[0])


def test_one_array_is_asked_for_by_key_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x=np.zeros((2, 3)), y=np.ones(2))
    assert read_array(path, key="y").tolist() == [1.0, 1.0]
    with pytest.raises(InputFileError, match="holds 2 arrays: x, y"):
        read_array(path)


def test_what_is_read_cannot_be_written_through(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="read-only"):
        read_arrays(path)[""][0, 0] = 1.0


def test_names_from_a_file_are_safe_to_print(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a\\u001b[31m\\u202eb": [1, 2]}')
    (name,) = read_arrays(path)
    assert "\x1b" not in name
    assert "\u202e" not in name
