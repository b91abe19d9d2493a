"""Scaler files: scikit-learn's own, in every form that it writes, and nothing that runs."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from lstm_tui.arrays import scaler_files
from lstm_tui.arrays.scaler_files import read_scaler
from lstm_tui.errors import ScalerFileError

SAMPLE = np.random.default_rng(0).normal(3.0, 10.0, size=(50, 4)) * [1, 10, 0.1, 0] + [0, 5, -3, 7]
SCALERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    StandardScaler(with_mean=False, with_std=False),
    MinMaxScaler(),
    MinMaxScaler((-1, 1)),
    MinMaxScaler((0, 0.5), clip=True),
    RobustScaler(),
    RobustScaler(with_centering=False),
    RobustScaler(with_scaling=False),
    RobustScaler(quantile_range=(10, 90), unit_variance=True),
    MaxAbsScaler(),
]
COMPRESSIONS: list[Any] = [0, 3, ("zlib", 9), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]


def assert_same(path: Path, scaler: Any, dtype: str) -> None:
    """What is read scales, and unscales, as the scaler itself does."""
    rescale = read_scaler(path)
    fresh = SAMPLE[:7].astype(dtype) * 1.5
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == "f4" else {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(rescale.apply(fresh), scaler.transform(fresh), **tolerance)
    scaled = scaler.transform(fresh)
    np.testing.assert_allclose(
        rescale.inverted().apply(scaled), scaler.inverse_transform(scaled), **tolerance
    )
    assert rescale.apply(fresh).dtype == np.dtype(dtype)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_pickled_scalers(tmp_path: Path, scaler: Any, dtype: str, protocol: int) -> None:
    scaler.fit(SAMPLE.astype(dtype))
    path = tmp_path / "scaler.pkl"
    path.write_bytes(pickle.dumps(scaler, protocol=protocol))
    assert_same(path, scaler, dtype)


@pytest.mark.parametrize("compress", COMPRESSIONS, ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_joblib_scalers(tmp_path: Path, scaler: Any, dtype: str, compress: Any) -> None:
    scaler.fit(SAMPLE.astype(dtype))
    path = tmp_path / "scaler.joblib"
    joblib.dump(scaler, path, compress=compress)
    assert_same(path, scaler, dtype)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_joblib_at_every_protocol(tmp_path: Path, protocol: int) -> None:
    scaler = StandardScaler().fit(SAMPLE)
    joblib.dump(scaler, tmp_path / "scaler.joblib", protocol=protocol)
    assert_same(tmp_path / "scaler.joblib", scaler, "f8")


@pytest.mark.parametrize("how", ["pickle", "joblib", "joblib-compressed"])
@pytest.mark.parametrize("names", [4, 3000])
def test_scalers_with_the_names_of_their_features(tmp_path: Path, how: str, names: int) -> None:
    sample = np.random.default_rng(0).normal(size=(20, names))
    scaler = StandardScaler().fit(sample)
    scaler.feature_names_in_ = np.array([f"feature {index}" for index in range(names)], dtype=object)
    path = tmp_path / "scaler.joblib"
    if how == "pickle":
        path.write_bytes(pickle.dumps(scaler))
    else:
        joblib.dump(scaler, path, compress=3 if how.endswith("compressed") else 0)
    np.testing.assert_allclose(read_scaler(path).apply(sample), (sample - scaler.mean_) / scaler.scale_)


@pytest.mark.parametrize("shape", [(20, 1), (3, 2000)])
def test_one_feature_and_thousands(tmp_path: Path, shape: tuple[int, int]) -> None:
    sample = np.random.default_rng(0).normal(size=shape)
    scaler = MinMaxScaler().fit(sample)
    joblib.dump(scaler, tmp_path / "scaler.joblib")
    rescaled = read_scaler(tmp_path / "scaler.joblib").apply(sample)
    np.testing.assert_allclose(rescaled, scaler.transform(sample), atol=1e-12)


def test_files_of_numpy_1_and_of_older_releases_of_scikit_learn(tmp_path: Path) -> None:
    scaler = StandardScaler().fit(SAMPLE)
    old = pickle.dumps(scaler, protocol=3)
    old = old.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    old = old.replace(b"sklearn.preprocessing._data", b"sklearn.preprocessing.data")
    path = tmp_path / "scaler.pkl"
    path.write_bytes(old)
    assert_same(path, scaler, "f8")


def test_a_scaler_edited_by_hand_counts_as_edited(tmp_path: Path) -> None:
    """People cut a scaler of all features down to the target's by setting `scale_` and `min_`."""
    scaler = MinMaxScaler().fit(SAMPLE)
    scaler.min_, scaler.scale_ = scaler.min_[:1], scaler.scale_[:1]
    path = tmp_path / "scaler.pkl"
    path.write_bytes(pickle.dumps(scaler))
    np.testing.assert_allclose(
        read_scaler(path).apply(SAMPLE[:, :1]), SAMPLE[:, :1] * scaler.scale_ + scaler.min_
    )


