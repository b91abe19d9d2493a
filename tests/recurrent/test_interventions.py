"""Edits inside the loops as values: nonsense is refused, words say all, a batch takes what is its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import RunPlan
from lstm_tui.recurrent.interventions import (
    Clamp,
    Intervention,
    Poke,
    StartFrom,
    TrainingMode,
    clamp,
    dropout,
    for_rows,
    poke,
    silence,
)
from lstm_tui.recurrent.window import Window

SAMPLES = st.none() | st.integers(0, 9)


@pytest.mark.parametrize(
    "nonsense",
    [
        lambda: poke("lstm", "c", float("nan"), 3),
        lambda: poke("lstm", "c", 0.0, -1),
        lambda: poke("lstm", "c", 0.0, 3, unit=-2),
        lambda: poke("lstm", "c", 0.0, 3, unit=[]),
        lambda: poke("lstm", "c", 0.0, 3, sample=1.5),  # type: ignore[arg-type]
        lambda: clamp("lstm", "f", 1.0, first=5, last=4),
        lambda: clamp("lstm", "f", float("inf")),
        lambda: clamp("lstm", "f", True),
        lambda: dropout(seed=-1),
    ],
)
def test_nonsense_is_refused(nonsense: Callable[[], Intervention]) -> None:
    with pytest.raises(EditError):
        nonsense()


def test_one_unit_several_and_all_are_said_so() -> None:
    assert poke("lstm_1", "c", 0, 12, unit=17).describe() == "poke lstm_1 c[17] after step 12 to 0"
    assert silence("lstm_1", unit=[4, 3, 4]).describe() == "silence lstm_1 [3, 4]"
    assert silence("lstm_1").describe() == "silence lstm_1"
    assert clamp("g", "z", 0.5, first=3, sample=2).describe() == "clamp g z of sample 2 at 0.5 from step 3 on"
    assert clamp("g", "z", 1, last=9).describe() == "clamp g z at 1 from step 0 until 9"
    assert (dropout().describe(), dropout(False).describe()) == ("dropout on, seed 0", "dropout off")


@given(st.lists(st.tuples(SAMPLES, st.booleans())), st.integers(0, 9), st.integers(0, 5))
def test_a_batch_takes_what_is_its_own_by_its_own_numbers(
    wanted: list[tuple[int | None, bool]], start: int, count: int
) -> None:
    all_of_them: list[Poke | Clamp] = [
        poke("a", "h", 0, 1, sample=sample) if is_poke else clamp("a", "f", 0, sample=sample)
        for sample, is_poke in wanted
    ]
    own = for_rows(all_of_them, Window(start, start + count))
    expected = [
        None if one.sample is None else one.sample - start
        for one in all_of_them
        if one.sample is None or start <= one.sample < start + count
    ]
    assert [one.sample for one in own] == expected


def test_first_states_are_cut_with_the_batch() -> None:
    rows, shared = np.arange(12.0).reshape(6, 2), np.ones((1, 2))
    (cut,) = for_rows([StartFrom("a", {"h": rows, "c": shared})], Window(2, 4))
    np.testing.assert_array_equal(cut.states["h"], rows[2:4])
    np.testing.assert_array_equal(cut.states["c"], shared)


def test_what_is_tried_makes_another_run_and_nothing_tried_the_same() -> None:
    x = {"x": np.zeros((1, 2, 3))}
    tried: list[tuple[Intervention, ...]] = [
        (),
        (poke("a", "h", 0, 1),),
        (poke("a", "h", 0, 1, unit=0),),
        (silence("a"),),
        (TrainingMode(),),
        (TrainingMode(seed=1),),
    ]
    keys = [RunPlan(x, interventions=each).key for each in tried]
    assert len(set(keys)) == len(keys)
    assert keys[0] == RunPlan(x).key
