"""Random inputs: the model's shape, the same numbers for the same seed, ids that the table has."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.arrays.random_input import random_input
from lstm_tui.errors import InputFileError


@pytest.mark.parametrize(
    ("shape", "result"),
    [
        ((None, None, 5), (1, 50, 5)),
        ((None, 10, 5), (1, 10, 5)),
        ((4, None, 5), (4, 50, 5)),
        ((None, 4), (1, 4)),
        ((None, None), (1, 50)),
        ((None, None, None), (1, 50, 1)),
        ((None, None, 8, 8, 1), (1, 50, 8, 8, 1)),
    ],
)
def test_free_axes_are_filled(shape: tuple[int | None, ...], result: tuple[int, ...]) -> None:
    assert random_input(shape).shape == result
    assert random_input(shape).dtype == np.float32


def test_batch_and_timesteps_can_be_chosen() -> None:
    assert random_input((None, None, 2), batch=3, timesteps=7).shape == (3, 7, 2)


def test_a_seed_gives_the_same_and_another_seed_another() -> None:
    one, same, other = (random_input((None, None, 5), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64"])
def test_ids_lie_in_the_table_in_any_dtype(dtype: str) -> None:
    ids = random_input((None, None), dtype, batch=20, vocabulary=7)
    assert ids.dtype == np.dtype(dtype)
    assert set(ids.ravel().tolist()) == set(range(7))


@pytest.mark.parametrize("dtype", ["int32", "bool", "uint8"])
def test_without_a_vocabulary_ids_are_zero_and_one(dtype: str) -> None:
    assert set(random_input((None, None), dtype).ravel().tolist()) == {0, 1}


@pytest.mark.parametrize("shape", [(None, 10**12, 5), (10**6, 10**6), (None, -5, 2)])
def test_a_size_that_cannot_be_is_refused(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(InputFileError):
        random_input(shape)


def test_the_numbers_of_a_seed_never_change() -> None:
    drawn = random_input((None, 1, 3), seed=7)
    np.testing.assert_allclose(drawn[0, 0], [1.6905257, -0.46593738, 0.03282016], rtol=1e-6)
