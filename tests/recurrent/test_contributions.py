from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN, CellKind, other_cell
from lstm_tui.recurrent.contributions import Contributions, contributions, no_contributions, ranked
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.window import Window

LINES_RUN = Callable[[Callable[[], object]], int]


def trace_of(cell: CellKind, initial: float = 0.0, **series: Any) -> LayerTrace:
    """One sample of one unit, each series a list of numbers; the states follow from the gates in float64."""
    gates = {name: np.asarray(values, np.float64) for name, values in series.items()}
    state, before = [], initial
    for step in range(len(gates["g"])):
        if cell is LSTM:
            before = gates["f"][step] * before + gates["i"][step] * gates["g"][step]
        else:
            before = gates["z"][step] * before + (1 - gates["z"][step]) * gates["g"][step]
        state.append(before)
    gates |= {"c": np.array(state), "h": np.array(state)}
    steps = {name: gates.get(name, np.zeros(len(state)))[None, :, None] for name in cell.series}
    return LayerTrace("rnn", cell, steps, {name: np.full((1, 1), initial) for name in cell.states})


def parts_of(trace: LayerTrace, step: int, unit: int = 0, sample: int = 0) -> Contributions:
    parts = contributions(trace, sample=sample, step=step, unit=unit)
    assert parts is not None
    return parts


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def ran(
    cell: CellKind, timesteps: int, *, mask: np.ndarray | None = None, backwards: bool = False
) -> LayerTrace:
    """A layer of 3 units run on 2 samples in float32, as Keras computes it, from states that are not zero."""
    random = np.random.default_rng(timesteps)
    kernel = random.normal(size=(5, 12)).astype(np.float32)
    recurrent = random.normal(size=(3, 12)).astype(np.float32)
    x = random.normal(size=(2, timesteps, 5)).astype(np.float32)
    initial = {name: random.normal(size=(2, 3)).astype(np.float32) for name in cell.states}
    states = dict(initial)
    steps = {name: np.zeros((2, timesteps, 3), np.float32) for name in cell.series}
    for step in reversed(range(timesteps)) if backwards else range(timesteps):
        parts = np.split(x[:, step] @ kernel + states["h"] @ recurrent, 4, axis=-1)
        series = (lstm_step if cell is LSTM else gru_step)(parts, states)
        if mask is not None:
            series |= {
                name: np.where(mask[:, step, None], series[name], states[name]) for name in cell.states
            }
        states = {name: series[name] for name in cell.states}
        for name in cell.series:
            steps[name][:, step] = series[name]
    return LayerTrace("rnn", cell, steps, initial, mask=mask, go_backwards=backwards)


