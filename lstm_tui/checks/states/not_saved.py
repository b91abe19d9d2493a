"""A saved model does not contain the states: after a reload it begins at zero, like new."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.continuation import Relation
from lstm_tui.checks.states.effects import changed, effect, numbered, sizes, target_weight
from lstm_tui.checks.states.history import Join, Read, carried, history_of
from lstm_tui.checks.states.resetting import stateful_layers
from lstm_tui.recurrent.calls import Call, Inputs, Reload, ResetStates, StateReset
from lstm_tui.recurrent.recording import States

_CODE = """\
states = {l.path: [keras.ops.convert_to_numpy(s) for s in keras.tree.flatten(l.states)]
          for l in model._flatten_layers() if getattr(l, "states", None) is not None}
np.savez("states.npz", **{f"{path}#{i}": s for path, each in states.items() for i, s in enumerate(each)})
# after loading: assign them to keras.tree.flatten(layer.states) again, in the same order"""


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful:
        return
    for index, joins in history_of(case).across("reload").items():
        reload = max(at for at in range(index) if isinstance(case.plan.calls[at], Reload))
        lost = case.run.outcomes[reload].states_before
        states, expected = _wanted(case, index, joins, lost)
        if not carried(states):
            continue
        finding = _finding(case, reload, index, states, expected)
        if finding is not None:
            yield finding
            return


def _wanted(case: Case, index: int, joins: list[Join], lost: States) -> tuple[States, Inputs]:
    """The states that the call after the reload should have begun with, and the outputs it gave with them
    where it was made before. Nothing where a new start is right, or nobody can tell."""
    twins = _made_before(case, index, joins)
    kept = [twin for twin in twins if carried(case.run.outcomes[twin].states_before)]
    if kept:
        before = case.run.outcomes[kept[0]]
        return before.states_before, before.outputs
    if twins:
        return {}, {}  # it began at zero before: the sequence is read from its start again
    relation = _streamed(case, index, joins)
    put_back = _with_states(case, index, lost)
    if index == case.plan.record and case.target is not None:
        as_run = case.run.outcomes[index].outputs
        relation = relation.with_more(target_weight(case, put_back, as_run))
    return (lost, put_back) if relation.kind == "continues" else ({}, {})


def _streamed(case: Case, index: int, joins: list[Join]) -> Relation:
    """Whether the sequence goes on after the reload, as it did before: what one join does not tell, those of
    the calls before it, which nobody reset, tell with it."""
    history = history_of(case)
    relation = history.relation(joins)
    if relation.kind != "unclear" or relation.weight <= 0:
        return relation
    before = [join for at, each in history.across("").items() if at < index for join in each]
    return history.relation([*before, *joins])


def _made_before(case: Case, index: int, joins: list[Join]) -> list[int]:
    """Earlier calls on the same sequences."""
    mine = [join.after for join in joins]
    reads = history_of(case).reads
    return [call for call in range(index) if _alike([read for read in reads if read.call == call], mine)]


def _alike(one: list[Read], other: list[Read]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(a.steps, b.steps) for a, b in zip(one, other, strict=True)
    )


def _with_states(case: Case, index: int, states: States) -> Inputs:
    """Outputs of the call with these states put back before it."""
    put_back = ResetStates(to=StateReset(to="saved", saved=states))
    return changed(case, (*case.plan.calls[:index], put_back, case.plan.calls[index]), index + 1)


def _finding(case: Case, reload: int, index: int, states: States, expected: Inputs) -> Finding | None:
    as_run = case.run.outcomes[index].outputs
    moved = effect(case, as_run, expected)
    after = effect(case, _with_states(case, index, states), expected)
    if not moved.matters or after.largest > moved.largest / 2:
        return None
    layers = stateful_layers(case.facts)
    put_back: Call = ResetStates(to=StateReset(to="saved", saved=states))
    return Finding(
        code="state-not-saved",
        severity="error",
        summary=f"The reload in {numbered(reload)} set every state to zero; the call after it is "
        f"{moved.largest:.4g} off what the kept state gives.",
        layer=layers[0],
        evidence={
            "state_before": sizes(case.run.outcomes[reload].states_before),
            "state_after": sizes(case.run.outcomes[reload].states_after),
            "difference": moved.largest,
            "with_the_state_put_back": after.largest,
        },
        fix=Fix(
            "Keep the states in a file of their own and put them back after loading, or replay the last "
            "steps of the sequence.",
            code=_CODE,
            calls=(*case.plan.calls[:index], put_back, *case.plan.calls[index:]),
        ),
        proof=Proof("difference from the call with the state kept", moved.largest, after.largest),
        place=Place(layer=layers[0], step=0, call=index),
        weight=0.92,
    )


CHECK = Check(
    code="state-not-saved",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="A saved model does not contain its states",
        what="Saving writes the weights. What a stateful layer remembers is no weight: after loading it is "
        "zero.",
        why="A service that is restarted forgets everything it has read, and its first predictions are those "
        "of a model without a past.",
        keras="The states of a stateful layer are in layer.states, not in model.variables, and no file of "
        "Keras has them.",
        prevent="Write the states beside the model and assign them after loading; or feed the last stretch "
        "of the sequence again before predicting.",
        code=_CODE,
    ),
    explains=("state-reset-early",),
)
