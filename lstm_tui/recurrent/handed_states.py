"""States that one layer hands to another as `initial_state`: what is given, what is wanted. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_tui.recurrent.recording import Shape


@dataclass(frozen=True)
class GivenState:
    """One state tensor: the layer that it comes from, by path, and its shape `(batch, units)`."""

    source: str
    shape: Shape


@dataclass(frozen=True)
class HandedStates:
    """What the recurrent layer at `layer` is given as its initial states, and the shapes that it wants."""

    layer: str
    given: tuple[GivenState, ...]
    wanted: tuple[Shape, ...]

    @property
    def fits_in_number(self) -> bool:
        """Whether as many states are given as are wanted."""
        return len(self.given) == len(self.wanted)

    @property
    def misfits(self) -> tuple[int, ...]:
        """Indices of the states whose sizes differ; an axis that is free fits any."""
        pairs = zip(self.given, self.wanted, strict=False)
        return tuple(index for index, (one, wanted) in enumerate(pairs) if not _fits(one.shape, wanted))


def _fits(given: Shape, wanted: Shape) -> bool:
    sizes = zip(given, wanted, strict=False)
    return len(given) == len(wanted) and all(None in (one, other) or one == other for one, other in sizes)
