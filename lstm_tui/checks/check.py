"""What a check is: a code, what it needs, the function that looks, and the lesson that explains it.

One file holds one check (or a few that share one measurement); `catalogue` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from lstm_tui.checks.case import Case
from lstm_tui.checks.finding import Finding

#: What must be at hand beside the model. `output`: the recorded call succeeded. `recording`: with its steps.
Need = Literal["x", "shape", "reference", "reference_target", "target", "calls", "output", "recording"]


@dataclass(frozen=True)
class Lesson:
    """What a finding teaches, each a few plain sentences.

    title: what is the case, in a few words. what: what it means. why: why it matters. keras: how Keras 3
    behaves here. prevent: how to keep it from happening. code: what to change in one's own code, as lines of
    Keras 3.
    """

    title: str
    what: str
    why: str
    keras: str
    prevent: str
    code: str


@dataclass(frozen=True)
class Told:
    """A code that is found before there is a case to look at, with its lesson."""

    code: str
    lesson: Lesson


@dataclass(frozen=True)
class Check:
    """One code.

    needs: without one of these the check is silent, and listed as not checked. A tuple inside means: any of.
    find: looks at a case; yields what it found, usually one finding or none.
    explains: codes of what merely follows from this cause: such findings go into its evidence.
    """

    code: str
    needs: tuple[Need | tuple[Need, ...], ...]
    find: Callable[[Case], Iterable[Finding]]
    lesson: Lesson
    explains: tuple[str, ...] = ()

    def missing(self, case: Case) -> tuple[str, ...]:
        """What this check would need and does not have."""
        return tuple(words_of(need) for need in self.needs if not _there(need, case))


def _there(need: Need | tuple[Need, ...], case: Case) -> bool:
    return any(case.has(one) for one in ((need,) if isinstance(need, str) else need))


_OR = " or "


def words_of(need: Need | tuple[Need, ...]) -> str:
    """A need as it is told; of a tuple any one will do."""
    return need if isinstance(need, str) else _OR.join(need)


def apart(told: str) -> list[str]:
    """The single ones of a need as it is told."""
    return told.split(_OR)
