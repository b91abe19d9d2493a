"""Question 4 as well, proved in plain Keras: states that are never read, read by another row or sequence."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_an_initial_state_wins_over_the_one_that_is_kept(case):
    scenario = case("level-handed-in")
    now, target = scenario.beside_archive(), scenario.target
    served, fresh = scenario.model(), scenario.model()
    morning = scenario.predict(served, scenario.beside_archive("hours-before"))
    assert served.get_layer("tank").states[0].numpy().any()
    afternoon = scenario.predict(served, now)
    np.testing.assert_allclose(afternoon, scenario.expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(scenario.predict(fresh, now), afternoon, err_msg="nothing is remembered")
    assert [morning[0, -1].item(), afternoon[0, -1].item()] == pytest.approx([1.66, 0.45], abs=0.006)
    assert target[0, -1].item() == pytest.approx(1.55, abs=0.006)

    handed = scenario.predict(served, scenario.beside_archive("level-by-then"))

    assert handed[0, -1].item() == pytest.approx(1.42, abs=0.006)
    assert [_rms(each - target) for each in (afternoon, handed)] == pytest.approx([1.10, 0.14], abs=0.006)


def test_a_station_goes_on_from_the_other_ones_state(case):
    scenario = case("two-stations")
    model, newest, target = scenario.model(), scenario.input, scenario.target
    states, given = {}, {}
    for place in ("valley-1", "ridge-1", "valley-2", "ridge-2"):
        given[place] = scenario.beside(f"{place}.npy")
        scenario.predict(model, given[place])
    mixed = scenario.predict(model, newest)
    np.testing.assert_allclose(mixed, scenario.expected, rtol=1e-5, atol=1e-5)

    state = model.get_layer("gru").states[0]
    state.assign(np.zeros(state.shape))
    for place, days in given.items():
        state.assign(states.get(place[:-2], np.zeros(state.shape)))
        scenario.predict(model, days)
        states[place[:-2]] = state.numpy()
    state.assign(states["valley"])
    own = scenario.predict(model, newest)

    last_day = [each[0, -1].item() for each in (mixed, own, target)]
    assert last_day == pytest.approx([1.20, 0.25, 0.36], abs=0.006)
    assert [_rms(each - target) for each in (mixed, own)] == pytest.approx([0.90, 0.09], abs=0.006)


def test_a_row_gets_the_state_of_another_station(case):
    scenario = case("rows-in-file-order")
    model, rows, target = scenario.model(), scenario.input, scenario.target
    in_file_order = scenario.predict(model, rows, batch_size=4)
    np.testing.assert_allclose(in_file_order, scenario.expected, rtol=1e-5, atol=1e-5)
    worst = max(_rms(each) for each in in_file_order - target)
    assert worst == pytest.approx(1.45, abs=0.006)

    order = np.arange(32).reshape(4, 8).T.ravel()  # window k of each station in batch k
    model.get_layer("gru").reset_state()
    side_by_side = scenario.predict(model, rows[order], batch_size=4)

    errors = [_rms(in_file_order - target), _rms(side_by_side - target[order])]
    assert errors == pytest.approx([0.70, 0.16], abs=0.006)


def _rms(error):
    return float(np.sqrt(np.mean(np.square(error))))
