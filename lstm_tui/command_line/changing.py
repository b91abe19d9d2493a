"""Words that change: actions and calls as a scenario writes them, undo, the fix of a finding."""

from __future__ import annotations

from functools import partial

from lstm_tui.command_line.word import Said, Word, nearest, no_more
from lstm_tui.errors import CommandLineError
from lstm_tui.performing.typed import typed_call, typed_edits
from lstm_tui.session import commands as c
from lstm_tui.session.edits import ReplaceCalls, describe
from lstm_tui.session.parting import parting_words
from lstm_tui.session.state import Session
from lstm_tui.session.trying import defaults
from lstm_tui.session.view import comparison, shown_outcome

#: Actions of the scenario format, with an example of each.
ACTIONS = {
    "reset": "reset  ·  reset layers: [LAYER]  ·  reset to: random",
    "rescale": "rescale method: standard, fit: reference",
    "reshape": "reshape add_axis: 0  ·  reshape last: 50",
    "alter": "alter layer: LAYER, return_sequences: true",
}
#: What is tried otherwise, where the cursor is as far as nothing else is said.
TRIALS = {
    "poke": "poke to: 0.5  ·  poke layer: LAYER, state: c, unit: 17, step: 12, to: 0",
    "clamp": "clamp gate: f, to: 1, from: 10, until: 20  ·  clamp unit: all, to: 0",
    "silence": "silence  ·  silence layer: LAYER, unit: [3, 4]",
    "nudge": "nudge feature: 2, by: 0.1  ·  nudge step: 5, to: 1.5",
    "dropout": "dropout  ·  dropout seed: 3  ·  dropout on: false",
    "stateful": "stateful  ·  stateful layers: [LAYER], to: true",
    "last": "last steps: 20",
}
#: Calls of the scenario format.
CALLS = (
    "predict", "call", "reset", "generate", "decode", "fit", "stream", "threads", "reload",
    "model.reset_states",
)  # fmt: skip


def changed(session: Session) -> str:
    """What the last change did: the output's shape, and how far it moved."""
    outcome, pair = shown_outcome(session), comparison(session)
    if session.refusal is not None:
        return session.refusal.reason
    if outcome is None:
        return "no call gives an output"
    if outcome.failure:
        return f"the call fails: {outcome.failure}"
    shapes = ", ".join(f"{name} {values.shape}" for name, values in outcome.outputs.items())
    if pair is None or pair.largest is None:
        return shapes
    return f"{shapes}; it moved by at most {pair.largest:.6g}"


def _called(session: Session) -> str:
    """What the change did, and what the last call gave where another one is shown."""
    last = session.run.outcomes[-1] if session.run is not None and session.run.outcomes else None
    if last is None or last is shown_outcome(session) or not last.outputs:
        return changed(session)
    shapes = ", ".join(f"{name} {values.shape}" for name, values in last.outputs.items())
    written = last.outputs.get("written")
    words = (
        "" if written is None else f": {' '.join(map(str, written[0, :40]))}{' …' * (written.shape[1] > 40)}"
    )
    return f"{changed(session)}\n{last.call}: {shapes}{words}"


def _action(kind: str, session: Session, text: str) -> Said:
    return Said((c.MakeEdits(typed_edits(text, kind, session.story.folders)),), show=changed)


def _trial(kind: str, session: Session, text: str) -> Said:
    """What the line leaves out is the cursor's."""
    given = defaults(session, kind)
    edits = typed_edits(text, kind, session.story.folders, defaults=given)
    return Said((c.MakeEdits(edits),), show=_tried)


def _tried(session: Session) -> str:
    """What the change did, and where inside it begins."""
    where = parting_words(session)
    return changed(session) + (f"\nfirst apart: {where}" if where else "")


def _then(session: Session, text: str) -> Said:
    kind, _, body = text.partition(" ")
    if kind not in CALLS:
        raise nearest(kind, CALLS, "call")
    if session.plan is None:
        raise CommandLineError("there is no input to call the model with", todo="open FILE")
    call = typed_call(body.strip(), kind, session.story.folders)
    return Said((c.MakeEdits((ReplaceCalls((*session.plan.run.calls, call)),)),), show=_called)


def _predict(session: Session, text: str) -> Said:
    return _then(session, f"predict {text}")


def _undo(session: Session, text: str) -> Said:
    no_more(text, "undo")
    if not session.history.steps:
        raise CommandLineError("nothing to undo")
    return Said((c.Undo(),), show=changed)


def _redo(session: Session, text: str) -> Said:
    no_more(text, "redo")
    if not session.history.undone:
        raise CommandLineError("nothing to redo")
    return Said((c.Redo(),), show=changed)


def _edits(session: Session, text: str) -> Said:
    del session
    no_more(text, "edits")
    return Said(show=lambda after: "\n".join(describe(edit) for edit in after.history.done) or "no edits")


WORDS = (
    *(
        Word(kind, example, f"{kind.capitalize()}, as a scenario's action is written", partial(_action, kind))
        for kind, example in ACTIONS.items()
    ),
    *(
        Word(kind, example, f"Try it otherwise: {kind}", partial(_trial, kind))
        for kind, example in TRIALS.items()
    ),
    Word(
        "then",
        "then predict  ·  then generate steps: 24  ·  then reset",
        "One more call after those so far, as a scenario's call is written",
        _then,
        lambda _session: CALLS,
    ),
    Word("predict", "predict", "Predict again, from the state that the last call left", _predict),
    Word("undo", "undo", "Take the last change back", _undo),
    Word("redo", "redo", "Make it again", _redo),
    Word("edits", "edits", "List the changes", _edits),
)
