"""The recorder on the whole zoo: equal to `predict`, equal to single steps, nothing left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from lstm_tui.keras_adapter.feeding import as_model_takes, as_tensors  # noqa: E402
from lstm_tui.keras_adapter.keeping import left_as_found  # noqa: E402
from lstm_tui.keras_adapter.loaded import LoadedModel  # noqa: E402
from lstm_tui.recurrent.calls import Predict, Run, RunPlan  # noqa: E402
from lstm_tui.recurrent.cells import GRU, LSTM  # noqa: E402
from lstm_tui.recurrent.live_layers import placed_layers  # noqa: E402
from tests.keras_adapter import specimens, zoo  # noqa: E402
from tests.keras_adapter.step_by_step import gates, stepped_loops  # noqa: E402

#: Kinds of which some output has no prefix predictions: something looks ahead, or ends by other means.
WITHOUT_PREFIX = {
    "cells_by_hand", "own_loop", "loop_in_the_graph",
    "bidirectional", "bidirectional_sequences", "bidirectional_sum", "bidirectional_mul", "bidirectional_ave",
    "bidirectional_unmerged", "bidirectional_of_two_kinds", "bidirectional_with_state",
    "bidirectional_given_initial_state", "embedding_mask_inside", "stateful_backwards",
    "stateful_bidirectional",
    "masking_bidirectional", "masking_backwards", "go_backwards", "go_backwards_sequences",
    "convolution_that_looks_ahead", "convolution_with_strides",
    "attention_over_steps", "attention_from_last_step", "additive_attention_with_a_mask",
    "pooled_over_time", "flattened",
    "last_step_by_slicing", "shared_and_fed_back",
    "dropout_always_on", "dropout_always_on_behind",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Taken:
    """A specimen after two `predict` calls, of which the second was recorded."""

    name: str
    specimen: specimens.Specimen
    run: Run
    before: Any
    after: Any

    @property
    def recording(self) -> Any:
        assert self.run.recording is not None, self.run.recording_note
        return self.run.recording

    def fed(self) -> Any:
        return as_tensors(self.specimen.model, self.specimen.inputs)

    @contextmanager
    def at_the_second_call(self) -> Iterator[None]:
        """The model as the recorded call found it: states and seeds moved on by the first one."""
        model = self.specimen.model
        seeds = any("seed" in variable.path for variable in model.variables)
        with left_as_found(model):
            if seeds or self.run.outcomes[0].states_after:
                model(self.fed(), training=False)
            yield

    def close(self, one: Any, other: Any) -> bool:
        tolerance = 2e-2 if self.specimen.half else 2e-5
        return np.allclose(np.asarray(one, np.float64), other, rtol=tolerance, atol=tolerance)


#: All tests of a kind run in one worker, which builds it once.
KINDS = [pytest.param(kind, id=kind.__name__) for kind in zoo.ZOO]


@pytest.fixture(scope="module", params=KINDS)
def taken(request: pytest.FixtureRequest) -> Iterator[Taken]:
    kind: Callable[[], specimens.Specimen] = request.param
    specimen = specimens.build(kind)
    before = everything_on(specimen.model)
    plan = RunPlan(specimen.inputs, calls=(Predict(), Predict()), record=1)
    run = LoadedModel.in_memory(specimen.model).run(plan, lambda stage, fraction: None)
    yield Taken(kind.__name__, specimen, run, before, everything_on(specimen.model))
    keras.utils.clear_session()


def everything_on(model: Any) -> dict[str, Any]:
    """Attributes, contents of containers and variables of the model and all its layers, by owner and name."""
    found: dict[str, Any] = {"Layer.__call__": keras.layers.Layer.__call__}
    for place in [("", model), *((place.path, place.layer) for place in placed_layers(model))]:
        for suffix in ("", "cell", "_functional"):
            owner = getattr(place[1], suffix, None) if suffix else place[1]
            for name, value in vars(owner).items() if hasattr(owner, "__dict__") else ():
                contents = list(value) if isinstance(value, list | dict | set) else None
                found[f"{place[0]}.{suffix}.{name}"] = (value, contents)
        for variable in place[1].variables:
            found[f"{place[0]}.{variable.path}"] = keras.ops.convert_to_numpy(variable).copy()
        for index, state in enumerate(keras.tree.flatten(getattr(place[1], "states", None))):
            found[f"{place[0]}.states.{index}"] = (
                None if state is None else keras.ops.convert_to_numpy(state).copy()
            )
    return found


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, tuple):
        (value, contents), (new, new_contents) = one, other
        same_contents = contents is None or (
            len(contents) == len(new_contents)
            and all(a is b or a == b for a, b in zip(contents, new_contents, strict=True))
        )
        return value is new and same_contents
    return one is other


def test_the_output_is_that_of_predict(taken):
    assert taken.run.recording_note == ""
    assert taken.recording.disagreement <= taken.specimen.rounding
    for name, values in taken.run.outcomes[1].outputs.items():
        np.testing.assert_allclose(
            taken.recording.outputs[name], values, atol=taken.specimen.rounding, rtol=0
        )


def test_nothing_is_left_behind(taken):
    assert taken.before.keys() == taken.after.keys()
    assert [name for name in taken.before if not same(taken.before[name], taken.after[name])] == []


def test_states_and_gates_are_those_of_single_steps(taken, monkeypatch):
    model = taken.specimen.model
    with taken.at_the_second_call():
        loops = stepped_loops(model, taken.fed(), monkeypatch)
    traces = iter([trace for trace in taken.recording.layers if taken.name != "cells_by_hand"])
    for loop in loops:
        if loop.layer.name in taken.specimen.unrecorded:
            continue
        states = list(zip(loop.initial, loop.states, strict=True))
        while states:
            trace = next(traces)
            for name in trace.cell.states:
                initial, steps = states.pop(0)
                assert taken.close(trace.initial[name], initial)
                assert taken.close(trace.steps[name], steps), (trace.path, name)
            if trace.cell in {LSTM, GRU} and trace.steps["h"].ndim == 3 and "/cell_" not in trace.path:
                check_gates(taken, trace, loop)
    assert next(traces, None) is None


def check_gates(taken: Taken, trace: Any, loop: Any) -> None:
    first = trace.initial["h"][:, None]
    h = trace.steps["h"]
    before = np.concatenate([h[:, 1:], first] if trace.go_backwards else [first, h[:, :-1]], axis=1)
    expected = gates(loop.layer.cell, loop.inputs, before.astype(np.float64))
    for name, values in expected.items():
        assert taken.close(trace.steps[name], values), (trace.path, name)


def test_every_loop_is_recorded_or_named(taken):
    assert tuple(taken.recording.unrecorded) == taken.specimen.unrecorded
    recurrent = [place.path for place in placed_layers(taken.specimen.model) if place.is_rnn]
    told = {trace.path.partition("#")[0] for trace in taken.recording.layers} | set(
        taken.recording.unrecorded
    )
    for path in recurrent:
        assert any(name == path or name.startswith(f"{path}/cell_") for name in told), path


def test_a_second_call_starts_where_the_first_one_ended(taken):
    first, second = taken.run.outcomes
    assert set(second.states_before) == set(first.states_after)
    for name, values in second.states_before.items():
        assert np.array_equal(values, first.states_after[name])
        path, _, state = name.rpartition("/")
        trace = taken.recording.layer(path)
        if "stateful_given" not in taken.name:
            assert np.array_equal(trace.initial[state], values)
        last = trace.steps[state][:, 0 if trace.go_backwards else -1]
        assert np.array_equal(last, second.states_after[name])
        assert np.array_equal(taken.recording.states_after[name], second.states_after[name])


def test_each_prefix_is_the_output_of_the_shortened_sequence(taken):
    recording, model = taken.recording, taken.specimen.model
    assert bool(recording.prefix_missing) == (taken.name in WITHOUT_PREFIX), recording.prefix_missing
    assert set(recording.prefix) | set(recording.prefix_missing) == set(recording.outputs)
    for name, values in recording.prefix.items():
        assert np.array_equal(values[:, -1], _last(recording.outputs[name], values))
    if not recording.prefix or taken.name.startswith("unrolled"):
        return
    steps = next(iter(recording.prefix.values())).shape[1]
    for length in {1, steps - 2, steps - 1} - {0}:
        inputs = {name: _first(values, length, steps) for name, values in taken.specimen.inputs.items()}
        with taken.at_the_second_call():
            outputs = keras.tree.flatten(model(as_model_takes(model, inputs), training=False))
        for name, output in zip(recording.outputs, outputs, strict=True):
            if name in recording.prefix:
                at_end = recording.prefix[name][:, length - 1]
                assert taken.close(at_end, _last(np.array(output, np.float64), recording.prefix[name])), (
                    name,
                    length,
                )


def _first(values: np.ndarray, length: int, steps: int) -> np.ndarray:
    is_sequence = values.ndim > 2 or values.dtype.kind == "i"
    return values[:, :length] if is_sequence and values.shape[1] == steps else values


def _last(output: np.ndarray, prefix: np.ndarray) -> np.ndarray:
    """The output, or its last step where it is a sequence itself."""
    return output[:, -1] if output.ndim == prefix.ndim else output


def test_every_layer_output_has_its_shape_and_values(taken):
    for output in taken.recording.layer_outputs:
        assert output.shapes and output.dtype
        if output.values is not None:
            assert tuple(value.shape for value in output.values) == output.shapes
    # what runs inside a loop of TensorFlow's, a cell's own layers too, is told by its shape alone
    if taken.name not in {"loop_in_the_graph", "rnn_of_three_states", "stateful_own_cell"}:
        assert all(output.values is not None for output in taken.recording.layer_outputs)
