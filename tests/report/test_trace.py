"""The `.npz` of a recording: names, shapes, and a file that is whole or not there."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.errors import UsageError
from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN, CellKind, other_cell
from lstm_tui.recurrent.recording import LayerTrace, Recording
from lstm_tui.report.trace import trace_arrays, write_trace

CELLS = [LSTM, GRU, SIMPLE_RNN, other_cell(3)]


def layer(path: str, cell: CellKind, shape: tuple[int, int, int], *, masked: bool = False) -> LayerTrace:
    generator = np.random.default_rng(0)
    steps = {name: generator.normal(size=shape).astype(np.float32) for name in cell.series}
    initial = {name: np.zeros((shape[0], shape[2]), np.float32) for name in cell.states}
    return LayerTrace(path, cell, steps, initial, np.ones(shape[:2], bool) if masked else None)


def recording(*layers: LayerTrace, prefix: bool = False) -> Recording:
    output = np.arange(6, dtype=np.float32).reshape(2, 3)
    return Recording(
        inputs={"x": np.zeros((2, 4, 5), np.float32)},
        outputs={"dense": output},
        layers=layers,
        prefix={"dense": np.repeat(output[:, None], 4, axis=1)} if prefix else {},
    )


def test_each_cell_has_the_keys_that_scripts_rely_on():
    keys = {cell.name: set(trace_arrays(recording(layer("P", cell, (2, 4, 3))))) for cell in CELLS}
    assert keys["lstm"] == {"P/h", "P/c", "P/i", "P/f", "P/o", "P/g", "output/dense"}
    assert keys["gru"] == {"P/h", "P/z", "P/r", "P/g", "output/dense"}
    assert keys["simple_rnn"] == {"P/h", "output/dense"}
    assert keys["other"] == {"P/state_0", "P/state_1", "P/state_2", "output/dense"}


def test_masks_prefixes_and_later_calls_have_their_own_keys():
    both = [layer("a/lstm", LSTM, (2, 4, 3), masked=True), layer("a/lstm#2", SIMPLE_RNN, (2, 4, 3))]
    arrays = trace_arrays(recording(*both, prefix=True))
    assert arrays["a/lstm/mask"].shape == (2, 4)
    assert "a/lstm#2/mask" not in arrays
    assert arrays["a/lstm#2/h"].shape == (2, 4, 3)
    assert arrays["prefix/dense"].shape == (2, 4, 3)


def test_without_a_defined_prefix_there_is_none():
    assert not [key for key in trace_arrays(recording()) if key.startswith("prefix/")]


@given(
    cell=st.sampled_from(CELLS),
    shape=st.tuples(*[st.integers(1, 4)] * 3),
    name=st.text(st.characters(blacklist_categories=["C"], blacklist_characters="/"), min_size=1, max_size=8),
)
def test_what_is_written_is_read_back_to_the_bit(tmp_path_factory, cell, shape, name):
    path = tmp_path_factory.mktemp("trace") / "out.npz"
    made = recording(layer(f"model/{name}", cell, shape, masked=True))
    write_trace(made, path)
    with np.load(path, allow_pickle=False) as read:
        expected = trace_arrays(made)
        assert set(read.files) == set(expected)
        assert all(np.array_equal(read[key], expected[key]) for key in expected)


def test_the_file_gets_the_name_that_was_asked_for(tmp_path):
    write_trace(recording(), tmp_path / "trace.dat")
    assert [path.name for path in tmp_path.iterdir()] == ["trace.dat"]
    assert stat.S_IMODE((tmp_path / "trace.dat").stat().st_mode) & stat.S_IRUSR


def test_an_array_that_would_need_pickle_leaves_nothing_and_keeps_what_was_there(tmp_path):
    path = tmp_path / "out.npz"
    path.write_bytes(b"the trace of yesterday")
    broken = recording(LayerTrace("P", SIMPLE_RNN, {"h": np.array([[[object()]]])}, {}))
    with pytest.raises(ValueError, match="allow_pickle"):
        write_trace(broken, path)
    assert path.read_bytes() == b"the trace of yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path):
    with pytest.raises(UsageError) as raised:
        write_trace(recording(), tmp_path / "missing" / "out.npz")
    assert "out.npz" in str(raised.value)
    assert "folder" in str(raised.value)


def test_a_directory_in_the_way_is_said_in_words(tmp_path):
    (tmp_path / "out.npz").mkdir()
    with pytest.raises(UsageError):
        write_trace(recording(), tmp_path / "out.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["out.npz"]


def test_relative_paths_are_written_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_trace(recording(), Path("out.npz"))
    assert (tmp_path / "out.npz").is_file()
