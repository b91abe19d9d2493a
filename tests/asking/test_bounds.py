from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.asking.binding import bind_condition
from lstm_tui.asking.bounds import CANNOT, MAY, MUST, next_bin, verdicts
from lstm_tui.asking.ground import Far, Ground, ground_of
from lstm_tui.asking.hits import hits
from lstm_tui.asking.reading import read
from lstm_tui.recurrent.cells import SIMPLE_RNN
from lstm_tui.recurrent.pyramid import level_of
from lstm_tui.recurrent.recording import LayerTrace, Recording
from lstm_tui.recurrent.window import Window
from tests.asking.questions_made import conditions, recordings


def from_afar(ground: Ground, size: int) -> Far:
    levels = {
        key: level_of(source.values[0], size)
        for key, source in ground.sources.items()
        if source.known is None or source.known.all()
    }
    return Far(size, ground.timesteps, levels)


@settings(max_examples=200)
@given(
    ground=recordings(most_steps=40, most_samples=1),
    text=st.sampled_from(["vector", "pair", "single"]).flatmap(conditions),
    size=st.sampled_from([1, 2, 5, 16]),
)
def test_a_bin_with_a_hit_is_never_skipped_and_one_that_must_is_full_of_them(
    ground: Ground, text: str, size: int
) -> None:
    bound, far = bind_condition(read(text), ground, "one"), from_afar(ground, size)
    found = hits(bound, ground)
    said = verdicts(bound, far, Window(0, far.bins))
    assert len(said) == far.bins
    for place in range(far.bins):
        steps = range(place * size, min(place * size + size, ground.timesteps))
        holds = [found.at(0, step) is not None for step in steps]
        assert said[place] != CANNOT or not any(holds)
        assert said[place] != MUST or all(holds)


@settings(deadline=None, max_examples=60)
@given(ground=recordings(most_steps=40, most_samples=1), text=conditions(), first=st.integers(0, 40))
def test_the_next_bin_is_the_next_that_may(ground: Ground, text: str, first: int) -> None:
    bound, far = bind_condition(read(text), ground, "one"), from_afar(ground, 3)
    first = min(first, far.bins - 1)
    may = np.flatnonzero(verdicts(bound, far, Window(0, far.bins)) > CANNOT)
    assert next_bin(bound, far, first, 1) == min(may[may >= first], default=None)
    assert next_bin(bound, far, first, -1) == max(may[may <= first], default=None)


@pytest.fixture(scope="module")
def spike() -> tuple[Ground, Far]:
    """A million quiet steps with one loud one."""
    h = np.full((1, 1_000_000, 2), 0.1, np.float32)
    h[0, 777_777, 1] = 3
    trace = LayerTrace("rnn", SIMPLE_RNN, {"h": h}, {"h": h[:, 0]})
    ground = ground_of(Recording({}, {}, (trace,)))
    return ground, Far(64, 1_000_000, {("rnn", "h"): level_of(h[0], 64)})


@pytest.mark.parametrize(
    ("text", "bins"),
    [
        ("h > 2", 1),
        ("max(h) > 2 and t > 800000", 0),
        ("delta(h) > 1", 2),
        ("norm(h) > 2", 1),
        ("std(h) > 1", 1),
    ],
)
def test_few_bins_are_left_of_a_million_steps(spike: tuple[Ground, Far], text: str, bins: int) -> None:
    ground, far = spike
    bound = bind_condition(read(text), ground)
    said = verdicts(bound, far, Window(0, far.bins))
    assert np.count_nonzero(said) <= bins + 1  # what looks back knows nothing before the first bin
    where = next_bin(bound, far, 1, 1)
    assert where == (777_777 // 64 if bins else None)


def test_what_holds_everywhere_is_said_so(spike: tuple[Ground, Far]) -> None:
    ground, far = spike
    said = verdicts(bind_condition(read("h < 2"), ground), far, Window(0, far.bins))
    assert (said == MUST).all()  # unit 0 is at every step
    said = verdicts(bind_condition(read("all(h < 2)"), ground), far, Window(0, far.bins))
    assert np.flatnonzero(said != MUST).tolist() == [777_777 // 64] and said[777_777 // 64] == MAY
