"""What a user asks of a recording again and again: breakpoints and watches, and what can happen to them.

Values only; `questions` gives them meaning. They are no edits: undo leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

#: More of each would not fit beside the layers.
MOST_BREAKPOINTS, MOST_WATCHES = 20, 10


@dataclass(frozen=True)
class Breakpoint:
    """A condition to stop at, as it was typed."""

    text: str
    enabled: bool = True


@dataclass(frozen=True)
class Seeking:
    """On the way to the next hit in a long recording: forth or back, from which step on, of which breakpoint.

    only: its index; None for all that are enabled.
    """

    by: int
    step: int
    only: int | None = None


@dataclass(frozen=True)
class Questions:
    """All that is asked. seeking: where steps must be recorded again before the next hit is known."""

    breakpoints: tuple[Breakpoint, ...] = ()
    watches: tuple[str, ...] = ()
    seeking: Seeking | None = None

    @classmethod
    def of(
        cls, breakpoints: tuple[str, ...], watches: tuple[str, ...], off: Collection[str] = ()
    ) -> Questions:
        """As a scenario has them. off: those that are switched off."""
        return cls(tuple(Breakpoint(text, text not in off) for text in breakpoints), watches)

    @property
    def off(self) -> tuple[str, ...]:
        """Breakpoints that are switched off, by their text; no two have the same."""
        return tuple(each.text for each in self.breakpoints if not each.enabled)

    @property
    def texts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Breakpoints and watches as a scenario has them."""
        return tuple(each.text for each in self.breakpoints), self.watches

    def toggled(self, index: int) -> Questions:
        """With one breakpoint switched on or off."""
        found = list(self.breakpoints)
        found[index] = replace(found[index], enabled=not found[index].enabled)
        return replace(self, breakpoints=tuple(found))


@dataclass(frozen=True)
class AddBreakpoint:
    """Stop where this condition holds."""

    text: str


@dataclass(frozen=True)
class DropBreakpoint:
    """Forget the breakpoint with this index."""

    index: int


@dataclass(frozen=True)
class ToggleBreakpoint:
    """Switch the breakpoint with this index off, or on again."""

    index: int


@dataclass(frozen=True)
class AddWatch:
    """Show this expression at every step."""

    text: str


@dataclass(frozen=True)
class DropWatch:
    """Forget the watch with this index."""

    index: int


@dataclass(frozen=True)
class ToHit:
    """To the next hit, or with `by` -1 the last one: of any enabled breakpoint, or of one by its index."""

    by: int
    only: int | None = None


@dataclass(frozen=True)
class ToSampleWithHit:
    """To the first hit in the next sample of the batch that has one."""

    by: int = 1
    only: int | None = None


AboutQuestions = (
    AddBreakpoint | DropBreakpoint | ToggleBreakpoint | AddWatch | DropWatch | ToHit | ToSampleWithHit
)
