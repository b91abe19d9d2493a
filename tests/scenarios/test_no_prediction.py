"""Question 1, proved in plain Keras: the call fails or says nothing, and what the text names cures it."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_a_batch_axis_makes_a_table_a_sequence(case):
    scenario = case("batch-axis-missing")
    table = scenario.input
    assert table.shape == (96, 4)
    assert "Expected shape (None, None, 4)" in scenario.refusal(scenario.model(), table)

    prediction = scenario.predict(scenario.model(), table[None])

    assert prediction.shape == (1, 1)
    assert prediction.item() == pytest.approx(15.1, abs=0.05)
    assert scenario.target.item() == pytest.approx(14.9, abs=0.05)


def test_a_transpose_keeps_channels_apart_where_a_reshape_mixes_them(case):
    scenario = case("axes-swapped")
    channels_first = scenario.input
    assert channels_first.shape == (1, 3, 120)
    assert "120 and 3" in scenario.refusal(scenario.model(), channels_first)

    model = scenario.model()
    transposed = scenario.predict(model, channels_first.transpose(0, 2, 1))
    reshaped = scenario.predict(model, channels_first.reshape(1, 120, 3))

    assert transposed.item() == pytest.approx(0.996, abs=0.001)
    assert scenario.target.item() == 1
    assert abs(reshaped.item() - transposed.item()) > 0.01


def test_the_first_four_features_are_those_of_training(case):
    scenario = case("surplus-column")
    window, target = scenario.input, scenario.target
    assert window.shape == (1, 96, 5)
    assert "are 5 and 4" in scenario.refusal(scenario.model(), window)

    prediction = scenario.predict(scenario.model(), window[..., :4])

    error, naive = _rms(prediction - target), _rms(window[..., :1] - target)
    assert error < 0.6 * naive
    assert error == pytest.approx(0.15, abs=0.01)


def test_states_are_nan_from_the_missing_reading_on(case):
    import keras

    scenario = case("missing-reading")
    readings = scenario.input
    assert np.argwhere(np.isnan(readings)).tolist() == [[0, 73, 1]]
    model = scenario.model()
    assert np.isnan(scenario.predict(model, readings)).all()

    config = model.get_layer("lstm").get_config() | {"return_sequences": True}
    every_step = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM.from_config(config)])
    every_step.set_weights(model.get_weights()[:3])
    lost = np.isnan(scenario.predict(every_step, readings)[0])
    assert not lost[:73].any()
    assert lost[73:].all()

    assert scenario.predict(model, scenario.beside("filled.npy")).item() == pytest.approx(0.94, abs=0.005)


def test_sixteen_rows_at_a_time(case):
    scenario = case("bound-to-batch")
    stations = scenario.input
    assert stations.shape == (48, 40, 1)
    said = scenario.refusal(scenario.model(), stations)
    assert "Expected batch size: 16" in said
    assert "Received batch size: 32" in said

    first = scenario.predict(scenario.model(), stations[:16])
    everyone = scenario.predict(scenario.model(), stations, batch_size=16)

    assert everyone.shape == (48, 1)
    np.testing.assert_array_equal(first, everyone[:16])


def test_the_decoder_translates_once_it_has_the_states(case):
    scenario = case("decoder-state-missing")
    words = scenario.read(scenario.words["inputs"]["words"])
    assert "expects 3 named input(s)" in scenario.refusal(scenario.model(), words)

    complete = scenario.beside("with-states.npz")
    shares = scenario.predict(scenario.model(), {name: complete[name] for name in complete.files})

    np.testing.assert_array_equal(complete["words"], words)
    np.testing.assert_array_equal(shares.argmax(axis=-1), [[4, 11, 7]])


def test_a_day_comes_out_once_predictions_are_fed_back(case):
    scenario = case("horizon-wanted")
    window, target, model = scenario.input, scenario.target, scenario.model()
    assert scenario.predict(model, window).shape == (1, 1)
    last_hour = window[:, -1:]

    hours = []
    for _ in range(24):
        hours.append(scenario.predict(model, window))
        window = np.concatenate([window[:, 1:], hours[-1][:, None]], axis=1)
    day = np.stack(hours, axis=1)

    np.testing.assert_allclose(day, scenario.expected, rtol=1e-4)
    assert _rms(day - target) == pytest.approx(40, abs=1)
    assert _rms(last_hour - target) == pytest.approx(149, abs=1)


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(error))))


def test_keras_refuses_the_file_of_keras_2_and_its_copy_predicts(case):
    import keras

    from lstm_tui.keras_adapter import load_model

    scenario = case("file-of-keras-2")
    path = scenario.path.parent / scenario.words["model"]
    with pytest.raises(ValueError, match="time_major"):
        keras.models.load_model(path, compile=False)
    prediction = scenario.predict(load_model(path).model, scenario.input)
    assert prediction.shape == scenario.target.shape == (1, 1)


@pytest.mark.parametrize("name", ["lambda-inside", "weights-alone", "cut-off"])
def test_keras_refuses_what_the_text_says_it_refuses(case, name):
    import keras

    scenario = case(name)
    with pytest.raises((ValueError, OSError, TypeError)):
        keras.models.load_model(scenario.path.parent / scenario.words["model"])


def test_one_id_beyond_the_table_and_the_unknown_word_in_its_place(case):
    scenario = case("unknown-word")
    review = scenario.input
    assert np.argwhere(review >= 40).tolist() == [[0, 11]]
    assert "indices[0,11] = 57 is not in [0, 40)" in scenario.refusal(scenario.model(), review)

    mapped = scenario.beside("mapped.npy")

    assert (mapped != review).sum() == 1
    assert scenario.predict(scenario.model(), mapped).item() == pytest.approx(0.999, abs=0.001)


def test_flatten_takes_the_last_24_hours_and_no_other_number(case):
    scenario = case("window-too-long")
    hours, target = scenario.input, scenario.target
    assert hours.shape == (1, 36, 1)
    assert "incompatible" in scenario.refusal(scenario.model(), hours)

    last, first = (scenario.predict(scenario.model(), part) for part in (hours[:, -24:], hours[:, :24]))

    assert last.item() == pytest.approx(-0.46, abs=0.01)
    assert first.item() == pytest.approx(1.15, abs=0.01)
    assert _rms(last - target) < 0.7 * _rms(hours[:, -1] - target)


def test_a_predict_of_another_rank_breaks_those_that_follow(case):
    scenario = case("rank-changed")
    window, model = scenario.input, scenario.model()
    assert scenario.predict(model, scenario.beside("column.npy")).shape == (48, 1)
    assert "unknown rank" in scenario.refusal(model, window)

    model.make_predict_function(force=True)

    assert scenario.predict(model, window).item() == pytest.approx(1.08, abs=0.01)
    np.testing.assert_array_equal(scenario.predict(model, window), scenario.predict(scenario.model(), window))
