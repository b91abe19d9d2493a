"""The search driven by diagnoses, one question after the other: bounded, and stopped at any time.

    search = Shrinking(start, facts, target)
    while (question := search.question) is not None:
        search.told(diagnosis of question.subject by question.codes)
    search.result()

While it searches, only the checks that decide are run. What it ends with is shown to all of them: if the
smallest case shows something that was not there, the search begins again and asks all of them each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import fingerprint
from lstm_tui.shrinking.search import smaller_cases
from lstm_tui.shrinking.target import Target

#: Diagnoses that a search may ask for: most need a few dozen.
MOST = 200


@dataclass(frozen=True, eq=False)
class Question:
    """What these checks (None: all) say of this case is to be told next."""

    subject: Subject
    codes: tuple[str, ...] | None


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


class Shrinking:
    """One search; it holds no model, and asks nobody by itself."""

    def __init__(self, start: Subject, facts: ModelFacts, target: Target, *, most: int = MOST) -> None:
        """most: so many diagnoses, and the one by all checks."""
        self._start = start
        self._facts = facts
        self._target = target
        self._most = most
        self._used_up = False
        self._known: dict[str, bool] = {}
        self.best = start
        self.diagnoses = 0
        self.question: Question | None = None
        self._seen: tuple[str, ...] | None = None
        self._begin(target.checks)

    def told(self, diagnosis: Diagnosis | None) -> None:
        """The answer to the question; None where these checks cannot be run on that case."""
        question = self.question
        assert question is not None
        self.diagnoses += 1
        if self._judging:
            self._judged(diagnosis)
            return
        shows = self._target.shows_in if question.codes is not None else self._target.is_all_of
        verdict = self._known[fingerprint(question.subject)] = diagnosis is not None and shows(diagnosis)
        if verdict and diagnosis is not None and question.codes is None:
            self._seen = diagnosis.codes
        self._go_on(question.subject, verdict)

    def result(self) -> Shrunk:
        """What was found; stopped, if there is still a question."""
        ended: Literal["smallest", "bound", "stopped"] = "bound" if self._used_up else "smallest"
        if self.question is not None:
            ended = "stopped"
        return Shrunk(self._start, self.best, self._target, self.diagnoses, ended, self._seen)

    def _begin(self, codes: tuple[str, ...] | None) -> None:
        self._codes = codes
        self._judging = False
        self._search = smaller_cases(self._start, self._facts, self._target.finding.place)
        self._ask(lambda: next(self._search))

    def _go_on(self, case: Subject, verdict: bool) -> None:
        if verdict:
            self.best = case
        self._ask(lambda: self._search.send(verdict))

    def _ask(self, following: Callable[[], Subject]) -> None:
        """Put the next question that has no answer yet, or end the search."""
        try:
            case = following()
            while (verdict := self._known.get(fingerprint(case))) is not None:
                self.best = case if verdict else self.best
                case = self._search.send(verdict)
        except StopIteration:
            self._end()
            return
        if self.diagnoses >= self._most:
            self._used_up = True
            self._end()
        else:
            self.question = Question(case, self._codes)

    def _end(self) -> None:
        """Ask all checks what they see in the best case, unless they have seen it."""
        if self.best is self._start:
            self._seen = self._target.codes
        self._judging = self._codes is not None and self.best is not self._start
        self.question = Question(self.best, None) if self._judging else None

    def _judged(self, diagnosis: Diagnosis | None) -> None:
        if diagnosis is not None and self._target.is_all_of(diagnosis):
            self._seen, self.question = diagnosis.codes, None
            return
        self.best, self._seen, self._known = self._start, self._target.codes, {}
        self._begin(None)
