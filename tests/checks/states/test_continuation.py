"""Does b continue a? Facts on equal steps, evidence on joins, and no answer where the data has none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lstm_tui.checks.states.continuation import (
    Continuity,
    Relation,
    is_serial,
    overlap_of,
    together,
    trimmed,
    verdict,
)
from tests.checks.states.leaky import waves


def cut(series: np.ndarray, length: int) -> list[np.ndarray]:
    return [series[at : at + length] for at in range(0, len(series) - length + 1, length)]


def in_order(pieces: list[np.ndarray]) -> Relation:
    judge = Continuity(pieces, [range(len(pieces))])
    return together([judge.relation(a, b) for a, b in pairwise(pieces)])


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_pieces_of_one_smooth_series_continue_each_other() -> None:
    assert in_order(cut(waves(80), 20)).kind == "continues"


def test_pieces_of_other_series_do_not() -> None:
    assert in_order([waves(20, seed) for seed in range(5)]).kind == "unrelated"


def test_a_single_join_can_be_enough() -> None:
    first, second = cut(waves(60, features=4), 30)
    assert Continuity([first, second]).relation(first, second).kind == "continues"
    assert Continuity([first, second]).relation(second, first).kind == "unrelated"


@pytest.mark.parametrize("seed", range(8))
def test_noise_gives_no_answer(seed: int) -> None:
    assert in_order(cut(noise(seed, 120, 2), 20)).kind == "unclear"
    assert in_order([noise(100 * seed + row, 20, 2) for row in range(6)]).kind == "unclear"


def test_flat_data_gives_no_answer() -> None:
    assert in_order([np.full((20, 2), 0.5)] * 4).kind == "unclear"


@pytest.mark.parametrize("seed", range(8))
def test_a_random_walk_is_never_taken_for_unrelated_pieces(seed: int) -> None:
    walk = np.cumsum(noise(seed, 200, 1), axis=0)
    assert in_order(cut(walk, 25)).kind in ("continues", "unclear")


def test_a_series_with_jumps_of_its_own_survives_a_jump_at_the_join() -> None:
    levels = np.repeat(noise(3, 30, 1), 7, axis=0)[:200] + 0.05 * noise(4, 200, 1)
    assert in_order(cut(levels, 21)).kind != "unrelated"


def test_most_series_that_jump_continue_where_they_do_not() -> None:
    """A jump spoils the steps after it for whatever foretells from many: then fewer are looked at."""
    answers = []
    for seed in range(8):
        number = np.cumsum(np.random.default_rng(seed).random(60) < 0.12)
        levels = noise(seed, number[-1] + 1, 1)[number] + 0.05 * noise(seed + 9, 60, 1)
        answers.append(in_order(cut(levels, 6)).kind)
    assert answers.count("continues") >= 6
    assert answers.count("continues") + answers.count("unclear") == 8


def test_what_is_another_level_is_unrelated() -> None:
    rows = [0.3 * waves(24, seed, level=3.0 * seed) for seed in range(4)]
    assert in_order(rows).kind == "unrelated"


def test_equal_sequences_are_the_same_and_shifted_ones_overlap() -> None:
    series = waves(60)
    judge = Continuity([series[:40], series[10:50]])
    assert judge.relation(series[:40], series[:40]).kind == "same"
    shifted = judge.relation(series[:40], series[10:50])
    assert (shifted.kind, shifted.overlap) == ("overlaps", 30)


def test_whole_periods_are_equal_and_follow_each_other() -> None:
    period = np.tile(np.sin(2 * np.pi * np.arange(12) / 12)[:, None], (10, 1))
    pieces = cut(period, 24)
    assert Continuity(pieces).relation(pieces[0], pieces[1]).kind == "continues"


def test_a_shared_last_step_is_no_overlap_worth_the_name() -> None:
    series = waves(41)
    judge = Continuity([series[:21], series[20:]])
    assert judge.relation(series[:21], series[20:]).kind != "overlaps"


def test_equal_tokens_are_a_coincidence_until_there_are_many() -> None:
    rng = np.random.default_rng(0)
    text = rng.integers(0, 3, (60, 1)).astype(float)
    judge = Continuity(cut(text, 20), discrete=True)
    assert judge.relation(text[:20], np.concatenate([text[18:20], text[40:58]])).kind == "unclear"
    assert judge.relation(text[:20], text[:20]).kind == "same"


def test_single_steps_are_judged_by_their_order() -> None:
    steps = cut(waves(30), 1)
    assert in_order(steps).kind == "continues"
    shuffled = [steps[index] for index in np.random.default_rng(1).permutation(30)]
    assert in_order(shuffled).kind == "unclear"


def test_few_single_steps_give_no_answer() -> None:
    assert in_order(cut(waves(4), 1)).kind == "unclear"


def test_more_evidence_decides_what_was_unclear() -> None:
    unclear = Relation("unclear", weight=1.0)
    assert unclear.with_more(4.0).kind == "continues"
    assert unclear.with_more(-5.0).kind == "unrelated"
    assert Relation("same").with_more(9.0).kind == "same"


def test_many_joins_that_say_next_to_nothing_are_no_answer() -> None:
    assert verdict(5.0, 100) == "unclear"
    assert verdict(5.0, 4) == "continues"


def test_the_longest_overlap_counts() -> None:
    ones = np.ones((5, 1))
    assert overlap_of(ones, ones) == 5
    assert overlap_of(np.arange(5.0)[:, None], np.arange(3.0, 8.0)[:, None]) == 2
    assert overlap_of(np.arange(5.0)[:, None], np.arange(9.0, 12.0)[:, None]) == 0


def test_padding_is_left_out() -> None:
    steps = np.array([0, 0, 0, 1, 2, 0, 0], float)[:, None]
    assert trimmed(steps).ravel().tolist() == [1, 2]
    assert len(trimmed(np.zeros((4, 1)))) == 4
    assert len(trimmed(np.array([0, 1, 0.0])[:, None])) == 3


def test_order_shows_in_a_series_and_not_in_noise() -> None:
    assert is_serial(waves(60))
    assert not is_serial(noise(1, 60, 2))
    assert not is_serial(np.ones((60, 2)))


def test_pieces_of_a_padded_series_continue() -> None:
    pieces = [np.concatenate([piece, np.zeros((6, 2))]) for piece in cut(waves(80), 20)]
    assert in_order(pieces).kind == "continues"
