"""Edits: what a user changes, each a value that can be undone, redone and saved in a scenario.

Moving the cursor is not an edit. `fold` turns the edits made so far into the plan that the engine runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import CALL_NAMES, Call, Inputs, Predict, ResetStates, RunPlan
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.actions import Action
from lstm_tui.scenario.actions import describe as describe_action
from lstm_tui.scenario.plan import Folded, fold_actions, named_call, recordable_calls
from lstm_tui.scenario.trying import refuse_other_calls


@dataclass(frozen=True)
class PredictAgain:
    """One more identical `predict` after the calls so far, from the state that they left."""


@dataclass(frozen=True)
class ResetBeforeEachCall:
    """A reset before every call that reads the state: what a server has to do between sequences."""


@dataclass(frozen=True, eq=False)
class ReplaceCalls:
    """Other calls instead of those so far: the remedy where the fault lies in their order."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, eq=False)
class SmallCase:
    """The smallest case that still shows a finding, in the place of all that was opened and done before."""

    before: Material
    after: Material


#: A change of the calls.
CallEdit = PredictAgain | ResetBeforeEachCall | ReplaceCalls
#: An action of the scenario format, a change of the calls, or another case altogether.
Edit = Action | CallEdit | SmallCase


@dataclass(frozen=True)
class History:
    """Steps done, oldest first, and those undone, next to redo last. What one answer made is one step."""

    steps: tuple[tuple[Edit, ...], ...] = ()
    undone: tuple[tuple[Edit, ...], ...] = ()

    @classmethod
    def of(cls, edits: Sequence[Edit]) -> History:
        """Each of `edits` as a step of its own."""
        return cls(tuple((edit,) for edit in edits))

    @property
    def done(self) -> tuple[Edit, ...]:
        """All edits that hold, in order."""
        return tuple(edit for step in self.steps for edit in step)

    @property
    def actions(self) -> tuple[Action, ...]:
        """The edits that a scenario saves as its actions: what a small case has taken in is in its arrays."""
        return tuple(
            edit for edit in _since_small_case(self.done) if not isinstance(edit, CallEdit | SmallCase)
        )

    def doing(self, edits: Sequence[Edit]) -> History:
        """With `edits` made as one step; what had been undone can no longer be redone."""
        return History((*self.steps, tuple(edits)))

    def undoing(self) -> History:
        """One step back; the same history where there is none."""
        return History(self.steps[:-1], (*self.undone, self.steps[-1])) if self.steps else self

    def redoing(self) -> History:
        """One step forth; the same history where there is none."""
        return History((*self.steps, self.undone[-1]), self.undone[:-1]) if self.undone else self


@dataclass(frozen=True, eq=False)
class Material:
    """What was opened, untouched by edits. `reference` is a sample of the training data, by input name.

    expected_shape: of the output that the user wants. calls_given: whether the user said what was called.
    """

    inputs: Inputs = field(default_factory=dict)
    reference: Inputs = field(default_factory=dict)
    reference_target: Array | None = None
    target: Array | None = None
    calls: tuple[Call, ...] = (Predict(),)
    expected_shape: tuple[int, ...] | None = None
    calls_given: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """What the edits come to: a run for the engine, and what the actions do to its outputs afterwards."""

    run: RunPlan
    folded: Folded

    def recording(self, call: int) -> Plan:
        """The same plan with another of its calls recorded."""
        return replace(self, run=replace(self.run, record=call))


def fold(material: Material, edits: Sequence[Edit], facts: ModelFacts) -> Plan:
    """The plan for the `material` that they are made on (`material_under`), with `edits` made in order.

    Raises: EditError where an edit does not fit what the ones before it left.
    """
    folded = fold_actions(
        material.inputs,
        History.of(edits).actions,
        material.reference,
        facts,
        reference_target=material.reference_target,
    )
    calls = tuple(named_call(call, facts) for call in with_call_edits(material.calls, edits))
    recordable = recordable_calls(calls)
    record = recordable[-1] if recordable else len(calls) - 1
    refuse_other_calls(folded.interventions, calls)
    run = RunPlan(
        inputs=folded.inputs,
        resets=folded.resets,
        calls=calls,
        record=record,
        target=material.target,
        alterations=folded.alterations,
        interventions=folded.interventions,
    )
    return Plan(run, folded)


def with_call_edits(calls: tuple[Call, ...], edits: Sequence[Edit]) -> tuple[Call, ...]:
    """`calls` after those edits that change the calls themselves."""
    for edit in edits:
        if isinstance(edit, PredictAgain):
            calls = (*calls, Predict())
        elif isinstance(edit, ResetBeforeEachCall):
            reading = [call for call in calls if not isinstance(call, ResetStates)]
            calls = tuple(step for call in reading for step in (ResetStates(), call))
        elif isinstance(edit, ReplaceCalls):
            calls = edit.calls
        elif isinstance(edit, SmallCase):
            calls = edit.after.calls
    return calls


def material_under(material: Material, old: History, new: History) -> Material:
    """What `new` is made on, where `old` was made on `material`: another, if a small case came or went."""
    was, now = ([edit for edit in history.done if isinstance(edit, SmallCase)] for history in (old, new))
    if len(was) == len(now):
        return material
    return now[-1].after if now else was[0].before


def _since_small_case(edits: Sequence[Edit]) -> Sequence[Edit]:
    """Those after the last small case."""
    last = max((index for index, edit in enumerate(edits) if isinstance(edit, SmallCase)), default=-1)
    return edits[last + 1 :]


def describe(edit: Edit) -> str:
    """A few words for the list of edits."""
    match edit:
        case PredictAgain():
            return "predict again"
        case ResetBeforeEachCall():
            return "reset before each call"
        case ReplaceCalls(calls):
            return f"call {', '.join(CALL_NAMES[type(call)] for call in calls[:6])}{' …' * (len(calls) > 6)}"
        case SmallCase():
            return "the smallest case"
        case _:
            return describe_action(edit)