@pytest.mark.parametrize("suffix", [".json", ".npz"])
@pytest.mark.parametrize(
    "numbers",
    [
        {"mean": [1.0, 2.0], "scale": [3.0, 4.0]},
        {"mean_": [1.0, 2.0], "scale_": [3.0, 4.0], "var_": [9.0, 16.0]},
        {"center": [1.0, 2.0], "scale": [3.0, 4.0]},
        {"data_min_": [1.0, 2.0], "data_max_": [4.0, 6.0]},
    ],
)
def test_numbers_by_name(tmp_path: Path, suffix: str, numbers: dict[str, list[float]]) -> None:
    path = tmp_path / f"scaler{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps(numbers))
    else:
        np.savez(path, **{name: np.array(values) for name, values in numbers.items()})
    rescale = read_scaler(path)
    assert (rescale.center.tolist(), rescale.scale.tolist()) == ([1, 2], [3, 4])
    assert rescale.origin.endswith(f"scaler{suffix}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[1, 2]", "holds no mapping"),
        ("{", "is not JSON"),
        ('{"mean": [1]}', "says mean"),
        ('{"method": "standard", "mean": [1], "scale": ["a"]}', "scale is not a number"),
        ('{"mean": [1, 2], "scale": [1, 2, 3]}', "shapes"),
        ('{"mean": [NaN], "scale": [1]}', "NaN or inf"),
    ],
)
def test_json_that_is_no_scaler_is_told(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "scaler.json"
    path.write_text(content)
    with pytest.raises(ScalerFileError, match=told) as refusal:
        read_scaler(path)
    assert refusal.value.expected


def refusal_of(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "scaler.pkl"
    path.write_bytes(content)
    with pytest.raises(ScalerFileError) as refusal:
        read_scaler(path)
    assert refusal.value.expected
    return refusal.value.happened


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (make_pipeline(StandardScaler()).fit(SAMPLE), "sklearn.pipeline.Pipeline"),
        (PowerTransformer().fit(SAMPLE[:, :3]), "PowerTransformer"),
        (QuantileTransformer(n_quantiles=5).fit(SAMPLE), "QuantileTransformer"),
        ({"x": 1}, "a dict, not a scaler"),
        ([StandardScaler().fit(SAMPLE)], "a list, not a scaler"),
        (np.zeros(3), "not a scaler"),
        (StandardScaler(), "it was not fitted"),
        ({1, 2}, "EMPTY_SET"),
        (Path("x"), "pathlib"),
        (len, "builtins.len"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_other_things_are_refused_by_name(tmp_path: Path, value: object, named: str) -> None:
    assert named in refusal_of(tmp_path, pickle.dumps(value))


class Calls:
    """Pickles as a call of anything."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


MARK = "an-attack-went-off"
ATTACKS = {
    "os.system": pickle.dumps(Calls(__import__("os").system, f"touch {MARK}")),
    "eval": pickle.dumps(Calls(eval, f"open({MARK!r}, 'w')")),
    "exec": pickle.dumps(Calls(exec, f"open({MARK!r}, 'w')")),
    "open": pickle.dumps(Calls(open, MARK, "w")),
    "getattr": pickle.dumps(Calls(getattr, Calls(__import__, "os"), "system")),
    "nested": pickle.dumps({"scaler": [Calls(eval, "1")]}),
    "old os": b"cos\nsystem\n(S'touch " + MARK.encode() + b"'\ntR.",
    "posix": b"cposix\nsystem\n(S'touch " + MARK.encode() + b"'\ntR.",
    "inst": b"(S'touch " + MARK.encode() + b"'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'touch " + MARK.encode() + b"'\no.",
    "dotted": b"\x80\x04\x8c\x05numpy\x8c\x0eload.__class__\x93.",
    "dotted allowed": b"\x80\x04\x8c\x05numpy\x8c\x15ndarray.__init__.name\x93.",
    "numpy load": b"cnumpy\nload\n(S'x'\ntR.",
    "joblib load": b"cjoblib\nload\n(S'x'\ntR.",
    "numpy runstring": b"cnumpy.testing._private.utils\nrunstring\n(S'1'\ntR.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent": b"\x80\x02U\x01aQ.",
    "global by number": b"\x80\x04K\x01K\x02\x93.",
    "call of a value": b"\x80\x02K\x01)R.",
    "build of a name": b"\x80\x02cnumpy\nndarray\n}b.",
    "dtype of a name": b"\x80\x02cnumpy\ndtype\ncnumpy\nndarray\n\x85R.",
    "encode as rot13": b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.",
    "reconstruct of an object": b"\x80\x02ccopy_reg\n_reconstructor\n"
    + b"c__builtin__\nobject\n" * 2
    + b"N\x87R.",
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("packed", [bytes, zlib.compress])
def test_an_attack_is_inert_and_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str, packed: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refusal_of(tmp_path, packed(ATTACKS[attack]))
    assert not (tmp_path / MARK).exists()


def test_the_refused_name_is_told(tmp_path: Path) -> None:
    assert "posix.system" in refusal_of(tmp_path, ATTACKS["os.system"])
    assert "builtins.eval" in refusal_of(tmp_path, ATTACKS["eval"])


def test_an_attack_inside_a_real_scaler_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scaler = StandardScaler().fit(SAMPLE)
    scaler.mean_ = Calls(__import__("os").system, f"touch {MARK}")
    assert "posix.system" in refusal_of(tmp_path, pickle.dumps(scaler))
    scaler.mean_ = np.array([Calls(__import__("os").system, f"touch {MARK}")], dtype=object)
    joblib.dump(scaler, tmp_path / "scaler.joblib")  # its objects are a pickle inside the pickle
    with pytest.raises(ScalerFileError, match=r"posix\.system"):
        read_scaler(tmp_path / "scaler.joblib")
    assert not (tmp_path / MARK).exists()


def deep_tuples(depth: int) -> bytes:
    """A tuple of two of the same tuples, and so on: its hash or its text would take for ever."""
    pair = b"".join(b"h%c" % index + b"h%c" % index + b"\x86q%c" % (index + 1) for index in range(depth))
    return b"\x80\x02)q\x00" + pair


BOMBS = {
    "a long byte string that is not there": b"\x80\x04\x8e" + (2**40).to_bytes(8, "little") + b"abc.",
    "a long text that is not there": b"\x80\x04\x8d" + (2**62).to_bytes(8, "little") + b"abc.",
    "a byte array that is not there": b"\x80\x05\x96" + (2**62).to_bytes(8, "little") + b"abc.",
    "a long frame": b"\x80\x04\x95" + (2**62).to_bytes(8, "little") + b"N.",
    "a memo far out": b"\x80\x02Nr\xff\xff\xff\x7f.",
    "a key that hashes for ever": deep_tuples(60) + b"}h\x3cNs.",
    "a set that hashes for ever": deep_tuples(60) + b"\x8f(h\x3c\x90.",
    "a state that compares for ever": deep_tuples(60) + b"cnumpy\ndtype\nh\x3c\x85R.",
    "more instructions than any scaler has": b"\x80\x02" + b"}" * 600_000 + b".",
    "a deep nest": b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b".",
    "a number of many digits": b"\x80\x02L" + b"9" * 100_000 + b"L\n.",
}


def joblib_array(shape: bytes, rest: bytes, code: bytes = b"f8") -> bytes:
    """A joblib array of a shape and dtype, spelled in protocol 2, and what follows in the file."""
    dtype = b"cnumpy\ndtype\nX\x02\x00\x00\x00" + code + b"\x85R"
    state = (
        b"}(X\x05\x00\x00\x00shape"
        + shape
        + b"X\x05\x00\x00\x00orderX\x01\x00\x00\x00CX\x05\x00\x00\x00dtype"
    )
    return b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + state + dtype + b"ub" + rest


BOMBS["a joblib array of terabytes"] = joblib_array(b"L1000000000000L\n\x85", b"\0" * 100 + b".")
BOMBS["a joblib array of a negative size"] = joblib_array(b"I-5\n\x85", b"\0" * 100 + b".")
BOMBS["pickles inside pickles"] = joblib_array(b"I1\n\x85", b"", b"O8") * 1000
BOMBS["a joblib array of many axes"] = joblib_array(b"(" + b"I1\n" * 40 + b"t", b"\0" * 100 + b".")


def test_the_hand_made_joblib_arrays_are_well_formed(tmp_path: Path) -> None:
    """Else the bombs made of them would be refused for another reason."""
    joblib_file = joblib_array(b"I2\n\x85", np.array([1.0, 2.0]).tobytes() + b".")
    assert "something else, not a scaler" in refusal_of(tmp_path, joblib_file)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_little_memory(tmp_path: Path, bomb: str) -> None:
    tracemalloc.start()
    try:
        assert refusal_of(tmp_path, BOMBS[bomb])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150_000_000


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress, bz2.compress, lzma.compress])
def test_a_compression_bomb_is_refused_at_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Any
) -> None:
    monkeypatch.setattr(scaler_files, "MAX_SCALER_BYTES", 1_000_000)
    content = pack(b"\0" * 50_000_000)
    assert len(content) < 100_000
    tracemalloc.start()
    assert "unpacks to more than" in refusal_of(tmp_path, content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_an_lzma_stream_that_asks_for_a_large_dictionary_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**28}]
    small = lzma.compress(b"x", format=lzma.FORMAT_XZ, filters=filters)
    assert "damaged" in refusal_of(tmp_path, small)


def test_lz4_is_refused_by_name(tmp_path: Path) -> None:
    assert "lz4" in refusal_of(tmp_path, b"\x04\x22\x4d\x18" + b"\0" * 50)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "scaler.pkl"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(ScalerFileError, match="1 TB"):
        read_scaler(path)
    path.unlink()  # whoever looks through the folder of temporary files must not try to read it


@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("xz", 3)])
def test_a_truncated_file_is_told(tmp_path: Path, compress: Any) -> None:
    buffer = io.BytesIO()
    joblib.dump(StandardScaler().fit(SAMPLE), buffer, compress=compress)
    content = buffer.getvalue()
    for cut in range(1, len(content) - 1, 13):
        assert refusal_of(tmp_path, content[:cut])


@given(place=st.integers(0, 5000), byte=st.integers(0, 255), protocol=st.integers(0, 5))
def test_a_damaged_file_gives_a_rescale_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, protocol: int
) -> None:
    content = bytearray(pickle.dumps(StandardScaler().fit(SAMPLE), protocol=protocol))
    content[place % len(content)] = byte
    path = tmp_path_factory.mktemp("scaler") / "scaler.pkl"
    path.write_bytes(content)
    try:
        rescale = read_scaler(path)
    except ScalerFileError as refusal:
        assert refusal.happened
        return
    assert np.isfinite(rescale.center).all()
    assert (rescale.scale > 0).all()


@given(content=st.binary(max_size=60), header=st.sampled_from([b"", b"\x80\x02", b"\x80\x05", b"("]))
def test_any_bytes_give_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, header: bytes
) -> None:
    path = tmp_path_factory.mktemp("scaler") / "scaler.joblib"
    path.write_bytes(header + content + b".")
    with pytest.raises(ScalerFileError):
        read_scaler(path)
