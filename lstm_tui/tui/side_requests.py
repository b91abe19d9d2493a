"""What is asked of the engine beside runs: gradients, shapes, calls repeated, followed, interleaved; checks;
the model in another form.

One wish of each kind waits, the newest; they are asked when nothing else is to be done, the quickest first.
A request that the engine died of is made once more, but for the checks: those are begun again by hand. The
smallest case is a conversation: one diagnosis after the other, with whatever else is wished in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstm_tui.checks.finding import Diagnosis, Finding
from lstm_tui.engine.protocol import (
    Answered,
    Diagnose,
    FollowCalls,
    Interleave,
    Refused,
    Request,
    RunFreely,
)
from lstm_tui.performing.wishes import arrived, refused, request_of
from lstm_tui.session.commands import (
    Command,
    FindingArrived,
    ShrinkArrived,
    ShrinkProgressed,
)
from lstm_tui.session.effects import (
    AsideWish,
    StartDiagnosis,
    StartFirstOrder,
    StartFollowing,
    StartFreeRun,
    StartGradients,
    StartInsides,
    StartInterleaving,
    StartRebuild,
    StartShapes,
    StartShrink,
    StartVariance,
)
from lstm_tui.session.state import Refusal

if TYPE_CHECKING:  # the search is for who asks for it
    from lstm_tui.shrinking.driving import Shrinking

_ORDER: tuple[type[AsideWish], ...] = (
    StartInsides,
    StartFirstOrder,
    StartGradients,
    StartShapes,
    StartVariance,
    StartFreeRun,
    StartFollowing,
    StartInterleaving,
    StartRebuild,
    StartDiagnosis,
    StartShrink,
)

_GAVE_WAY = "The checks were stopped; d runs them again."
_NO_LONGER_SMALL = "The search for the smallest case was stopped: something else was asked."


class SideRequests:
    """Wishes that wait, and the one whose answer is awaited."""

    def __init__(self) -> None:
        self._waiting: dict[type[AsideWish], AsideWish] = {}
        self._sent: AsideWish | None = None
        self._search: Shrinking | None = None

    def wish(self, wanted: AsideWish) -> Command | None:
        """Ask for this when there is time; what is to be said of the wish whose place it takes."""
        if type(self._sent) is type(wanted) and self._sent is not None and self._sent.key == wanted.key:
            return None  # it is under way
        older = self._waiting.pop(type(wanted), None)
        self._waiting[type(wanted)] = wanted
        if isinstance(wanted, StartShrink):
            self._search = _search(wanted)
        return _given_up(older, _GAVE_WAY) if older is not None and older.key != wanted.key else None

    def next(self) -> Request | None:
        """What to ask now, if anything."""
        kind = next((kind for kind in _ORDER if kind in self._waiting), None)
        self._sent = self._waiting.pop(kind) if kind is not None else None
        if isinstance(self._sent, StartShrink):
            assert self._search is not None and self._search.question is not None
            return Diagnose(self._search.question.subject, codes=self._search.question.codes)
        return None if self._sent is None else request_of(self._sent)

    def end_search(self, key: str) -> list[Command]:
        """The best case so far, without waiting for the diagnosis that is under way."""
        waiting = self._waiting.pop(StartShrink, None)
        wish = self._sent if isinstance(self._sent, StartShrink) else waiting
        search, self._search = self._search, None
        if wish is None or search is None:
            return [ShrinkArrived(key, _NO_LONGER_SMALL)]
        if wish is self._sent:
            self._sent = None  # its answer is of no use any more
        return [ShrinkArrived(wish.key, search.result())]

    def _searched(self, wish: StartShrink, diagnosis: Diagnosis | None) -> list[Command]:
        """One case more is judged: the next one, or the result."""
        search = self._search
        if search is None or search.question is None:
            return []
        search.told(diagnosis)
        if search.question is None:
            self._search = None
            return [ShrinkArrived(wish.key, search.result())]
        self._waiting.setdefault(StartShrink, wish)
        from lstm_tui.shrinking.sizes import shrunk_words

        less = shrunk_words(wish.subject, search.best, wish.facts) or "nothing taken away yet"
        return [ShrinkProgressed(wish.key, f"{search.diagnoses} tried: {less}")]

    def found(self, finding: Finding) -> list[Command]:
        """A finding of the checks that run."""
        return [FindingArrived(self._sent.key, finding)] if isinstance(self._sent, StartDiagnosis) else []

    def answered(self, answer: Answered | Refused) -> list[Command]:
        """The answer to what was asked last."""
        sent, self._sent = self._sent, None
        if sent is None:
            return []
        if isinstance(sent, StartShrink):
            value = answer.value if isinstance(answer, Answered) else None
            return self._searched(sent, value if isinstance(value, Diagnosis) else None)
        if isinstance(answer, Refused):
            return [_given_up(sent, str(answer.error))]
        return [arrived(sent, answer.value)]

    def died(self, reason: str, *, given_up: bool) -> list[Command]:
        """The engine died of what was asked last."""
        sent, self._sent = self._sent, None
        if sent is None:
            return []
        if isinstance(sent, StartShrink):
            return self._searched(sent, None)  # a case that kills engines is not the smaller one
        if not given_up and not isinstance(sent, StartDiagnosis):
            self._waiting.setdefault(type(sent), sent)
            return []
        return [_given_up(sent, reason)]

    def checks_give_way(self) -> list[Command]:
        """Checks that wait or run are given up; what is to be said of them."""
        self._search = None
        waiting = [self._waiting.pop(kind, None) for kind in (StartDiagnosis, StartShrink)]
        sent, self._sent = (
            (self._sent, None) if isinstance(self._sent, StartDiagnosis | StartShrink) else (None, self._sent)
        )
        return [_given_up(wish, _GAVE_WAY) for wish in (*waiting, sent) if wish is not None]

    def let_go(self, request: Request) -> None:
        """The engine that works on this is about to be ended: who comes back to that view asks again."""
        if isinstance(request, FollowCalls | Interleave | RunFreely):
            self._sent = None

    def drop(self) -> None:
        """Forget all: another model is opened."""
        self._waiting.clear()
        self._sent = self._search = None


def _search(wish: StartShrink) -> Shrinking:
    from lstm_tui.shrinking.driving import Shrinking
    from lstm_tui.shrinking.target import Target

    return Shrinking(wish.subject, wish.facts, Target(wish.finding, wish.codes))


def _given_up(wish: AsideWish, why: str) -> Command:
    if isinstance(wish, StartShrink):
        return ShrinkArrived(wish.key, _NO_LONGER_SMALL)
    return refused(wish, Refusal(why))
