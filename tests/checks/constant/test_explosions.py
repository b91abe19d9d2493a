"""States that grow: by a factor on their way to the limit, or by amounts for ever."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.constant.state_exploding import LIMIT, exploding


def states(peaks: np.ndarray) -> np.ndarray:
    """One row, one unit."""
    return peaks[None, :, None].astype(np.float32)


@pytest.mark.parametrize("factor", [1.05, 1.5])
def test_what_has_exploded_and_then_only_adds_up_is_still_told(factor: float) -> None:
    steps = int(np.log(3 * LIMIT) / np.log(factor))
    grown = factor ** np.arange(steps)
    added = grown[-1] * (1 + 0.01 * np.arange(200))
    found = exploding(states(np.concatenate([grown, added])), LIMIT)
    assert found is not None
    _, first, told, lost = found
    assert told == pytest.approx(factor, rel=0.05)
    assert first == pytest.approx(np.log(LIMIT) / np.log(factor), abs=2)
    assert lost is None


@pytest.mark.parametrize("power", [1, 2, 3])
def test_sums_and_their_sums_are_no_explosion_however_large(power: int) -> None:
    assert exploding(states(10.0 * np.arange(1.0, 3000.0) ** power), LIMIT) is None


def test_a_jump_to_a_high_level_is_no_growth() -> None:
    assert exploding(states(np.full(300, 100 * LIMIT)), LIMIT) is None


def test_what_comes_back_below_the_limit_has_not_exploded() -> None:
    there = 1.3 ** np.arange(40)
    assert exploding(states(np.concatenate([there, there[::-1]])), LIMIT) is None
