"""Question 4, proved in plain Keras: equal inputs, unequal outputs, and equality to the bit with the cure."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_the_state_carries_over_until_it_is_reset(case):
    scenario = case("carry-over")
    model, window = scenario.model(), scenario.input
    calls = [scenario.predict(model, window) for _ in range(3)]
    last_day = [call[0, -1].item() for call in calls]
    np.testing.assert_allclose(last_day, [0.194, 0.236, 0.237], atol=0.0006)
    assert np.abs(calls[1] - calls[0]).max() == pytest.approx(0.7, abs=0.01)
    np.testing.assert_allclose(calls[-1], scenario.expected, rtol=1e-5, atol=1e-5)

    for again in range(3):
        for name in ("lstm_1", "lstm_2"):
            model.get_layer(name).reset_state()
        np.testing.assert_array_equal(scenario.predict(model, window), calls[0], err_msg=f"call {again}")


def test_the_usual_loop_misses_the_nested_layer(case):
    scenario = case("nested-not-reset")
    model, window = scenario.model(), scenario.input
    first = scenario.predict(model, window)

    found = [layer for layer in model.layers if hasattr(layer, "reset_state")]
    for layer in found:
        layer.reset_state()
    assert [layer.name for layer in found] == ["gru"]
    after_the_loop = scenario.predict(model, window)
    np.testing.assert_allclose(after_the_loop, scenario.expected, rtol=1e-5, atol=1e-5)
    assert np.abs(after_the_loop - first).item() > 0.05

    model.get_layer("gru").reset_state()
    model.get_layer("memory").get_layer("lstm").reset_state()
    np.testing.assert_array_equal(scenario.predict(model, window), first)


def test_the_reset_of_keras_2_is_gone(case):
    scenario = case("legacy-reset")
    model, amounts = scenario.model(), scenario.input.astype(np.float32)
    first = scenario.predict(model, amounts)
    with pytest.raises(AttributeError, match="reset_states"):
        model.reset_states()
    assert not hasattr(model, "reset_states")
    second = scenario.predict(model, amounts)
    assert np.abs(second - first).max() > 0.1
    assert _rms(first - scenario.target) < 0.2 * _rms(second - scenario.target)

    model.get_layer("gru").reset_state()
    np.testing.assert_array_equal(scenario.predict(model, amounts), first)


def test_trucks_inherit_the_load_of_the_one_before(case):
    scenario = case("row-order")
    model, trucks = scenario.model(), scenario.input
    lstm = model.get_layer("lstm")
    given = scenario.predict(model, trucks, batch_size=1)
    lstm.reset_state()
    backwards = scenario.predict(model, trucks[::-1], batch_size=1)
    np.testing.assert_allclose(backwards, scenario.expected, rtol=1e-5, atol=1e-5)
    assert np.abs(backwards[::-1] - given).max() == pytest.approx(0.84, abs=0.01)

    alone = []
    for truck in trucks:
        lstm.reset_state()
        alone.append(scenario.predict(model, truck[None]))
    alone = np.concatenate(alone)
    np.testing.assert_array_equal(alone[0], given[0])
    np.testing.assert_array_equal(alone[-1], backwards[0])
    assert _rms(alone - scenario.target) < 0.1 * _rms(given - scenario.target)


def test_a_reload_forgets_the_state_and_putting_it_back_restores_it(case, tmp_path):
    import keras

    scenario = case("state-not-saved")
    model, hours = scenario.model(), scenario.input
    scenario.predict(model, scenario.beside("earlier-200-hours.npy"))
    state = model.get_layer("gru").states[0].numpy()
    warm = scenario.predict(model, hours)
    model.save(tmp_path / "saved.keras")
    loaded = keras.saving.load_model(tmp_path / "saved.keras", compile=False)
    cold = scenario.predict(loaded, hours)
    np.testing.assert_allclose(warm, scenario.expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose([warm.item(), cold.item()], [0.01, 0.75], atol=0.005)
    assert scenario.target.item() == pytest.approx(0.20, abs=0.005)

    np.testing.assert_allclose(scenario.beside("warm.npz")["gru/h"], state, atol=1e-5)
    loaded.get_layer("gru").states[0].assign(state)
    np.testing.assert_array_equal(scenario.predict(loaded, hours), warm)


def test_dropout_is_on_with_training_and_off_in_predict(case):
    scenario = case("dropout-on")
    model, hours, target = scenario.model(), scenario.input, scenario.target
    on = [model(hours, training=True).numpy() for _ in range(3)]
    assert on[0].shape == (1, 72, 1)
    assert max(np.abs(one - other).max() for one in on for other in on) > 0.5

    off = scenario.predict(model, hours)
    np.testing.assert_array_equal(scenario.predict(model, hours), off)
    assert _rms(off - target) == pytest.approx(0.20, abs=0.005)
    assert min(_rms(curve - target) for curve in on) > 1.2 * _rms(off - target)


def test_a_redefined_function_costs_most_of_the_gain_and_is_kept_here(case, tmp_path):
    import keras

    from lstm_tui.keras_adapter import load_model
    from lstm_tui.keras_adapter.rebuilding import rebuild
    from lstm_tui.recurrent.forms import Form

    scenario = case("redefined-gate")
    prices, target = scenario.input, scenario.target
    path = scenario.path.parent / scenario.words["model"]
    loaded = load_model(path)
    own = scenario.predict(loaded.model, prices)
    np.testing.assert_allclose(own, scenario.expected, rtol=1e-5, atol=1e-5)
    silently = scenario.predict(keras.models.load_model(path, compile=False), prices)
    assert np.abs(silently - own).max() == pytest.approx(0.146, abs=0.005)
    errors = [_rms(curve - target) for curve in (own, silently, prices)]
    assert errors == pytest.approx([0.066, 0.110, 0.151], abs=0.003)

    rebuild(loaded, Form(), {}, tmp_path / "new.keras", lambda *_: None)
    new = scenario.predict(keras.models.load_model(tmp_path / "new.keras"), prices)
    np.testing.assert_allclose(new, own, atol=1e-5)


def test_one_thread_reads_what_another_has_left(case):
    scenario = case("shared-by-threads")
    model, truck = scenario.model(), scenario.input
    alone = scenario.predict(model, truck)
    assert alone.item() == pytest.approx(2.62, abs=0.006)
    model.get_layer("gru").reset_state()
    model.get_layer("gru").reset_state()  # both threads reset, then both predict
    first, second = (scenario.predict(model, truck) for _ in range(2))
    np.testing.assert_array_equal(first, alone)
    assert second.item() == pytest.approx(3.04, abs=0.006)

    for _ in range(2):  # a lock keeps reset and predict together
        model.get_layer("gru").reset_state()
        np.testing.assert_array_equal(scenario.predict(model, truck), alone)


def test_the_reset_of_keras_fails_on_a_stack_of_cells(case):
    import keras

    scenario = case("stacked-cells")
    model, truck = scenario.model(), scenario.input
    first = scenario.predict(model, truck)
    with pytest.raises(AttributeError, match="assign"):
        model.get_layer("stack").reset_state()
    second = scenario.predict(model, truck)
    np.testing.assert_allclose([first.item(), second.item()], [2.52, 3.51], atol=0.006)
    assert scenario.target.item() == pytest.approx(2.63, abs=0.006)

    for state in keras.tree.flatten(model.get_layer("stack").states):
        state.assign(keras.ops.zeros_like(state))
    np.testing.assert_array_equal(scenario.predict(model, truck), first)


def test_a_row_is_normalised_by_its_company(case):
    scenario = case("company-counts")
    model, windows, target = scenario.model(), scenario.input, scenario.target
    learned = scenario.predict(model, windows)
    weights = model.get_weights()
    company = np.array(model(windows, training=True))
    model.set_weights(weights)  # the call moved what was learned, too
    alone = np.array(model(windows[:1], training=True))
    assert company[0].item() == pytest.approx(-1.47, abs=0.006)
    assert alone.item() == pytest.approx(0.0, abs=0.006)
    assert learned[0].item() == pytest.approx(-2.45, abs=0.006)
    assert _rms(company - target) == pytest.approx(1.61, abs=0.01)
    assert _rms(learned - target) == pytest.approx(0.19, abs=0.01)


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(error))))
