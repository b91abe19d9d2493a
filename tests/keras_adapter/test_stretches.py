"""A long call recorded stretch by stretch is the whole call to the bit, or refused with the layer's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.keras_adapter import LoadedModel, load_model  # noqa: E402
from lstm_tui.keras_adapter.recorder import record_predict  # noqa: E402
from lstm_tui.recurrent.calls import CallModel, Fit, Predict, ResetStates, RunPlan, StateReset  # noqa: E402
from lstm_tui.recurrent.gradients import GradientPlan  # noqa: E402
from lstm_tui.recurrent.pyramid import pyramid_of  # noqa: E402
from lstm_tui.recurrent.recording import LayerTrace, Recording  # noqa: E402
from lstm_tui.recurrent.sequences import longest, part_of  # noqa: E402
from lstm_tui.recurrent.stretches import Keep, LongCall, LongPlan, Stretch, StretchInputs  # noqa: E402
from lstm_tui.recurrent.window import Window, chunks  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402
from tests.keras_adapter.test_zoo import everything_on, same  # noqa: E402

STEPS, CHUNK, BIN = 40, 16, 8

#: Kinds that can be cut, of every sort that keeps something from step to step.
CUT = [
    zoo_layers.every_kind_in_a_row, zoo_layers.rnn_of_three_states, zoo_layers.stacked_mixed_cells,
    zoo_layers.masking_zero_output, zoo_layers.embedding_mask,
    zoo_layers.stateful_masked, zoo_layers.stateful_nested, zoo_layers.states_as_inputs,
    zoo_models.shared_tower, zoo_models.mixed_bfloat16,
    zoo_models.last_step_by_slicing,
]  # fmt: skip

#: Kinds that cannot, and what is said of them.
WHOLE = {
    zoo_layers.bidirectional: "bidirectional/backward_lstm reads the sequence backwards",
    zoo_layers.go_backwards_sequences: "gru reads the sequence backwards",
    zoo_layers.loop_in_the_graph: "core keeps its states to itself",
    zoo_layers.cells_by_hand: "the model steps cell by itself",
    zoo_models.convolution_before: "conv1d needs more than the states",
    zoo_models.attention_from_last_step: "attention needs more than the states",
    zoo_models.flattened: "it does not run on a part of the sequence",
    zoo_models.recurrent_in_each_step: "is called as often as the sequence has steps",
}


def longer(inputs: Mapping[str, np.ndarray], steps: int = STEPS) -> dict[str, np.ndarray]:
    """The inputs of a specimen with its sequences repeated, other numbers in each; zeros stay, they mask."""
    _, names = longest(inputs)
    generator = np.random.default_rng(5)
    made = {}
    for name, values in inputs.items():
        if name not in names:
            made[name] = values
            continue
        tiled = np.tile(values, (1, -(-steps // values.shape[1]), *(1,) * (values.ndim - 2)))[:, :steps]
        if tiled.dtype.kind == "f":
            tiled = np.where(tiled == 0, 0, tiled + generator.normal(0, 0.3, tiled.shape)).astype(tiled.dtype)
        made[name] = tiled
    return made


def plan_of(inputs: Mapping[str, np.ndarray], sample: int | None = 1, call: object = None) -> LongPlan:
    steps, names = longest(inputs)
    chosen = call if isinstance(call, CallModel) else Predict()
    return LongPlan(chosen, names, steps, CHUNK, BIN, sample)


def opened(
    loaded: LoadedModel, inputs: Mapping[str, np.ndarray], plan: LongPlan, *before: object
) -> LongCall:
    calls = RunPlan(inputs if before else {}, calls=before)  # type: ignore[arg-type]
    head = part_of(inputs, plan.sequences, Window(0, plan.head))
    return loaded.open_long(calls, plan, head, lambda *_: None)


def stretches(
    loaded: LoadedModel,
    inputs: Mapping[str, np.ndarray],
    plan: LongPlan,
    known: LongCall,
    keep: Keep = "steps",
    length: int = 2 * CHUNK,
) -> list[Stretch]:
    """The whole sequence, each stretch from the border that the one before it left."""
    found: list[Stretch] = []
    for window in chunks(Window(0, plan.timesteps), length):
        border = found[-1].borders[-1] if found else None
        part = part_of(inputs, plan.sequences, window)
        of = StretchInputs(part, window.start, border, known.states_before)
        found.append(loaded.record_stretch(plan, of, keep, known.predictions))
    return found


def along(found: list[Stretch], layer: int, series: str) -> np.ndarray:
    return np.concatenate([stretch.layers[layer].steps[series] for stretch in found], axis=1)


def over_the_sequence(recording: Recording, steps: int = STEPS) -> list[LayerTrace]:
    return [trace for trace in recording.layers if len(trace.kept) == steps]


@pytest.mark.parametrize("kind", CUT, ids=lambda kind: kind.__name__)
def test_stretches_are_the_whole_call_to_the_bit(kind):
    specimen = specimens.build(kind)
    inputs, loaded = longer(specimen.inputs), LoadedModel.in_memory(specimen.model)
    before = everything_on(specimen.model)
    plan = plan_of(inputs)
    known = opened(loaded, inputs, plan)
    assert known.refused == ""
    assert known.disagreement <= specimen.rounding
    assert known.compared == CHUNK
    found = stretches(loaded, inputs, plan, known)
    after = everything_on(specimen.model)
    assert [name for name in before if not same(before[name], after[name])] == []
    whole = record_predict(loaded, inputs)
    traces = over_the_sequence(whole)
    assert [layer.path for layer in known.layers] == [trace.path for trace in traces]
    for index, trace in enumerate(traces):
        for series, values in trace.steps.items():
            np.testing.assert_array_equal(along(found, index, series), values[1:2], err_msg=series)
        for stretch in found[1:]:
            for state, values in stretch.layers[index].initial.items():
                np.testing.assert_array_equal(values[0], trace.steps[state][1, stretch.start - 1])
    for name, values in whole.outputs.items():
        is_sequence = known.output_shapes[name][1:2] == (STEPS,)
        np.testing.assert_array_equal(found[-1].outputs[name], values[:, -1:] if is_sequence else values)
    for name, values in whole.states_after.items():
        np.testing.assert_array_equal(found[-1].states_after[name], values)
    check_predictions(known, found, whole, 2e-2 if specimen.half else 1e-5)
    keras.utils.clear_session()


def check_predictions(known: LongCall, found: list[Stretch], whole: Recording, tolerance: float) -> None:
    assert set(known.predictions) == set(whole.prefix)
    assert set(known.prefix_missing) == set(whole.prefix_missing)
    for name in known.predictions:
        values = np.concatenate([stretch.predictions[name] for stretch in found], axis=1)
        np.testing.assert_allclose(values, whole.prefix[name][1:2], rtol=0, atol=tolerance)


@pytest.mark.parametrize("kind", WHOLE, ids=lambda kind: kind.__name__)
def test_what_cannot_be_cut_is_refused_and_the_layer_named(kind):
    specimen = specimens.build(kind)
    inputs = longer(specimen.inputs, 10)  # some are unrolled: each step is traced
    plan = replace(plan_of(inputs), chunk=4, bin=2)
    known = opened(LoadedModel.in_memory(specimen.model), inputs, plan)
    assert WHOLE[kind] in known.refused
    assert known.layers == ()
    keras.utils.clear_session()


@pytest.fixture(autouse=True)
def names_from_the_start():
    """Layers are named by how many there were before."""
    keras.utils.clear_session()


def lively(*stages: layers.Layer, stateful: bool = False) -> LoadedModel:
    specimen = specimens.chain(*stages, stateful=stateful)
    specimens.enliven(specimen.model, 3)
    return LoadedModel.in_memory(specimen.model)


def long_input(batch: int = 2, steps: int = STEPS) -> dict[str, np.ndarray]:
    return {"x": specimens.sequence(batch, steps, specimens.FEATURES, seed=8)}


def test_bins_are_those_of_the_steps():
    loaded, inputs = lively(layers.GRU(4, return_sequences=True), layers.Dense(1)), long_input()
    plan = plan_of(inputs)
    known = opened(loaded, inputs, plan)
    by_steps = stretches(loaded, inputs, plan, known)
    levels = [stretch.level for stretch in stretches(loaded, inputs, plan, known, "bins")]
    for name, values in {
        "gru/h": along(by_steps, 0, "h")[0],
        "gru/z": along(by_steps, 0, "z")[0],
        "output/dense": np.concatenate([stretch.predictions["dense"] for stretch in by_steps], axis=1)[0],
    }.items():
        expected = pyramid_of(values, BIN).levels[0]
        columns = known.tracks[name].columns
        np.testing.assert_array_equal(
            np.concatenate([level.minimum[:, columns] for level in levels]), expected.minimum
        )
        np.testing.assert_allclose(
            np.concatenate([level.mean[:, columns] for level in levels]), expected.mean, rtol=1e-6
        )


def test_a_bin_may_span_several_chunks():
    loaded, inputs = lively(layers.LSTM(3), layers.Dense(1)), long_input(1, 80)
    plan = LongPlan(Predict(), ("x",), 80, CHUNK, 2 * CHUNK, 0)
    known = opened(loaded, inputs, plan)
    levels = [stretch.level for stretch in stretches(loaded, inputs, plan, known, "bins", 4 * CHUNK)]
    assert [level.size for level in levels] == [32, 32]
    assert [level.bins for level in levels] == [2, 1]


def test_any_stretch_can_be_recorded_again_from_its_border():
    loaded, inputs = lively(layers.LSTM(4, return_sequences=True), layers.GRU(3)), long_input()
    plan = plan_of(inputs)
    known = opened(loaded, inputs, plan)
    first, second, _ = stretches(loaded, inputs, plan, known, "steps", CHUNK)
    other = LoadedModel.in_memory(loaded.model)  # another engine, which has seen nothing before
    part = part_of(inputs, plan.sequences, Window(CHUNK, 2 * CHUNK))
    again = other.record_stretch(
        plan, StretchInputs(part, CHUNK, first.borders[-1]), "steps", known.predictions
    )
    for one, same_one in zip(second.layers, again.layers, strict=True):
        assert (same_one.start, same_one.whole) == (CHUNK, STEPS)
        for series, values in one.steps.items():
            np.testing.assert_array_equal(same_one.steps[series], values)


def test_the_chosen_sample_is_run_in_its_batch():
    loaded, inputs = lively(layers.LSTM(5, return_sequences=True), layers.LSTM(3)), long_input(7)
    whole = record_predict(loaded, inputs)
    for sample in (0, 4, 6):
        plan = plan_of(inputs, sample)
        known = opened(loaded, inputs, plan)
        found = stretches(loaded, inputs, plan, known)
        trace = found[0].layers[1]
        assert (trace.first_sample, trace.batch, trace.steps["c"].shape[0]) == (sample, 7, 1)
        np.testing.assert_array_equal(along(found, 1, "c"), whole.layers[1].steps["c"][sample : sample + 1])


def test_without_a_chosen_sample_all_are_kept():
    loaded, inputs = lively(layers.GRU(4, return_sequences=True), layers.Dense(2)), long_input(3)
    plan = plan_of(inputs, None)
    known = opened(loaded, inputs, plan)
    found = stretches(loaded, inputs, plan, known)
    whole = record_predict(loaded, inputs)
    np.testing.assert_array_equal(along(found, 0, "h"), whole.layers[0].steps["h"])
    predicted = np.concatenate([stretch.predictions["dense"] for stretch in found], axis=1)
    np.testing.assert_allclose(predicted, whole.outputs["dense"], atol=1e-6)


def test_a_product_over_all_steps_may_round_and_is_told():
    wide = layers.Dense(64)
    loaded = lively(wide, layers.LSTM(8), layers.Dense(1))
    inputs = long_input(1, 1536)
    plan = LongPlan(Predict(), ("x",), 1536, 1024, 64, 0)
    known = opened(loaded, inputs, plan)
    assert known.refused == ""
    assert known.rounding < 1e-4
    assert known.rounded_by in {"", "dense"}


def test_the_calls_before_it_leave_their_states():
    loaded, inputs = lively(layers.LSTM(4, stateful=True), layers.Dense(1), stateful=True), long_input()
    plan = plan_of(inputs)
    known = opened(loaded, inputs, plan, Predict())
    assert [outcome.call for outcome in known.outcomes] == ["predict"]
    run = loaded.run(RunPlan(inputs, calls=(Predict(), Predict()), record=1), lambda *_: None)
    np.testing.assert_array_equal(known.outcomes[0].outputs["dense"], run.outcomes[0].outputs["dense"])
    for name, values in run.outcomes[1].states_before.items():
        np.testing.assert_array_equal(known.states_before[name], values)
    found = stretches(loaded, inputs, plan, known)
    np.testing.assert_array_equal(found[-1].outputs["dense"], run.outcomes[1].outputs["dense"])


def test_states_that_the_plan_sets_are_those_it_starts_from():
    loaded, inputs = lively(layers.GRU(4, stateful=True), stateful=True), long_input()
    plan = plan_of(inputs)
    before = RunPlan(
        {}, resets=(StateReset(to="random", seed=4),), calls=(ResetStates(to=StateReset(to="random")),)
    )
    head = part_of(inputs, plan.sequences, Window(0, plan.head))
    known = loaded.open_long(before, plan, head, lambda *_: None)
    assert all(values.any() for values in known.states_before.values())
    first = stretches(loaded, inputs, plan, known)[0]
    np.testing.assert_array_equal(first.layers[0].initial["h"][0], known.states_before["gru/h"][1])


def test_training_before_it_is_refused():
    loaded, inputs = lively(layers.LSTM(3), layers.Dense(1)), long_input()
    known = opened(loaded, inputs, plan_of(inputs), Fit(np.zeros((2, 1), np.float32)))
    assert "trained" in known.refused


def test_a_call_that_fails_is_an_outcome():
    loaded = lively(layers.LSTM(3), layers.Dense(1))
    inputs = {"x": specimens.sequence(2, STEPS, specimens.FEATURES + 2)}
    known = opened(loaded, inputs, plan_of(inputs))
    assert known.refused
    assert known.outcomes[-1].failure is not None


def test_a_call_in_training_mode_without_randomness_is_cut_as_well():
    loaded, inputs = lively(layers.LSTM(3), layers.Dense(1)), long_input()
    plan = plan_of(inputs, call=CallModel(training=True))
    known = opened(loaded, inputs, plan)
    assert known.refused == ""
    assert known.predictions == ()
    drops = lively(layers.LSTM(3, dropout=0.5), layers.Dense(1))
    assert opened(drops, inputs, plan).refused


@pytest.mark.parametrize("steps", [1, 2, CHUNK, CHUNK + 1])
def test_short_ones_are_cut_as_long_ones(steps):
    loaded, inputs = lively(layers.LSTM(3, return_sequences=True), layers.Dense(1)), long_input(2, steps)
    plan = plan_of(inputs)
    known = opened(loaded, inputs, plan)
    found = stretches(loaded, inputs, plan, known)
    whole = record_predict(loaded, inputs)
    np.testing.assert_array_equal(along(found, 0, "c"), whole.layers[0].steps["c"][1:2])


def test_nan_from_the_first_step_is_recorded_as_it_comes():
    loaded, inputs = lively(layers.LSTM(3), layers.Dense(1)), long_input()
    inputs["x"][1] = np.nan
    plan = plan_of(inputs)
    known = opened(loaded, inputs, plan)
    assert known.refused == ""
    levels = [stretch.level for stretch in stretches(loaded, inputs, plan, known, "bins")]
    assert all(level.count is not None for level in levels)
    columns = known.tracks["lstm/h"].columns
    assert not np.concatenate([level.count[:, columns] for level in levels]).any()


def test_gradients_of_the_last_steps_are_those_of_the_whole(tmp_path):
    """From the border before them; what lies further back is not computed."""
    lively(layers.LSTM(4, return_sequences=True), layers.GRU(3), layers.Dense(1)).model.save(
        tmp_path / "lively.keras"
    )
    loaded, inputs = load_model(tmp_path / "lively.keras"), long_input()
    plan = plan_of(inputs, None)
    found = stretches(loaded, inputs, plan, opened(loaded, inputs, plan), "nothing", CHUNK)
    start = 2 * CHUNK
    part = part_of(inputs, plan.sequences, Window(start, STEPS))
    last = loaded.gradients_of(GradientPlan(part, border=found[1].borders[-1], start=start, float64=True))
    whole = loaded.gradients_of(GradientPlan(inputs, float64=True))
    assert (last.start, whole.start) == (start, 0)
    np.testing.assert_allclose(last.value, whole.value, rtol=1e-5)
    for one, other in ((last, whole), (last.exact, whole.exact)):
        assert one is not None and other is not None
        for name, values in other.states.items():
            np.testing.assert_allclose(one.states[name], values[:, start:], rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(one.inputs["x"], other.inputs["x"][:, start:], rtol=1e-4, atol=1e-7)
