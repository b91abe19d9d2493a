"""What can happen to two runs that are compared. Values only; `comparing` gives them meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lstm_tui.recurrent.divergence import Course, Divergence
    from lstm_tui.recurrent.sides import Sides
    from lstm_tui.session.commands import Look
    from lstm_tui.session.sides import Case


@dataclass(frozen=True, eq=False)
class CompareCases:
    """Lay these two side by side, and find why they part."""

    one: Case
    other: Case


@dataclass(frozen=True)
class LeaveSides:
    """Nobody looks at the comparison any more; one that is not finished is given up."""


@dataclass(frozen=True)
class WalkSides:
    """The place in both runs moved, as the cursor moves in one."""

    move: Look


@dataclass(frozen=True)
class ToFirstDivergence:
    """Go where the two first part."""


@dataclass(frozen=True)
class ToLargestDifference:
    """Go where the series that is shown is furthest apart."""


@dataclass(frozen=True)
class SwitchMaps:
    """Show A, B and their difference, or the next of them alone."""


@dataclass(frozen=True)
class ComparingSaid:
    """What is being done for the comparison with this key."""

    key: str
    words: str


@dataclass(frozen=True, eq=False)
class CoursesArrived:
    """What both sides computed, and where they first part; why is not known yet."""

    key: str
    courses: tuple[Course, Course]
    divergence: Divergence | None


@dataclass(frozen=True, eq=False)
class SidesArrived:
    """The whole answer with what both sides computed, or why there is none."""

    key: str
    sides: Sides | str
    courses: tuple[Course, Course] | None = None


AboutSides = (
    CompareCases | LeaveSides | WalkSides | ToFirstDivergence | ToLargestDifference | SwitchMaps
    | ComparingSaid | CoursesArrived | SidesArrived
)  # fmt: skip
