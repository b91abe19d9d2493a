"""Damaged and hostile bytes: the answer is facts or a `ModelFileError`, never another error."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_tui.errors import ModelFileError
from lstm_tui.model_file import ModelFacts, read_model_file, refuse_unless_trusted, weight_statistics
from lstm_tui.report.inspection import inspection_json, inspection_text

pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")
bounded = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def survives(path: Path) -> None:
    """Every question that can be asked of a file has an answer or a designed refusal."""
    for look in (False, True):
        try:
            facts = read_model_file(path, look_into_weights=look)
        except ModelFileError as error:
            assert error.happened
            continue
        assert isinstance(facts, ModelFacts)
        json.dumps(inspection_json(facts, ()), allow_nan=False)
        inspection_text(facts, ())
        try:
            refuse_unless_trusted(facts, trust=False, custom_objects=False)
        except ModelFileError as error:
            assert error.todo
    try:
        weight_statistics(path)
    except ModelFileError as error:
        assert error.happened


def damaged(data: bytes, changes: list[tuple[int, int]], cut: int) -> bytes:
    altered = bytearray(data)
    for position, value in changes:
        altered[position % len(altered)] = value
    return bytes(altered[: len(altered) - cut % len(altered)])


CHANGES = st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=8)


@bounded
@given(changes=CHANGES, cut=st.one_of(st.just(0), st.integers(0, 2**20)))
def test_a_damaged_archive(craft: Any, changes: list[tuple[int, int]], cut: int) -> None:
    path = craft.keras(*craft.small())
    path.write_bytes(damaged(path.read_bytes(), changes, cut))
    survives(path)


@bounded
@given(changes=CHANGES, cut=st.one_of(st.just(0), st.integers(0, 2**20)))
def test_damaged_weights_in_a_sound_archive(craft: Any, changes: list[tuple[int, int]], cut: int) -> None:
    config, weights = craft.small()
    data = damaged(craft.hdf5_bytes(weights), changes, cut)
    survives(craft.keras(config, members={"model.weights.h5": data}))


@bounded
@given(changes=CHANGES, cut=st.one_of(st.just(0), st.integers(0, 2**20)))
def test_a_damaged_h5_file(craft: Any, changes: list[tuple[int, int]], cut: int) -> None:
    path = craft.h5(craft.small()[0], {"lstm/kernel": craft.small()[1]["layers/lstm/cell/vars/0"]})
    path.write_bytes(damaged(path.read_bytes(), changes, cut))
    survives(path)


@bounded
@given(
    data=st.binary(max_size=300),
    start=st.sampled_from([b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x80\x02"]),
)
def test_any_bytes(tmp_path: Path, data: bytes, start: bytes) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(start + data)
    survives(path)


@bounded
@given(
    members=st.dictionaries(
        st.sampled_from(["config.json", "metadata.json", "model.weights.h5", "x"]), st.binary()
    )
)
def test_any_archive(tmp_path: Path, members: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    path = tmp_path / "model.keras"
    path.write_bytes(buffer.getvalue())
    survives(path)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
    st.sampled_from(["LSTM", "valid", "concat", "channels_first", "x", "lstm", "abc,cd->abd"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
CLASSES = """
    InputLayer LSTM GRU SimpleRNN RNN Bidirectional TimeDistributed Dense EinsumDense Embedding Conv1D
    Conv2DTranspose SeparableConv1D ConvLSTM2D MaxPooling1D ZeroPadding2D Cropping1D UpSampling1D
    GlobalMaxPooling1D AdaptiveMaxPooling1D Flatten Reshape Permute RepeatVector Concatenate Add Dot
    Attention MultiHeadAttention GroupQueryAttention BatchNormalization LayerNormalization Normalization
    PReLU SpectralNormalization STFTSpectrogram CategoryEncoding StringLookup Lambda TFOpLambda
    Functional Sequential My>Own __lambda__
"""
KEYS = """
    name units filters kernel_size strides padding pool_size size cropping output_size axis axes
    target_shape dims n input_dim output_dim equation output_shape bias_axes layer backward_layer cell
    cells layers input_layers output_layers batch_shape shape return_sequences return_state stateful
    unroll merge_mode data_format dilation_rate groups depth_multiplier num_heads key_dim value_dim
    head_dim num_query_heads num_key_value_heads shared_axes frame_length fft_length num_tokens
    output_mode trainable dtype activation kernel_initializer vocabulary time_major build_input_shape
    mean use_bias output_padding
"""


def _entries(inner: Any) -> Any:
    value = st.one_of(VALUES, inner, st.lists(inner, max_size=3))
    config = st.one_of(st.dictionaries(st.sampled_from(KEYS.split()), value, max_size=8), VALUES)
    return st.fixed_dictionaries(
        {"class_name": st.one_of(st.sampled_from(CLASSES.split()), VALUES)},
        optional={
            "config": config,
            "module": st.one_of(st.sampled_from(["keras.layers", "keras", "keras.src.ops.numpy"]), VALUES),
            "registered_name": VALUES,
            "build_config": st.one_of(VALUES, st.fixed_dictionaries({"input_shape": VALUES})),
            "inbound_nodes": st.one_of(VALUES, st.lists(st.lists(st.tuples(st.just("x"), SCALARS, SCALARS)))),
            "shared_object_id": VALUES,
            "compile_config": VALUES,
            "name": VALUES,
        },
    )


ENTRIES = st.recursive(_entries(VALUES), _entries, max_leaves=6)
#: Without weights nothing is read in a child process, which is what takes the time.
NO_WEIGHTS = {"model.weights.h5": None}
SHAPES = st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=5)


@bounded
@given(entry=ENTRIES)
def test_any_configuration(craft: Any, entry: Any) -> None:
    survives(craft.keras(entry, members=NO_WEIGHTS))


@settings(bounded, max_examples=100)
@given(shape=SHAPES, layers=st.lists(ENTRIES, max_size=3))
def test_any_layers_behind_an_input(craft: Any, shape: list[int | None], layers: list[Any]) -> None:
    survives(craft.keras(craft.sequential(craft.input(*shape), *layers), members=NO_WEIGHTS))


@bounded
@given(layers=st.lists(ENTRIES, max_size=3), inputs=VALUES, outputs=VALUES)
def test_any_graph(craft: Any, layers: list[Any], inputs: Any, outputs: Any) -> None:
    graph = craft.layer(
        "Functional", "f", layers=[craft.input(3), *layers], input_layers=inputs, output_layers=outputs
    )
    survives(craft.keras(graph, members=NO_WEIGHTS))
