"""Question 2, proved in plain Keras: constant or meaningless output, and what the text names cures it."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_dollars_jam_the_gates_and_the_scaler_of_training_frees_them(case):
    import joblib

    scenario = case("unscaled-dollars")
    dollars, target, model = scenario.input, scenario.target, scenario.model()
    stuck = scenario.predict(model, dollars)
    np.testing.assert_allclose(stuck, scenario.expected, rtol=1e-5, atol=1e-5)
    assert np.ptp(stuck[:, 3:]) < 0.02
    assert np.ptp(stuck[:, 10:]) == 0
    assert np.ptp(target) > 300

    path = scenario.path.parent / "inputs" / "unscaled-dollars-scaler.joblib"
    scaler = joblib.load(path)
    in_dollars = scaler.inverse_transform(scenario.predict(model, scaler.transform(dollars[0])[None])[0])[
        None
    ]
    mean, deviation = dollars.mean(), dollars.std()
    by_itself = scenario.predict(model, (dollars - mean) / deviation) * deviation + mean

    for cured in (in_dollars, by_itself):
        assert explained(cured, target) > 0.98
        assert np.sqrt(np.mean(np.square(cured - target))) == pytest.approx(9, abs=0.3)


def test_scaled_twice_is_nearly_flat_and_undone_follows_the_load(case):
    scenario = case("scaled-twice")
    twice, target, model = scenario.input, scenario.target, scenario.model()
    flat = scenario.predict(model, twice)
    np.testing.assert_allclose(flat, scenario.expected, rtol=1e-5, atol=1e-5)
    assert np.ptp(flat[:, 20:]) < 0.004
    assert np.ptp(target) > 0.8
    assert scenario.read(scenario.words["reference"]).min() >= 0

    undo = scenario.path.parent / "inputs" / "scaled-twice-undo.json"
    numbers = json.loads(undo.read_text(encoding="utf-8"))
    once = ((twice - numbers["mean"]) / numbers["scale"]).astype(np.float32)

    assert explained(scenario.predict(model, once), target) > 0.94


def test_gates_for_a_memory_of_100_000_steps_never_open(case):
    scenario = case("gates-jammed")
    price, target = scenario.input, scenario.target
    flat = scenario.predict(scenario.model(), price)
    np.testing.assert_allclose(flat, scenario.expected, rtol=1e-5, atol=1e-5)
    assert np.ptp(flat) < 0.02
    assert np.ptp(target) > 2

    kernel, recurrent, bias = scenario.model().get_layer("lstm").get_weights()
    units = recurrent.shape[0]
    # |h| < 1, so this bounds every gate at every step.
    reach = np.abs(price).max() * np.abs(kernel).sum(axis=0) + np.abs(recurrent).sum(axis=0)
    assert sigmoid(bias + reach)[:units].max() < 0.01
    assert sigmoid(bias - reach)[units : 2 * units].min() > 0.99

    assert explained(scenario.predict(scenario.model("memory-60"), price), target) > 0.9


def test_the_cue_is_forgotten_and_a_lasting_memory_keeps_it(case):
    scenario = case("early-cue-lost")
    inputs, labels = scenario.input, scenario.target
    unsure = scenario.predict(scenario.model(), inputs)
    np.testing.assert_allclose(unsure, scenario.expected, rtol=1e-5, atol=1e-5)
    assert np.abs(unsure - 0.5).max() < 0.05

    without_cue = inputs.copy()
    without_cue[:, :3, 1] = 0
    np.testing.assert_allclose(scenario.predict(scenario.model(), without_cue), unsure, atol=1e-5)
    trace_of_cue = np.abs(every_state(scenario, inputs) - every_state(scenario, without_cue)).max(axis=(0, 2))
    assert trace_of_cue[2] == pytest.approx(0.5, abs=0.02)
    assert trace_of_cue[8] == pytest.approx(1e-4, abs=5e-5)

    sure = scenario.predict(scenario.model("lasting-memory"), inputs)
    np.testing.assert_allclose(sure, labels, atol=0.01)


def test_a_dead_relu_says_zero_whatever_the_living_gru_tells_it(case):
    import keras

    scenario = case("dead-relu")
    inputs, target, model = scenario.input, scenario.target, scenario.model()
    np.testing.assert_array_equal(scenario.predict(model, inputs), 0)
    np.testing.assert_array_equal(scenario.expected, 0)

    states = scenario.predict(keras.Sequential([keras.Input((None, 1)), model.get_layer("gru")]), inputs)
    kernel, bias = model.get_layer("visitors").get_weights()
    assert (states @ kernel + bias).max() < -5
    assert states.std(axis=0).max() > 0.01

    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit(inputs, target, verbose=0)
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))

    assert explained(scenario.predict(scenario.model("linear-head"), inputs), target) > 0.5


def test_one_unit_cannot_hold_eight_numbers_and_24_can(case):
    scenario = case("too-small")
    orders, shipped = scenario.input, scenario.target
    np.testing.assert_array_equal(shipped[:, 8:], orders[:, :-8])
    helpless = scenario.predict(scenario.model(), orders)
    np.testing.assert_allclose(helpless, scenario.expected, rtol=1e-5, atol=1e-5)
    assert explained(helpless, shipped) < 0.05
    assert helpless.std() < 0.15 * shipped.std()

    assert explained(scenario.predict(scenario.model("24-units"), orders), shipped) > 0.99


def test_the_leaking_column_carried_the_answer(case):
    scenario = case("leaking-column")
    model = scenario.model()
    training, answers = (scenario.read(scenario.words[key]) for key in ("reference", "reference_target"))
    np.testing.assert_array_equal(training[..., 1:], answers)
    assert explained(scenario.predict(model, training), answers) > 0.99

    in_service = scenario.predict(model, scenario.input)
    np.testing.assert_allclose(in_service, scenario.expected, rtol=1e-5, atol=1e-5)
    assert explained(in_service, scenario.target) < 0
    assert in_service.std() < 0.2 * scenario.target.std()

    without = scenario.predict(scenario.model("column-blank"), scenario.input)
    assert explained(without, scenario.target) > 0.95


def every_state(scenario, inputs: np.ndarray) -> np.ndarray:
    """h of the SimpleRNN at each step, `(batch, timesteps, units)`."""
    import keras

    layer = scenario.model().get_layer("simple_rnn")
    config = layer.get_config() | {"return_sequences": True}
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.SimpleRNN.from_config(config)])
    model.set_weights(layer.get_weights())
    return scenario.predict(model, inputs)


def explained(prediction: np.ndarray, target: np.ndarray) -> float:
    """Share of the target's variance that is explained; negative where the mean would do better."""
    assert prediction.shape == target.shape
    return float(1 - np.mean(np.square(prediction - target)) / np.var(target))


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def test_words_that_were_never_shifted_are_repeated_and_shifted_ones_translated(case):
    scenario, shifted = case("never-shifted"), case("decoder-state-missing")
    given, model = scenario.beside_archive(), scenario.model()
    assert scenario.predict(model, given).argmax(axis=-1).tolist() == scenario.target.tolist() == [[4, 11, 7]]

    def written(model, inputs):
        words = inputs["words"][:, :1]
        for _ in range(3):
            said = scenario.predict(model, inputs | {"words": words})[:, -1]
            words = np.append(words, said.argmax(axis=-1)[:, None], axis=1)
        return words[:, 1:].tolist()

    assert written(model, given) == scenario.expected.tolist() == [[4, 4, 12]]
    assert written(shifted.model(), shifted.beside_archive("with-states")) == [[4, 11, 7]]
