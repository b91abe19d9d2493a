"""`.npy` and `.npz`: dtypes stay, declared sizes are judged first, nothing is unpickled."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.arrays.files import read_arrays
from lstm_tui.errors import InputFileError

NUMBERS = st.sampled_from(
    ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">f4", ">i8", ">f8"]
)
ARRAYS = NUMBERS.flatmap(
    lambda dtype: hnp.arrays(
        np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
    )
)


def npy_with_header(header: str, data: bytes = b"") -> bytes:
    encoded = header.encode("latin1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(encoded)) + encoded + data


@given(array=ARRAYS, fortran=st.booleans())
def test_npy_gives_back_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, fortran: bool
) -> None:
    path = tmp_path_factory.mktemp("npy") / "x.npy"
    np.save(path, np.asfortranarray(array) if fortran else array)
    read = read_arrays(path)[""]
    assert read.dtype == array.dtype.newbyteorder("=")
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, array)


@given(
    arrays=st.dictionaries(st.sampled_from(["x", "y", "a/b", "h0"]), ARRAYS, min_size=1), packed=st.booleans()
)
def test_npz_gives_back_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, np.ndarray], packed: bool
) -> None:
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    (np.savez_compressed if packed else np.savez)(path, **arrays)
    read = read_arrays(path)
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)


def test_nan_and_inf_are_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([np.nan, np.inf, -np.inf]))
    np.testing.assert_array_equal(read_arrays(tmp_path / "x.npy")[""], [np.nan, np.inf, -np.inf])


@pytest.mark.parametrize(
    "shape", ["(1000000000000,)", "(10**2, 3)", "(99999999, 99999999, 99999999)", "(-1, 5)"]
)
def test_a_small_file_that_declares_terabytes_is_refused_without_allocating(
    tmp_path: Path, shape: str
) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(
        npy_with_header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n", b"\0" * 24)
    )
    tracemalloc.start()
    with pytest.raises(InputFileError):
        read_arrays(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_member_that_declares_terabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy_with_header(header, b"\0" * 1000))
    with pytest.raises(InputFileError, match="8 TB"):
        read_arrays(path)


def test_a_zip_bomb_is_refused_by_the_bound_on_all_members_together(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, **{f"x{index}": np.zeros(100_000) for index in range(10)})
    assert len(read_arrays(path, max_bytes=8_000_000)) == 10
    with pytest.raises(InputFileError, match="at most"):
        read_arrays(path, max_bytes=7_000_000)


def test_the_bound_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(1000))
    with pytest.raises(InputFileError, match=r"8 kB, shape \(1000,\)") as told:
        read_arrays(path, max_bytes=7999)
    assert "at most" in told.value.expected
    assert read_arrays(path, max_bytes=8000)[""].shape == (1000,)


@pytest.mark.parametrize("cut", [5, 50, 127, 128, 129, 200])
def test_a_truncated_file_is_told(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(100))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputFileError):
        read_arrays(path)


def test_a_truncated_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x=np.random.default_rng(0).normal(size=1000))
    content = path.read_bytes()
    for cut in range(1, len(content) - 1, 400):
        path.write_bytes(content[:cut])
        with pytest.raises(InputFileError):
            read_arrays(path)


@given(place=st.integers(0, 1200), byte=st.integers(0, 255))
def test_a_damaged_archive_gives_arrays_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    saved = {"x": np.arange(50.0), "y": np.arange(3)}
    np.savez_compressed(path, **saved)
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content)
    try:
        arrays = read_arrays(path)
    except InputFileError as refusal:
        assert refusal.happened
        return
    for array in arrays.values():  # a checksum guards the data, so that only names can have changed
        assert any(np.array_equal(array, original) for original in saved.values())


@given(header=st.text(max_size=200))
def test_any_header_gives_a_refusal_and_no_other_error(
    tmp_path_factory: pytest.TempPathFactory, header: str
) -> None:
    path = tmp_path_factory.mktemp("npy") / "x.npy"
    path.write_bytes(npy_with_header(header.encode("latin1", "replace").decode("latin1")))
    with pytest.raises(InputFileError):
        read_arrays(path)


@pytest.mark.parametrize("header", ["(" * 9000, "{" * 9000, "-" * 9000 + "1", "[" * 4000 + "]" * 4000])
def test_a_header_that_nests_without_end_is_refused(tmp_path: Path, header: str) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(npy_with_header(header))
    with pytest.raises(InputFileError, match="header"):
        read_arrays(path)


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("bomb-went-off"),))


def test_pickled_objects_are_refused_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.savez("y.npz", x=np.array([Bomb()], dtype=object))
    Path("z.npy").write_bytes(pickle.dumps(Bomb()))
    for name in ("x.npy", "y.npz"):
        with pytest.raises(InputFileError, match="Python objects"):
            read_arrays(name)
    with pytest.raises(InputFileError, match="a Python pickle"):
        read_arrays("z.npy")
    assert not Path("bomb-went-off").exists()


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a", "b"]),
        np.array([b"a"]),
        np.array([1j]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.zeros(2, dtype=[("open", "f4"), ("close", "f4")]),
        np.zeros(2, dtype=np.longdouble),
    ],
)
def test_what_is_no_plain_number_is_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputFileError, match="not numbers"):
        read_arrays(tmp_path / "x.npy")


def test_an_archive_of_something_else_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(InputFileError, match="0 arrays"):
        read_arrays(tmp_path / "x.npz")


def test_a_member_with_a_wrong_magic_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", "hello")
    with pytest.raises(InputFileError, match=r"x in .* is not a \.npy"):
        read_arrays(tmp_path / "x.npz")


def test_ten_million_steps_are_mapped_and_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    steps = 10_000_000
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (steps, 5)}
    )
    with path.open("wb") as file:  # a sparse file: the disk holds only the header and the last step
        file.write(header.getvalue())
        file.seek(len(header.getvalue()) + (steps * 5 - 5) * 4)
        file.write(np.arange(5, dtype="<f4").tobytes())
    tracemalloc.start()
    read = read_arrays(path)[""]
    last = read[-1].tolist()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    path.unlink()  # the mapping holds on to it
    assert read.shape == (steps, 5)
    assert last == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert peak < 5_000_000
