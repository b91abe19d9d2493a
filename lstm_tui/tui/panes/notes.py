"""What matters now: what is missing, findings, before and after, the calls, the changes, the story."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lstm_tui.arrays.sizes import in_words
from lstm_tui.checks.call_failure import Explanation, mismatch
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line, paragraphs
from lstm_tui.recurrent.calls import CallOutcome
from lstm_tui.session.edits import Plan, describe
from lstm_tui.session.keeping import Keeping
from lstm_tui.session.offers import shape_words
from lstm_tui.session.state import Session
from lstm_tui.session.view import comparison, shown_outcome
from lstm_tui.tui.panes import Canvas, Line
from lstm_tui.tui.panes.findings import findings_section
from lstm_tui.tui.panes.writing import heading, two_ends, wrapped

_MOST_CHANGES = 3
#: Of many calls those around the one that is shown are listed, so that what follows below has room.
_FEWEST_CALLS = 3


def notes_pane(session: Session, canvas: Canvas) -> list[Line]:
    """As many of the notes as fit, in order of urgency."""
    sections = (
        _missing_input(session, canvas),
        _refusal(session, canvas),
        findings_section(session, canvas),
        _warning(session, canvas),
        _converted(session, canvas),
        _what_is_kept(session, canvas),
        _before_after(session, canvas),
        _calls(session, canvas),
        _changes(session, canvas),
        _story(session, canvas),
    )
    return [each for section in sections for each in section][: canvas.height]


def _missing_input(session: Session, canvas: Canvas) -> list[Line]:
    if session.material.inputs or session.model_refusal is not None:
        return []
    ink, width = canvas.ink, canvas.width
    return [
        heading("No input yet", "", width, ink.here, ink.dim),
        *wrapped(
            "Press o to pick a file or to take a random sequence of the right shape.", ink.plain, width, 4
        ),
    ]


def _refusal(session: Session, canvas: Canvas) -> list[Line]:
    if session.refusal is None:
        return []
    ink, width = canvas.ink, canvas.width
    said = session.refusal.reason
    if session.model_refusal is not None and any(item.blocking for item in session.model.obstacles):
        said = "The model does not load; why, and what helps, stands beside."
    return [heading("Not run", "", width, ink.bad, ink.dim), *wrapped(said, ink.plain, width, 8)]


def _warning(session: Session, canvas: Canvas) -> list[Line]:
    """A mismatch that the model swallowed, or that will fail as soon as the engine is up."""
    outcome = shown_outcome(session)
    if session.plan is None or (outcome is not None and outcome.failure is not None):
        return []
    problem = _mismatch(session.model, session.plan)
    if problem is None:
        return []
    ink, width = canvas.ink, canvas.width
    return [
        heading(f"! {problem.code}", "", width, ink.warn, ink.dim),
        *wrapped(problem.sentence, ink.plain, width, 5),
    ]


def _converted(session: Session, canvas: Canvas) -> list[Line]:
    """What was changed on a copy so that the model opens; its file is as it was."""
    changes = session.model.changes
    if not changes or session.model_refusal is not None:
        return []
    ink, width = canvas.ink, canvas.width
    lines = [heading("! opened as a copy", f"{len(changes)} changes", width, ink.warn, ink.dim)]
    for item in changes[:_MOST_CHANGES]:
        lines += wrapped(f"{item.where}: {item.what} → {item.change}", ink.plain, width, 3)
    if len(changes) > _MOST_CHANGES:
        lines += wrapped(f"and {len(changes) - _MOST_CHANGES} more: lstm-tui diagnose", ink.dim, width, 1)
    return lines


def _what_is_kept(session: Session, canvas: Canvas) -> list[Line]:
    """Where not everything is kept: what is, and why."""
    kept, run = session.keeping, session.run
    if kept is None or kept.what == "whole" or session.refusal is not None:
        return []
    ink, width = canvas.ink, canvas.width
    if kept.what == "sample" or (run is not None and run.recording is not None):
        everything = in_words(kept.size.sample * kept.rows)
        title = f"Sample {kept.sample} of {kept.rows} is kept"
        told = f"All would take {everything}; {in_words(kept.memory)} may be kept. < and > fetch another."
    else:
        title, told = "In stretches", _in_stretches(session, kept)
    return [heading(title, "", width, ink.title, ink.dim), *wrapped(told, ink.plain, width, 8)]


def _in_stretches(session: Session, kept: Keeping) -> str:
    everything, long = in_words(kept.size.sample * kept.rows), session.long
    if long is None:
        return (
            "" if session.run else f"All steps would take {everything}. Can it be cut? A part is tried first."
        )
    told = f"All steps would take {everything}: kept are bins of {long.plan.bin} steps and what is in view."
    if long.call.disagreement == 0.0:
        told += f" Equal to predict on the first {long.call.compared} steps."
    elif long.call.disagreement is not None:
        told += f" Off predict by {long.call.disagreement:.2g} on the first {long.call.compared} steps."
    if long.call.rounding:
        told += f" Cut, {one_line(long.call.rounded_by)} rounds otherwise: {long.call.rounding:.1g}."
    return told if long.is_whole else f"{told} x {'stops' if long.running else 'goes on'}."


@lru_cache(maxsize=4)
def _mismatch(model: ModelFacts, plan: Plan) -> Explanation | None:
    """Judged once a plan: ids of an Embedding are looked at one by one."""
    return mismatch(model, plan.run.inputs)


def _before_after(session: Session, canvas: Canvas) -> list[Line]:
    change = comparison(session)
    if change is None:
        return []
    ink, width = canvas.ink, canvas.width
    last = describe(session.history.done[-1]) if session.history.done else "undone"
    lines = [heading("Before → after", (last, ""), width, ink.title, ink.dim)]
    for word, outcome in (("was", change.before), ("is", change.after)):
        words = _output_words(outcome, session.cursor.sample)
        said = words if change.largest is not None else _shapes_words(outcome)
        lines.append(two_ends([(f" {word}", ink.dim)], [(said, ink.plain)], width, ink.plain))
    if change.largest is not None:
        text = "equal to the bit" if change.largest == 0 else f"{change.largest:.3g}"
        many = any(array.size > 1 for array in change.after.outputs.values())  # of many the last one is shown
        word = " change, at most" if many else " change"
        lines.append(two_ends([(word, ink.dim)], [(text, ink.here)], width, ink.plain))
    return [*lines, *_parting(session, canvas)]


def _parting(session: Session, canvas: Canvas) -> list[Line]:
    """Where the two first part, and whose output is shown where something was tried inside the loops."""
    from lstm_tui.session.parting import parting_words  # for who has changed something

    ink, width, words = canvas.ink, canvas.width, parting_words(session)
    lines = wrapped(f"first apart: {words}", ink.plain, width, 3, indent=2) if words else []
    recording = session.run.recording if session.run is not None else None
    if recording is not None and recording.tried:
        lines += wrapped("the recorder's output, not model.predict's", ink.dim, width, 2, indent=2)
    return lines


def _calls(session: Session, canvas: Canvas) -> list[Line]:
    if session.run is None or session.plan is None or len(session.run.outcomes) < 2:
        return []
    ink, width = canvas.ink, canvas.width
    outcomes, most = session.run.outcomes, max(canvas.height // 4, _FEWEST_CALLS)
    first = max(min(session.plan.run.record - most // 2, len(outcomes) - most), 0)
    some = f"{first + 1}–{first + most} of {len(outcomes)}  " if most < len(outcomes) else ""
    lines = [heading("Calls", f"{some}( ) choose", width, ink.title, ink.dim)]
    for index, outcome in list(enumerate(outcomes))[first : first + most]:
        here = index == session.plan.run.record
        mark = "▸" if here else " "
        style = ink.bad if outcome.failure else ink.here if here else ink.plain
        left = [(f"{mark}{index + 1} {outcome.call}", style)]
        lines.append(two_ends(left, [(_output_words(outcome), ink.plain)], width, ink.plain))
        if outcome.note:
            lines += wrapped(f"· {outcome.note}", ink.dim, width, 2)
    return [*lines, *_spread(session, canvas)]


def _spread(session: Session, canvas: Canvas) -> list[Line]:
    """How far apart the outputs of identical calls are: zero for a model without hidden state."""
    assert session.run is not None
    given = [outcome for outcome in session.run.outcomes if outcome.outputs]
    if len({outcome.call for outcome in given}) > 1:
        return []  # a prediction and what was generated from it are not the same thing twice
    outputs = [next(iter(outcome.outputs.values())) for outcome in given]
    if len(outputs) < 2 or len({array.shape for array in outputs}) > 1:
        return []
    gap = float(np.nanmax(np.ptp(np.stack(outputs), axis=0), initial=0.0))
    ink = canvas.ink
    text = "equal to the bit" if gap == 0 else f"{gap:.3g}"
    return [
        two_ends(
            [(" spread", ink.dim)],
            [(text, ink.good if gap == 0 else ink.warn)],
            canvas.width,
            ink.plain,
        )
    ]


def _changes(session: Session, canvas: Canvas) -> list[Line]:
    done = session.history.done
    if not done:
        return []
    ink, width = canvas.ink, canvas.width
    lines = [heading("Changes", "u undoes", width, ink.title, ink.dim)]
    for number, edit in enumerate(done, 1):
        lines += wrapped(f"{number} {describe(edit)}", ink.plain, width, 3, indent=2)
    return lines


def _story(session: Session, canvas: Canvas) -> list[Line]:
    """What the scenario says, the keys to try first: the rest can be read with `i`."""
    told = paragraphs(session.story.description)
    if not told:
        return []
    ink, width = canvas.ink, canvas.width
    lines = [heading("Story", "i reads it all", width, ink.title, ink.dim)]
    for paragraph in sorted(told, key=lambda each: not each.startswith("Keys:")):
        style = ink.strong if paragraph.startswith("Keys:") else ink.plain
        lines += wrapped(paragraph, style, width, 30)
    return lines


def _shapes_words(outcome: CallOutcome) -> str:
    """The shape of the first output, and how many more there are: what changed where values cannot."""
    if not outcome.outputs:
        return _output_words(outcome)
    shape = shape_words(next(iter(outcome.outputs.values())).shape)
    more = len(outcome.outputs) - 1
    return f"{shape} and {more} more" if more else shape


def _output_words(outcome: CallOutcome, sample: int | None = None) -> str:
    """The values of the first output, of many the last; of this sample alone where one is named."""
    if outcome.failure is not None:
        return "failed"
    for array in outcome.outputs.values():
        one = sample is not None and array.ndim > 1 and sample < len(array)
        flat = np.asarray(array[sample] if one else array).reshape(-1)
        if flat.size == 0:
            return shape_words(array.shape)
        # The end of a sequence is what one compares: its beginning hardly differs.
        if flat.size == 1:
            return f"{flat[0]:.6g}"
        return " ".join(f"{value:.4g}" for value in flat) if flat.size <= 2 else f"… {flat[-1]:.6g}"
    return "–"
