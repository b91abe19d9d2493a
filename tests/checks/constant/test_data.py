"""Leaks, echoes and windows that are too short: what the data shows by itself."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.constant import context_short, echo, target_leakage
from lstm_tui.checks.constant.context_short import joined, twins
from lstm_tui.checks.constant.target_leakage import leaking_feature, permuted
from tests.checks.constant.hand_made import HandMade, case

RNG = np.random.default_rng(3)


def series(steps: int, keep: float) -> np.ndarray:
    made = np.zeros(steps)
    for step in range(1, steps):
        made[step] = keep * made[step - 1] + RNG.normal()
    return made / made.std()


def cut(values: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    starts = np.arange(len(values) - length)[:, None] + np.arange(length)
    return values[starts][..., None].astype(np.float32), values[length:, None].astype(np.float32)


# --- leaks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.99])
def test_a_series_that_foretells_itself_is_no_leak(keep: float) -> None:
    x, y = cut(series(220, keep), 12)
    assert leaking_feature(x, y) is None
    each_step = np.concatenate([x[:, 1:], y[:, None]], axis=1)
    assert leaking_feature(x, each_step) is None


def test_a_smooth_wave_is_no_leak() -> None:
    x, y = cut(np.sin(np.arange(260) / 9), 20)
    assert leaking_feature(x, y) is None


def test_a_column_of_tomorrow_is_a_leak_step_by_step() -> None:
    x, y = cut(series(220, 0.9), 12)
    tomorrow = np.concatenate([x[:, 1:], y[:, None]], axis=1)
    leak = leaking_feature(np.concatenate([x, 3 * tomorrow + 5], axis=-1), tomorrow)
    assert leak is not None
    assert (leak.feature, leak.step) == (1, None)
    assert leak.alone == pytest.approx(1.0)
    assert leak.rest < 0.95


def test_a_column_that_holds_the_label_is_a_leak_of_one_step() -> None:
    x, y = cut(series(120, 0.5), 12)
    held = np.concatenate([x, np.broadcast_to(y[:, None], x.shape)], axis=-1)
    leak = leaking_feature(held, y)
    assert leak is not None
    assert leak.feature == 1


def test_a_model_that_does_not_lean_on_the_leak_is_left_alone() -> None:
    x, y = cut(series(220, 0.6), 12)
    both = np.concatenate([x, np.broadcast_to(y[:, None], x.shape)], axis=-1)

    def found(predicts, asked):
        lab = HandMade(predicts)
        beside = {"reference": {"x": both}, "reference_target": y}
        return list(target_leakage.CHECK.find(case(lab, asked, **beside)))

    blank = both * np.array([1, 0], np.float32)
    (finding,) = found(lambda inputs: inputs["x"][:, -1, 1:], blank)
    assert finding.proof.before == pytest.approx(1.0)
    assert finding.proof.after < 0.3
    assert not found(lambda inputs: inputs["x"][:, -1, :1], blank)


def test_a_feature_that_is_known_in_service_is_no_leak() -> None:
    x, y = cut(series(220, 0.6), 12)
    both = np.concatenate([x, np.broadcast_to(y[:, None], x.shape)], axis=-1)
    beside = {"reference": {"x": both}, "reference_target": y, "target": y[:40]}
    lab = HandMade(lambda inputs: inputs["x"][:, -1, 1:])
    assert not list(target_leakage.CHECK.find(case(lab, both[:40], **beside)))


def test_one_row_is_permuted_in_time() -> None:
    x = np.arange(8.0).reshape(1, 4, 2)
    assert permuted(x, 1)[0, :, 1].tolist() == [5, 7, 1, 3]
    assert permuted(x, 1)[0, :, 0].tolist() == [0, 2, 4, 6]


# --- echoes -------------------------------------------------------------------------------------------------


def echoes(predicts, x, y):
    return list(echo.CHECK.find(case(HandMade(predicts), x, target=y)))


def test_the_last_value_as_a_forecast_is_an_echo_with_both_errors() -> None:
    walk = np.cumsum(RNG.normal(size=300))
    x, y = cut(walk, 10)
    (finding,) = echoes(lambda inputs: inputs["x"][:, -1], x, y)
    assert finding.severity == "warning"
    assert finding.evidence["model_error"] == pytest.approx(finding.evidence["naive_error"])
    assert finding.proof is None
    assert "no better either" in finding.summary


def test_where_a_forecast_is_possible_it_is_the_proof() -> None:
    x, y = cut(np.sin(np.arange(300) / 2) + 0.02 * RNG.normal(size=300), 10)
    (finding,) = echoes(lambda inputs: inputs["x"][:, -1], x, y)
    assert finding.proof.after < 0.2 * finding.proof.before


def test_a_poor_model_of_what_nothing_foretells_is_not_blamed() -> None:
    x, y = cut(np.cumsum(np.random.default_rng(3).normal(size=300)), 10)
    off = 0.6 * np.random.default_rng(4).normal(size=y.shape)
    assert not echoes(lambda inputs: inputs["x"][:, -1] + off[: len(inputs["x"])], x, y)


def test_a_good_forecast_of_a_slow_series_is_no_echo() -> None:
    values = series(500, 0.9)
    x, y = cut(values, 10)
    assert not echoes(lambda inputs: 0.9 * inputs["x"][:, -1], x, y)
    wave = np.sin(np.arange(300) / 8)
    x, y = cut(wave, 10)
    assert not echoes(lambda inputs: y[: len(inputs["x"])], x, y)


def test_a_calendar_that_foretells_the_target_may_be_repeated():
    season = np.sin(np.arange(300) / 2)
    x, y = cut(np.roll(season, 1) + 0.3 * RNG.normal(size=300), 10)
    both = np.concatenate([x, cut(season, 10)[0]], axis=-1)
    assert not echoes(lambda inputs: inputs["x"][:, -1, 1:], both, y)


def test_flat_data_has_no_naive_error_to_compare_with() -> None:
    x = np.ones((30, 10, 1), np.float32)
    assert not echoes(lambda inputs: inputs["x"][:, -1], x, np.ones((30, 1)))


# --- windows ------------------------------------------------------------------------------------------------


def test_rows_that_follow_each_other_are_joined_to_their_series() -> None:
    values = series(60, 0.5).astype(np.float32)
    x, _ = cut(values, 10)
    assert joined(x)[:, 0] == pytest.approx(values[:-1])
    assert joined(x[::2]) is None


def test_twins_are_counted_and_one_pair_is_named() -> None:
    x = np.array([[0.0, 1.0], [0.0, 1.0], [5.0, 5.0]])[..., None]
    found = twins(x, np.array([[1.0], [-1.0], [0.0]]))
    assert (found.with_twin, found.in_conflict, found.pair) == (2, 2, (0, 1))


def late_pulses(steps: int = 500, far: int = 14) -> np.ndarray:
    return (RNG.random(steps) < 0.15) * RNG.choice([-1.0, 1.0], steps)


def short(x, y):
    lab = HandMade(lambda inputs: np.full((len(inputs["x"]), 1), float(y.mean())))
    return list(context_short.CHECK.find(case(lab, x, target=y)))


def test_longer_windows_explain_what_lies_before_the_window() -> None:
    pulses, length, far = late_pulses(), 8, 14
    ends = np.arange(40, 500)
    x = np.stack([pulses[end - length + 1 : end + 1] for end in ends])[..., None].astype(np.float32)
    y = pulses[ends - far + 1][:, None]
    (finding,) = short(x, y)
    assert finding.severity == "error"
    assert finding.proof.before < 0.2
    assert finding.proof.after > 0.8
    assert finding.evidence["longer_window"] == 16


def test_longer_windows_are_held_against_the_windows_of_the_same_rows() -> None:
    x, y = cut(series(100, 0.9), 8)
    y[:40] = 3 * RNG.normal(size=(40, 1))  # rows that no longer window can be put together for
    assert not short(x, y)


def test_noise_in_the_target_is_not_a_short_window() -> None:
    x, _ = cut(series(300, 0.8), 8)
    assert not short(x, RNG.normal(size=(len(x), 1)))


def test_single_windows_have_to_be_equal_and_want_different_things() -> None:
    x = np.zeros((60, 8, 1), np.float32)
    x[30:] = 1
    labels = np.where(np.arange(60) % 2, 1.0, -1.0)[:, None]
    (finding,) = short(x[RNG.permutation(60)], labels)
    assert finding.severity == "warning"
    assert finding.evidence["rows_in_conflict"] == 60
