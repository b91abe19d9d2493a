"""What can be tried otherwise where the cursor is: offers, and what a word means that was left out. Pure.

The likeliest comes first: at a state a poke, at a gate a clamp. What a typed line leaves out is the cursor's
own layer, series, unit, step and sample; `all` for a unit or a sample means every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from lstm_tui.arrays.nudge import nudge
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.interventions import clamp, dropout, poke, silence
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.sequences import longest
from lstm_tui.scenario.actions import OnInput
from lstm_tui.scenario.trying import last_steps, stateful
from lstm_tui.session.edits import Edit, describe
from lstm_tui.session.examples import held_first
from lstm_tui.session.offers import Offer
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_trace, unit_shown

#: The words that a typed line may begin with.
TRYING = ("poke", "clamp", "silence", "nudge", "dropout", "stateful", "last")
#: What those words may leave out means where the cursor is.
Defaults = Mapping[str, object]


def trying_offers(session: Session) -> tuple[Offer, ...]:
    """The most common ones first, all of them where the cursor is."""
    trace = shown_trace(session)
    inside = [] if trace is None else [*_of_series(session, trace), *_of_units(session, trace)]
    return (*inside, *_of_input(session), *_of_call(session))


def defaults(session: Session, word: str) -> Defaults:
    """What is meant by what a typed action of this kind leaves out."""
    trace, cursor = shown_trace(session), session.cursor
    if word in {"poke", "clamp", "silence"}:
        found: dict[str, object] = {"layer": cursor.layer} if cursor.layer else {}
        found |= {"unit": unit_shown(session)} if trace is not None else {}
        if word == "silence" or trace is None:
            return found
        found |= {"sample": cursor.sample} if trace.batch > 1 else {}
        if word == "poke":
            state = cursor.series if cursor.series in trace.cell.states else trace.cell.states[-1]
            return found | {"state": state, "step": cursor.step, "to": 0.0}
        gates = trace.cell.series[len(trace.cell.states) :]
        gate = cursor.series if cursor.series in gates else next(iter(held_first(gates)), "")
        return found | ({"gate": gate} if gate else {}) | {"to": 1.0}
    rows = max((len(array) for array in _inputs(session).values() if array.ndim), default=1)
    match word:
        case "nudge":
            return {"step": cursor.step, **({"sample": cursor.sample} if rows > 1 else {})}
        case "dropout":
            return {"on": True}
        case "stateful":
            return {"to": not session.model.stateful}
        case "last":
            return {"steps": max(longest(_inputs(session))[0] - cursor.step, 1)}
    return {}


def _inputs(session: Session) -> Inputs:
    return session.plan.run.inputs if session.plan is not None else session.material.inputs


def _of_series(session: Session, trace: LayerTrace) -> list[Offer]:
    """A poke at a state, a clamp at a gate; the other of the two behind it."""
    said, unit = defaults(session, "poke"), unit_shown(session)
    sample = session.cursor.sample if trace.batch > 1 else None
    layer, state, step = trace.path, str(said["state"]), session.cursor.step
    pokes = [
        _offer(poke(layer, state, 0.0, step, unit=unit, sample=sample), "forget this unit here"),
        _offer(poke(layer, state, 0.0, step, sample=sample), "forget the whole layer here"),
    ]
    gates = trace.cell.series[len(trace.cell.states) :]
    held = [session.cursor.series] if session.cursor.series in gates else list(held_first(gates)[:1])
    clamps = [
        _offer(clamp(layer, gate, value, unit=units, sample=sample), reason)
        for gate in held
        for units in (unit, None)
        for value, reason in ((1.0, "always open"), (0.0, "always closed"))
    ]
    return [*clamps, *pokes] if session.cursor.series in gates else [*pokes, *clamps]


def _of_units(session: Session, trace: LayerTrace) -> list[Offer]:
    if trace.cell.states[0] != "h":
        return []
    unit = unit_shown(session)
    return [
        _offer(silence(trace.path, unit=unit), "nothing hears this unit: is it needed?"),
        _offer(silence(trace.path), "nothing hears this layer: what does it add?"),
    ]


def _of_input(session: Session) -> list[Offer]:
    said, inputs = defaults(session, "nudge"), _inputs(session)
    steps, names = longest(inputs)
    sample, step = said.get("sample"), session.cursor.step
    offers = []
    for name in names if step < steps else ():
        change = nudge(to=0, step=step, sample=sample if isinstance(sample, int) else None)
        edit = change if len(inputs) == 1 else OnInput(name, change)
        offers.append(_offer(edit, "does this step of the input matter?"))
    if steps and step:
        offers.append(_offer(last_steps(steps - step), "from here on: is the past before it needed?"))
    return offers


def _of_call(session: Session) -> list[Offer]:
    offers = [_offer(dropout(), "training=True: how far do dropped units move the output?")]
    if session.model.recurrent_layers:
        kept = session.model.stateful
        reason = "every call starts from zeros" if kept else "states stay from call to call: p predicts again"
        offers.append(_offer(stateful(not kept), reason))
    return offers


def _offer(edit: Edit, reason: str) -> Offer:
    return Offer(describe(edit), reason, (edit,))
