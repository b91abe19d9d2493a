"""What was asked about a plan beside its run: findings, shapes, repeated and followed calls. Values only.

Everything is kept under the key of the question, so that undo and redo find their answers again and a late
answer cannot pass for that to another question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from lstm_tui.checks.finding import Diagnosis, Finding, in_order
from lstm_tui.checks.states.variance import VarianceTest
from lstm_tui.recurrent.calls import Run
from lstm_tui.recurrent.interleavings import Interleaved
from lstm_tui.recurrent.movements import Movements
from lstm_tui.recurrent.shape_options import ShapeExploration

Answer = TypeVar("Answer")

#: How many questions' answers are kept.
KEPT_ANSWERS = 24


@dataclass(frozen=True, eq=False)
class Checkup:
    """The checks of one question: while they run, what they found so far; afterwards the whole answer.

    stopped: why there is no whole answer and none is on its way.
    """

    findings: tuple[Finding, ...] = ()
    diagnosis: Diagnosis | None = None
    stopped: str = ""

    @property
    def running(self) -> bool:
        """Whether more may come."""
        return self.diagnosis is None and not self.stopped

    def with_finding(self, finding: Finding) -> Checkup:
        """One more, in its place."""
        return replace(self, findings=in_order([*self.findings, finding]))

    def ended(self, answer: Diagnosis | str) -> Checkup:
        """With the answer, or the reason why there is none; what was found until then stays."""
        if isinstance(answer, str):
            return replace(self, stopped=answer)
        return Checkup(answer.findings, answer)


@dataclass(frozen=True, eq=False)
class Inquiry:
    """Questions and answers. `plan` is the key of the present plan, whichever of its calls is shown."""

    plan: str = ""
    checkups: Mapping[str, Checkup] = field(default_factory=dict)
    #: By the key of the plan that its fix led to: the finding whose fix was tried.
    tried: Mapping[str, Finding] = field(default_factory=dict)
    #: By the plan's key; a text where they cannot be had.
    shapes: Mapping[str, ShapeExploration | str] = field(default_factory=dict)
    #: By the key of the plan with the call that was repeated; a text where that could not be.
    variances: Mapping[str, VarianceTest | str] = field(default_factory=dict)
    #: By the plan's key: what its calls moved, and what its sessions do to each other; a text where unknown.
    movements: Mapping[str, Movements | str] = field(default_factory=dict)
    interleavings: Mapping[str, Interleaved | str] = field(default_factory=dict)
    #: By key of a free run: the calls it is of; a text where they cannot be made.
    free_runs: Mapping[str, Run | str] = field(default_factory=dict)
    #: The question whose case is being made small, and how far that is; empty where none is.
    shrinking: str = ""
    shrunk_so_far: str = ""

    def with_checkup(self, key: str, checkup: Checkup) -> Inquiry:
        """The checkup of the question `key`, the newest of those that are kept."""
        return replace(self, checkups=_newest(self.checkups, key, checkup))

    def with_tried(self, finding: Finding) -> Inquiry:
        """The present plan is what the fix of this finding led to."""
        return replace(self, tried=_newest(self.tried, self.plan, finding))

    def with_shapes(self, key: str, shapes: ShapeExploration | str) -> Inquiry:
        """The shapes of the plan `key`, the newest of those that are kept."""
        return replace(self, shapes=_newest(self.shapes, key, shapes))

    def with_variance(self, key: str, test: VarianceTest | str) -> Inquiry:
        """What identical calls gave in the plan `key`, the newest of those that are kept."""
        return replace(self, variances=_newest(self.variances, key, test))

    def with_movements(self, key: str, movements: Movements | str) -> Inquiry:
        """What the calls of the plan `key` moved, the newest of those that are kept."""
        return replace(self, movements=_newest(self.movements, key, movements))

    def with_interleaving(self, key: str, answer: Interleaved | str) -> Inquiry:
        """What the sessions of the plan `key` do to each other, the newest of those that are kept."""
        return replace(self, interleavings=_newest(self.interleavings, key, answer))

    def with_free_run(self, key: str, run: Run | str) -> Inquiry:
        """The free run `key`, the newest of those that are kept."""
        return replace(self, free_runs=_newest(self.free_runs, key, run))

    def without_refusals(self) -> Inquiry:
        """What could not be had may be asked for again."""
        return replace(
            self,
            shapes=_had(self.shapes),
            variances=_had(self.variances),
            movements=_had(self.movements),
            interleavings=_had(self.interleavings),
            free_runs=_had(self.free_runs),
        )

    def with_shrinking(self, key: str, words: str = "") -> Inquiry:
        """The search for the smallest case of this question; none with an empty key."""
        return replace(self, shrinking=key, shrunk_so_far=words)


def _had(answers: Mapping[str, Answer | str]) -> Mapping[str, Answer | str]:
    return {key: each for key, each in answers.items() if not isinstance(each, str)}


def _newest(answers: Mapping[str, Answer], key: str, answer: Answer) -> Mapping[str, Answer]:
    others = [(other, each) for other, each in answers.items() if other != key]
    return dict([*others, (key, answer)][-KEPT_ANSWERS:])
