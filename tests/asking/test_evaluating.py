from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.asking.binding import bind, bind_condition
from lstm_tui.asking.ground import Ground, Source, ground_of
from lstm_tui.asking.hits import hits, values
from lstm_tui.asking.reading import read
from lstm_tui.errors import QuestionError
from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording
from tests.asking.questions_made import conditions, naive, numbers, recordings


@settings(deadline=None, max_examples=100)
@given(ground=recordings(), text=conditions())
def test_hits_are_those_of_a_loop_over_every_step_and_unit(ground: Ground, text: str) -> None:
    question = read(text)
    found = hits(bind_condition(question, ground, "one"), ground)
    for sample in range(ground.sources["one", "h"].samples):
        slowly = [naive(ground, question.tree, sample, step) for step in range(ground.timesteps)]
        expected = [step for step, answer in enumerate(slowly) if True in answer]
        assert [step for step in range(ground.timesteps) if found.at(sample, step)] == expected


@settings(deadline=None, max_examples=100)
@given(ground=recordings(), text=st.sampled_from(["vector", "pair", "single"]).flatmap(numbers))
def test_numbers_are_those_of_a_loop_over_every_step_and_unit(ground: Ground, text: str) -> None:
    question = read(text)
    found = values(bind(question, ground, "one"), ground)
    samples = ground.sources["one", "h"].samples
    shape = (samples, ground.timesteps, found.values.shape[2])
    everywhere = np.broadcast_to(found.values, shape)
    for sample, step in itertools.product(range(samples), range(ground.timesteps)):
        expected = naive(ground, question.tree, sample, step)
        known = found.known is None or bool(found.known[step])
        if None in expected:
            assert not known
        else:
            np.testing.assert_allclose(everywhere[sample, step], expected, rtol=1e-9)


def lstm(c: Array, **others: Array) -> Ground:
    """One LSTM with this cell state `(samples, steps, units)`."""
    steps = {name: others.get(name, np.zeros_like(c)) for name in LSTM.series}
    initial = {name: np.zeros_like(c[:, 0]) for name in LSTM.states}
    return ground_of(Recording({}, {}, (LayerTrace("lstm", LSTM, {**steps, "c": c}, initial),)))


def test_a_hit_names_the_first_unit_and_hits_are_walked_both_ways() -> None:
    c = np.zeros((2, 6, 4))
    c[1, 2, 3] = c[1, 4, 1] = c[1, 4, 2] = -7
    ground = lstm(c)
    found = hits(bind_condition(read("abs(c) > 5"), ground), ground)
    assert (found.total, found.samples, found.count(0), found.count(1)) == (2, (1,), 0, 2)
    first, second = found.after(1, -1), found.after(1, 2)
    assert first is not None and (first.step, first.unit) == (2, 3)
    assert second is not None and (second.step, second.unit) == (4, 1)
    assert found.after(1, 4) is None and found.before(1, 2) is None and found.after(0, 0) is None
    assert found.before(1, 4) == first
    assert found.next_sample(0) == found.next_sample(1) == found.next_sample(1, -1) == 1
    assert found.over_time(1, 3).tolist() == [0, 1, 1]
    assert found.over_time(1, 12).tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0], (
        "cells narrower than a step"
    )
    assert found.over_time(1, 9).tolist() == [0, 0, 0, 1, 1, 0, 1, 1, 0]
    assert hits(found.bound, ground) is found


def test_picked_units_keep_their_numbers() -> None:
    c = np.zeros((1, 3, 8))
    c[0, 1, 6] = 2
    ground = lstm(c)
    for text in (
        "c[4:] > 1",
        "c[::2] > 1",
        "c[6] > 1",
        "c[-2] > 1",
        "abs(c)[3:7][3] > 1",
        "argmax(c[3:]) == 6",
    ):
        hit = hits(bind_condition(read(text), ground), ground).after(0, -1)
        assert hit is not None and hit.step == 1 and hit.unit in (6, None), text


def test_what_is_not_a_number_is_no_hit_but_of_isnan() -> None:
    c = np.full((1, 3, 1), np.nan)
    ground = lstm(c)
    for text in (
        "c > 0",
        "c <= 0",
        "c != 1",
        "not (c > 0)",
        "not (c != 0)",
        "c - c == 0",
        "mean(c) < 9",
        "prev(c) != 0 and t > 0",
    ):
        assert hits(bind_condition(read(text), ground), ground).total == 0, text
    assert hits(bind_condition(read("isnan(c)"), ground), ground).total == 3
    assert hits(bind_condition(read("t / 0 > 1e300"), ground), ground).total == 2  # 0 / 0 is none


def test_the_state_before_the_first_step_is_the_one_that_the_layer_began_with() -> None:
    ground = lstm(np.ones((1, 3, 1)), h=np.ones((1, 3, 1)))
    assert hits(bind_condition(read("delta(c) == 1"), ground), ground).after(0, -1) is not None
    assert hits(bind_condition(read("delta(f) == 0 or isnan(delta(f))"), ground), ground).count(0) == 2


def test_an_output_that_is_known_at_the_end_alone_is_asked_there_alone() -> None:
    recording = Recording({}, {}, ())
    last = Source(np.full((1, 4, 1), np.nan), 4, known=np.arange(4) == 3)
    ground = ground_of(recording, outputs={"y": last})
    assert hits(bind_condition(read("isnan(output)"), ground), ground).steps[0].tolist() == [3]


def test_what_takes_too_long_is_stopped() -> None:
    ground = lstm(np.zeros((1, 1000, 300)))
    ticks = itertools.count()
    with pytest.raises(QuestionError, match="stopped at step"):
        hits(bind_condition(read("c > 5"), ground), ground, clock=lambda: float(next(ticks)))


def test_a_million_hits_are_told_as_such() -> None:
    ground = lstm(np.ones((1, 1_000_000, 1), np.float32))
    found = hits(bind_condition(read("c > 0"), ground), ground)
    assert found.total == 1_000_000 and found.over_time(0, 4).tolist() == [250_000] * 4
