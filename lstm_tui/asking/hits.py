"""Where a condition holds: all hits of all samples, found once for a recording and then looked up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_tui.asking.binding import Bound
from lstm_tui.asking.evaluating import Holds, Numbers, answer
from lstm_tui.asking.ground import Ground
from lstm_tui.errors import QuestionError
from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.window import Window, chunks

#: Numbers that are looked at together: they stay in the cache of a processor.
_NUMBERS_AT_ONCE = 1 << 17
#: Seconds that an answer may take.
BUDGET_SECONDS = 2.0


@dataclass(frozen=True)
class Hit:
    """One hit. unit: the first that fulfils the condition; None where it is not about units."""

    sample: int
    step: int
    unit: int | None


@dataclass(frozen=True, eq=False)
class Hits:
    """All hits of a condition in the steps of `window`.

    steps, units: for each sample that is kept from `first_sample` on, in order of time, `(hits,)`; a unit is
    -1 where the condition is not about units.
    """

    bound: Bound
    window: Window
    steps: tuple[NDArray[np.int64], ...]
    units: tuple[NDArray[np.int64], ...]

    @property
    def first_sample(self) -> int:
        """The first sample that is kept."""
        return self.bound.first_sample

    @property
    def total(self) -> int:
        """Over all samples."""
        return sum(len(steps) for steps in self.steps)

    @property
    def samples(self) -> tuple[int, ...]:
        """Those with a hit."""
        return tuple(self.first_sample + place for place, steps in enumerate(self.steps) if len(steps))

    def count(self, sample: int) -> int:
        """Of one sample."""
        return len(self._of(sample))

    def after(self, sample: int, step: int) -> Hit | None:
        """The next one behind `step`."""
        return self._hit(sample, int(np.searchsorted(self._of(sample), step, "right")))

    def before(self, sample: int, step: int) -> Hit | None:
        """The last one before `step`."""
        return self._hit(sample, int(np.searchsorted(self._of(sample), step, "left")) - 1)

    def at(self, sample: int, step: int) -> Hit | None:
        """That of `step`, if there is one."""
        found = self.after(sample, step - 1)
        return found if found is not None and found.step == step else None

    def next_sample(self, sample: int, by: int = 1) -> int | None:
        """The next sample with a hit, round and round; None where no sample has one."""
        found = self.samples
        if not found:
            return None
        later = [each for each in found if (each > sample if by > 0 else each < sample)]
        return (later or found)[0 if by > 0 else -1]

    def over_time(self, sample: int, columns: int) -> NDArray[np.int64]:
        """How many lie in each of so many equal parts of the sequence, `(columns,)`; see `in_parts`."""
        return in_parts(self._of(sample), max(self.bound.timesteps, 1), columns)

    def _of(self, sample: int) -> NDArray[np.int64]:
        place = self._place(sample)
        return self.steps[place] if place is not None else np.zeros(0, np.int64)

    def _hit(self, sample: int, index: int) -> Hit | None:
        place = self._place(sample)
        if place is None or not 0 <= index < len(self.steps[place]):
            return None
        unit = int(self.units[place][index])
        return Hit(sample, int(self.steps[place][index]), unit if unit >= 0 else None)

    def _place(self, sample: int) -> int | None:
        """What is the same for all samples is kept once."""
        if len(self.steps) == 1 and self.bound.samples == 1 and self.first_sample == 0:
            return 0
        place = sample - self.first_sample
        return place if 0 <= place < len(self.steps) else None


def in_parts(places: NDArray[np.int64], total: int, parts: int) -> NDArray[np.int64]:
    """How many of `places` lie in each of so many equal parts of `total`, `(parts,)`.

    A part smaller than a place says what the place in which it lies says.
    """
    if parts > total:
        counts = np.bincount(places, minlength=total)
        return counts[np.arange(parts) * total // parts].astype(np.int64)
    return np.histogram(places, np.linspace(0, total, parts + 1))[0].astype(np.int64)


def hits(bound: Bound, ground: Ground, *, clock: Callable[[], float] = time.monotonic) -> Hits:
    """All hits in the steps that are kept, looked for once for a ground.

    Raises: QuestionError where that takes longer than the budget.
    """
    key = ("hits", bound)
    if key not in ground.memo:
        ground.memo[key] = _found(bound, ground, _steps_of(bound, ground), clock)
    found = ground.memo[key]
    assert isinstance(found, Hits)
    return found


def values(bound: Bound, ground: Ground, *, clock: Callable[[], float] = time.monotonic) -> Numbers:
    """What an expression gives at every step that is kept: `(samples or 1, steps, units)` from the first of
    those on. Of a condition 1 where it holds, 0 where it fails, else NaN. Looked at once for a ground.

    Raises: QuestionError where that takes longer than the budget.
    """
    key = ("values", bound)
    if key not in ground.memo:
        parts = [_as_numbers(each) for _, each in _answers(bound, ground, _steps_of(bound, ground), clock)]
        known = [np.ones(len(each.values[0]), bool) if each.known is None else each.known for each in parts]
        together = np.concatenate([each.values for each in parts], axis=1) if parts else np.zeros((1, 0, 1))
        ground.memo[key] = Numbers(read_only(together), np.concatenate(known) if known else None)
    found = ground.memo[key]
    assert isinstance(found, Numbers)
    return found


def _as_numbers(found: Numbers | Holds) -> Numbers:
    if isinstance(found, Numbers):
        return found
    return Numbers(np.where(found.true, 1.0, np.where(found.false, 0.0, np.nan)))


def _steps_of(bound: Bound, ground: Ground) -> Window:
    """Those that are kept of the sequences that the question is about."""
    kept = ground.kept
    return Window(kept.start, min(kept.stop, bound.timesteps))


def _found(bound: Bound, ground: Ground, window: Window, clock: Callable[[], float]) -> Hits:
    steps: list[list[Array]] = [[] for _ in range(max(bound.samples, 1))]
    units: list[list[Array]] = [[] for _ in steps]
    for part, each in _answers(bound, ground, window, clock):
        assert isinstance(each, Holds)
        true = np.broadcast_to(each.true, (len(steps), *each.true.shape[1:]))
        where, first = np.asarray(true.any(axis=-1)), true.argmax(axis=-1)
        numbers = np.asarray(bound.root.units) if bound.root.whose else np.full(len(bound.root.units), -1)
        for sample in range(len(steps)):
            found = np.flatnonzero(where[sample])
            steps[sample].append(found + part.start)
            units[sample].append(numbers[first[sample][found]])
    return Hits(bound, window, _joined(steps), _joined(units))


def _joined(parts: list[list[Array]]) -> tuple[NDArray[np.int64], ...]:
    return tuple(
        read_only(np.concatenate(each).astype(np.int64)) if each else np.zeros(0, np.int64) for each in parts
    )


def _answers(
    bound: Bound, ground: Ground, window: Window, clock: Callable[[], float]
) -> list[tuple[Window, Numbers | Holds]]:
    """Chunk by chunk of the window, within the budget."""
    begun, found = clock(), []
    for part in chunks(window, _steps_at_once(bound, ground)):
        if clock() - begun > BUDGET_SECONDS:
            raise QuestionError(
                f"this takes over {BUDGET_SECONDS:g} s: stopped at step {part.start:,} of {window.stop:,}",
                expected="a question of fewer units, or of fewer operations",
                text=bound.question.text,
                at=bound.question.tree.at,
            )
        found.append((part, answer(bound, ground, part)))
    return found


def _steps_at_once(bound: Bound, ground: Ground) -> int:
    sources = [ground.sources[key] for key in bound.keys]
    numbers = max((source.samples * source.width for source in sources), default=1)
    return max(_NUMBERS_AT_ONCE // max(numbers, 1), 64)