def lstm_step(parts: list[np.ndarray], states: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    i, f, o = (sigmoid(part) for part in parts[:3])
    g = np.tanh(parts[3])
    c = f * states["c"] + i * g
    return {"i": i, "f": f, "o": o, "g": g, "c": c, "h": o * np.tanh(c)}


def gru_step(parts: list[np.ndarray], states: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    z, r = sigmoid(parts[0]), sigmoid(parts[1])
    g = np.tanh(parts[2] + r * parts[3])
    return {"z": z, "r": r, "g": g, "h": z * states["h"] + (1 - z) * g}


def exact_shares(keep: np.ndarray, added: np.ndarray, initial: float, step: int) -> list[Fraction]:
    """The shares up to `step` and what is left of the initial state, in rational numbers."""
    found, kept = [], Fraction(1)
    for earlier in range(step, -1, -1):
        found.append(Fraction(float(added[earlier])) * kept)
        kept *= Fraction(float(keep[earlier]))
    return [*reversed(found), Fraction(initial) * kept]


NUMBERS = st.floats(-4, 4, width=32)


@given(data=st.data(), timesteps=st.integers(1, 12))
def test_shares_are_those_of_rational_arithmetic(data: st.DataObject, timesteps: int) -> None:
    f, i, g = (data.draw(hnp.arrays(np.float32, timesteps, elements=NUMBERS)) for _ in range(3))
    initial = data.draw(NUMBERS)
    step = data.draw(st.integers(0, timesteps - 1))
    parts = parts_of(trace_of(LSTM, initial, f=f, i=i, g=g), step)
    expected = exact_shares(f, i.astype(np.float64) * g, initial, step)
    for share, exact in zip([*parts.shares[: step + 1], parts.from_initial], expected, strict=True):
        assert abs(Fraction(float(share)) - exact) <= abs(exact) * Fraction(1, 10**13) + Fraction(1, 10**300)
    assert parts.adds_up
    assert not parts.shares[step + 1 :].any()


@pytest.mark.parametrize("cell", [LSTM, GRU], ids=lambda cell: cell.name)
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("masked", [False, True], ids=["all steps", "masked"])
@pytest.mark.parametrize("timesteps", [1, 2, 30])
def test_what_a_layer_in_float32_did_adds_up(
    cell: CellKind, backwards: bool, masked: bool, timesteps: int
) -> None:
    mask = np.random.default_rng(1).random((2, timesteps)) < 0.6 if masked else None
    trace = ran(cell, timesteps, mask=mask, backwards=backwards)
    state = cell.states[-1]
    for sample, step, unit in np.ndindex(2, timesteps, 3):
        parts = parts_of(trace, step, unit, sample)
        assert parts.series == state
        assert parts.total == trace.steps[state][sample, step, unit]
        assert parts.adds_up
        assert parts.residual == pytest.approx(0, abs=1e-5)
        assert parts.shares.sum() + parts.from_initial + parts.residual == pytest.approx(parts.total)


def test_an_lstm_by_hand() -> None:
    trace = trace_of(LSTM, 8.0, f=[0.5, 0.5, 0.25], i=[1, 0.5, 0.5], g=[0.5, -1, 1])
    parts = parts_of(trace, 2)
    assert parts.kept.tolist() == [0.125, 0.25, 1.0]
    assert parts.shares.tolist() == [0.0625, -0.125, 0.5]
    assert (parts.from_initial, parts.total, parts.residual) == (0.5, 0.9375, 0.0)
    assert parts_of(trace, 0).shares.tolist() == [0.5, 0.0, 0.0]


def test_a_gru_by_hand() -> None:
    parts = parts_of(trace_of(GRU, 4.0, z=[0.5, 0.25], g=[1, -1]), 1)
    assert parts.shares.tolist() == [0.125, -0.75]
    assert (parts.series, parts.from_initial, parts.total) == ("h", 0.5, -0.125)


def test_a_layer_that_runs_backwards_comes_from_the_steps_after() -> None:
    forwards = trace_of(LSTM, 8.0, f=[0.5, 0.5, 0.25], i=[1, 0.5, 0.5], g=[0.5, -1, 1])
    turned = {name: values[:, ::-1] for name, values in forwards.steps.items()}
    parts = parts_of(replace(forwards, steps=turned, go_backwards=True), 0)
    assert parts.shares.tolist() == [0.5, -0.125, 0.0625]
    assert parts.kept.tolist() == [1.0, 0.25, 0.125]
    assert parts.window == Window(0, 3)
    assert parts_of(replace(forwards, steps=turned, go_backwards=True), 2).window == Window(2, 3)


def test_a_masked_step_puts_in_nothing_and_keeps_everything() -> None:
    trace = trace_of(LSTM, 2.0, f=[0.5, 1, 0.5], i=[1, 0, 1], g=[1, 1, 1])
    # What the cell computed at the masked step is recorded too, and has no part in the state.
    loud = {**trace.steps, "f": np.array([[[0.5], [0.0], [0.5]]]), "i": np.array([[[1.0], [9.0], [1.0]]])}
    parts = parts_of(replace(trace, steps=loud, mask=np.array([[True, False, True]])), 2)
    assert parts.shares.tolist() == [0.5, 0.0, 1.0]
    assert parts.kept.tolist() == [0.5, 0.5, 1.0]
    assert parts.from_initial == 0.5
    assert (parts.adds_up, parts.erased_at) == (True, None)


def test_the_one_mask_of_a_broadcast_batch_is_that_of_all() -> None:
    trace = ran(GRU, 4, mask=np.array([[True, False, True, True]] * 2))
    narrow = replace(trace, mask=np.array([[True, False, True, True]]))
    assert parts_of(narrow, 3, sample=1).shares.tolist() == parts_of(trace, 3, sample=1).shares.tolist()


def test_units_of_an_image_are_counted_over_all_its_axes() -> None:
    flat = ran(LSTM, 5)
    split = {name: np.repeat(values, 4, axis=2).reshape(2, 5, 2, 3, 2) for name, values in flat.steps.items()}
    initial = {
        name: np.repeat(values, 4, axis=1).reshape(2, 2, 3, 2) for name, values in flat.initial.items()
    }
    image = replace(flat, steps=split, initial=initial)
    for unit in range(12):
        assert parts_of(image, 4, unit).shares.tolist() == parts_of(flat, 4, unit // 4).shares.tolist()


def test_a_gate_of_zero_erases_what_was_before() -> None:
    parts = parts_of(trace_of(LSTM, 3.0, f=[1, 0, 1, 0, 1, 0.5], i=[1] * 6, g=[1] * 6), 4)
    assert parts.shares.tolist() == [0, 0, 0, 1, 1, 0]
    assert (parts.from_initial, parts.erased_at, parts.underflowed) == (0.0, 3, 0)


def test_what_underflows_is_told_from_what_is_erased() -> None:
    parts = parts_of(trace_of(LSTM, 1.0, f=[0.1] * 1000, i=[1] * 1000, g=[1] * 1000), 999)
    # 1e-323 is the last power of ten that a float64 holds: 324 shares are left, the others and the initial
    # state are lost.
    assert np.count_nonzero(parts.shares) == 324
    assert (parts.underflowed, parts.erased_at) == (677, None)
    assert parts.adds_up
    erased = parts_of(trace_of(LSTM, 1.0, f=[0.1] * 999 + [0], i=[1] * 1000, g=[1] * 1000), 999)
    assert (erased.underflowed, erased.erased_at) == (0, 999)


def test_a_product_that_goes_below_every_number_comes_back() -> None:
    """A forget gate with another activation may exceed 1; a plain cumulative product would be stuck at 0."""
    f = [1.0, 1e200, 1e200, -1e-200, 1e-200]
    parts = parts_of(trace_of(LSTM, f=f, i=[1e-300, 0, 0, 0, 0], g=[1] * 5), 4)
    assert parts.kept == pytest.approx([-1.0, -1e-200, 0, 1e-200, 1])
    assert parts.shares[0] == pytest.approx(-1e-300)
    assert parts.total == pytest.approx(-1e-300)
    assert parts.adds_up


def test_negative_and_large_gates_add_up_over_blocks_of_any_length() -> None:
    random = np.random.default_rng(3)
    for timesteps in (511, 512, 513, 2000):
        f, i, g = (random.normal(0, 1.5, timesteps) for _ in range(3))
        parts = parts_of(trace_of(LSTM, 0.5, f=f, i=i, g=g), timesteps - 1)
        expected = exact_shares(f, i * g, 0.5, timesteps - 1)
        for step in {0, 1, timesteps // 2, max(timesteps - 512, 0), timesteps - 2}:
            assert parts.shares[step] == pytest.approx(float(expected[step]), rel=1e-11, abs=1e-300)
        assert parts.adds_up


def test_a_cell_that_does_something_else_is_told_by_its_residual() -> None:
    trace = ran(LSTM, 20)
    dropped = {**trace.steps, "g": trace.steps["g"] * np.float32(0.9)}
    parts = parts_of(replace(trace, steps=dropped), 19)
    assert not parts.adds_up
    assert abs(parts.residual) > 100 * parts.tolerance
    assert parts.shares.sum() + parts.from_initial + parts.residual == pytest.approx(parts.total)


def test_half_precision_is_allowed_its_own_rounding() -> None:
    trace = ran(LSTM, 20)
    for rounded in (to_float16, to_bfloat16):
        coarse = replace(trace, steps={name: rounded(values) for name, values in trace.steps.items()})
        parts = parts_of(coarse, 19)
        assert abs(parts.residual) > 1e-5
        assert parts.adds_up
        assert parts.tolerance < 0.2


def to_float16(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16)


def to_bfloat16(values: np.ndarray) -> np.ndarray:
    """Cut to the digits of a bfloat16, as recordings hold it: in float32."""
    return (values.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_step_is_named_from_which_on_nothing_is_a_number(value: float) -> None:
    i = np.ones(6)
    i[2] = value
    parts = parts_of(trace_of(LSTM, f=[0.5] * 6, i=i, g=[1] * 6), 5)
    assert parts.broken_at == 2
    assert not parts.adds_up
    assert not math.isfinite(parts.total) and not math.isfinite(parts.shares[2])
    assert ranked(parts, 1)[0][0] == 2
    assert parts_of(trace_of(LSTM, f=[0.5] * 6, i=i, g=[1] * 6), 1).broken_at is None


def test_an_initial_state_that_was_not_recorded_is_not_zero() -> None:
    parts = parts_of(replace(trace_of(GRU, 1.0, z=[0.5], g=[1]), initial={}), 0)
    assert math.isnan(parts.from_initial) and math.isnan(parts.residual)
    assert parts.shares.tolist() == [0.5]
    assert (parts.adds_up, parts.broken_at) == (False, None)


def test_cells_without_gates_say_why() -> None:
    steps = {"h": np.zeros((1, 2, 3)), "c": np.zeros((1, 2, 3)), "state_0": np.zeros((1, 2, 3))}
    for cell, reason in (
        (SIMPLE_RNN, "no gates"),
        (other_cell(1), "not known"),
        (replace(LSTM, gates=(), candidate=None), "could not be told apart"),
    ):
        trace = LayerTrace("rnn", cell, steps, {})
        assert contributions(trace, sample=0, step=0, unit=0) is None
        assert reason in (no_contributions(trace) or "")
    assert no_contributions(ran(LSTM, 1)) is None


@pytest.mark.parametrize("step", [-1, 2])
def test_a_step_outside_the_sequence_is_a_bug(step: int) -> None:
    with pytest.raises(IndexError):
        parts_of(ran(LSTM, 2), step)


def test_ranks_are_by_size_then_time_without_zeros() -> None:
    parts = parts_of(trace_of(LSTM, f=[1] * 6, i=[1] * 6, g=[0.5, 0, -2, 0.5, -0.5, 0]), 5)
    assert ranked(parts, 3) == ((2, -2.0), (0, 0.5), (3, 0.5))
    assert [step for step, _ in ranked(parts, 99)] == [2, 0, 3, 4]
    assert ranked(parts, 0) == ranked(parts, -1) == ()


@given(shares=hnp.arrays(np.float64, st.integers(1, 30)), count=st.integers(0, 31))
def test_ranks_of_any_shares(shares: np.ndarray, count: int) -> None:
    parts = replace(parts_of(trace_of(GRU, z=[0.5], g=[1]), 0), shares=shares)
    found = ranked(parts, count)
    sizes = [math.inf if math.isnan(share) else abs(share) for _, share in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len({step for step, _ in found}) == len(found) == min(count, np.count_nonzero(shares))
    left = np.delete(shares, [step for step, _ in found])
    if len(found) == count > 0:
        assert not (np.abs(left) > sizes[-1]).any()


def test_a_million_steps_take_no_more_python_than_a_thousand(lines_run: LINES_RUN) -> None:
    """But for a level of blocks: three of them hold a hundred million steps."""
    random = np.random.default_rng(0)

    def lines_for(timesteps: int) -> int:
        gates = {name: random.uniform(0.9, 1, (1, timesteps, 1)).astype(np.float32) for name in LSTM.series}
        trace = LayerTrace("rnn", LSTM, gates, {"c": np.ones((1, 1), np.float32)})
        return lines_run(lambda: ranked(parts_of(trace, timesteps - 1), 10))

    assert 50 < lines_for(1_000_000) < lines_for(1_000) + 100 < 1000


def test_shares_cannot_be_written() -> None:
    parts = parts_of(ran(LSTM, 3), 2)
    assert not parts.shares.flags.writeable and not parts.kept.flags.writeable
