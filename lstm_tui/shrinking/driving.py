"""The search driven by diagnoses: bounded in their number, stopped at any time with the best so far.

While it searches, only the checks that decide are run. What it ends with is shown to all of them: if the
smallest case shows something that was not there, the search begins again and asks all of them each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import fingerprint
from lstm_tui.shrinking.search import smaller_cases
from lstm_tui.shrinking.target import Target

#: Diagnoses that a search may ask for: most need a few dozen.
MOST = 200


class Examine(Protocol):
    """Runs the checks with these codes (None: all) on a case; None where they cannot be run on it."""

    def __call__(self, subject: Subject, codes: tuple[str, ...] | None) -> Diagnosis | None:
        """The diagnosis."""
        ...


@dataclass(frozen=True, eq=False)
class Shrunk:
    """The smallest case that was found.

    codes: above info, as all checks see it; None where they did not get to see it.
    ended: nothing more could be taken away, the diagnoses were used up, or somebody stopped it.
    """

    start: Subject
    smallest: Subject
    target: Target
    diagnoses: int
    ended: Literal["smallest", "bound", "stopped"]
    codes: tuple[str, ...] | None = None


class _UsedUp(Exception):  # noqa: N818 - the end that was agreed on
    pass


class Shrinking:
    """One search. `tell` hears the number of each diagnosis and the best case so far."""

    def __init__(
        self,
        facts: ModelFacts,
        target: Target,
        examine: Examine,
        *,
        most: int = MOST,
        tell: Callable[[int, Subject], None] = lambda number, best: None,
    ) -> None:
        self._facts = facts
        self._target = target
        self._examine = examine
        self._most = most
        self._tell = tell
        self._diagnoses = 0
        self._known: dict[str, bool] = {}
        self._best: Subject
        self._codes: tuple[str, ...] | None = None

    def shrunk(self, start: Subject) -> Shrunk:
        """The smallest case that shows the target as `start` does; Ctrl-C gives the best so far."""
        self._best, self._codes = start, None
        ended: Literal["smallest", "bound", "stopped"] = "smallest"
        try:
            if not self._searched(start, self._target.checks):
                ended = "bound"
            if not self._is_seen_by_all():
                self._best, self._codes, self._known = start, self._target.codes, {}
                if not self._searched(start, None):
                    ended = "bound"
        except KeyboardInterrupt:
            ended = "stopped"
        return Shrunk(start, self._best, self._target, self._diagnoses, ended, self._codes)

    def _searched(self, start: Subject, codes: tuple[str, ...] | None) -> bool:
        """Search with these checks (None: all); False where the diagnoses were used up."""
        search = smaller_cases(start, self._facts, self._target.finding.place)
        try:
            case = next(search)
            while True:
                case = search.send(self._shows(case, codes))
        except StopIteration:
            return True
        except _UsedUp:
            return False

    def _shows(self, case: Subject, codes: tuple[str, ...] | None) -> bool:
        """Whether the finding shows in it, which then is the best so far; what was asked before is known."""
        key = fingerprint(case)
        if key not in self._known:
            if self._diagnoses >= self._most:
                raise _UsedUp
            diagnosis = self._diagnosed(case, codes)
            shows = self._target.shows_in if codes is not None else self._target.is_all_of
            self._known[key] = diagnosis is not None and shows(diagnosis)
            if self._known[key] and diagnosis is not None and codes is None:
                self._codes = diagnosis.codes
        if self._known[key]:
            self._best = case
        return self._known[key]

    def _is_seen_by_all(self) -> bool:
        """Whether all checks see the target in the best case, and nothing new."""
        diagnosis = self._diagnosed(self._best, None)
        if diagnosis is None or not self._target.is_all_of(diagnosis):
            return False
        self._codes = diagnosis.codes
        return True

    def _diagnosed(self, case: Subject, codes: tuple[str, ...] | None) -> Diagnosis | None:
        self._diagnoses += 1
        self._tell(self._diagnoses, self._best)
        return self._examine(case, codes)
