"""What is shown of a session's questions: breakpoints with their hits, watches with their values, places.

Nothing is changed here; what is looked up was computed once for the recording.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_tui.asking import places
from lstm_tui.asking.bounds import CANNOT, verdicts
from lstm_tui.asking.ground import Ground
from lstm_tui.asking.hits import Hits, in_parts, values
from lstm_tui.errors import QuestionError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.cells import is_gate
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.window import Window
from lstm_tui.session.asked_ground import asked_ground, far_of
from lstm_tui.session.long_recording import LongRecording
from lstm_tui.session.question_commands import Breakpoint
from lstm_tui.session.questions import all_hits, bound_in
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_trace, unit_shown


@dataclass(frozen=True, eq=False)
class Standing:
    """A breakpoint in the list.

    hits: in the sample under the cursor; samples: how many have one, of how many. here: the unit that fulfils
    it at the cursor, -1 where it holds and names none, None where it does not hold.
    over_time: hits in equal parts of the sequence. may: of a long recording the bins in which it may hold, of
    how many. wrong: why it cannot be asked here.
    """

    breakpoint: Breakpoint
    hits: int = 0
    samples: tuple[int, int] = (0, 0)
    here: int | None = None
    over_time: NDArray[np.int64] | None = None
    may: tuple[int, int] | None = None
    wrong: str = ""


def standings(session: Session, *, columns: int = 0) -> tuple[Standing, ...]:
    """Every breakpoint; with `columns` also where its hits are, which is looked for in a long recording."""
    ground = asked_ground(session)
    return tuple(_standing(session, ground, each, columns) for each in session.questions.breakpoints)


def _standing(session: Session, ground: Ground | None, of: Breakpoint, columns: int) -> Standing:
    if ground is None:
        return Standing(of)
    sample, step = session.cursor.sample, session.cursor.step
    try:
        found = all_hits(session, ground, of.text)
        hit = found.at(sample, step)
        here = None if hit is None else -1 if hit.unit is None else hit.unit
        if session.long is not None:
            return _from_afar(session, session.long, found, Standing(of, here=here), columns)
        over_time = found.over_time(sample, columns) if columns else None
        counts = (len(found.samples), found.bound.samples)
        return Standing(of, found.count(sample), counts, here, over_time)
    except QuestionError as error:
        return Standing(of, wrong=error.happened)


def _from_afar(
    session: Session, long: LongRecording, found: Hits, standing: Standing, columns: int
) -> Standing:
    if not columns:
        return standing
    far = far_of(session, long)
    said = verdicts(found.bound, far, Window(0, far.bins)) > CANNOT
    over_time = in_parts(np.flatnonzero(said), max(far.bins, 1), columns)
    return replace(standing, over_time=over_time, may=(int(said.sum()), far.bins))


@dataclass(frozen=True, eq=False)
class Watched:
    """A watch at the cursor.

    low, high: its smallest and largest value, the same where it is one number. change: against the step
    before, the largest of all. history: the largest absolute value (of one number itself) at each step kept.
    """

    text: str
    low: float = np.nan
    high: float = np.nan
    change: float = np.nan
    history: Array | None = None
    start: int = 0
    wrong: str = ""


def watched(session: Session) -> tuple[Watched, ...]:
    """Every watch."""
    ground = asked_ground(session)
    if ground is None:
        return tuple(Watched(text) for text in session.questions.watches)
    return tuple(_watched(session, ground, text) for text in session.questions.watches)


def _watched(session: Session, ground: Ground, text: str) -> Watched:
    try:
        bound = bound_in(text, ground, session.cursor.layer, condition=False)
        found = values(bound, ground)
    except QuestionError as error:
        return Watched(text, wrong=error.happened)
    start = ground.kept.start
    row = session.cursor.sample - bound.first_sample if len(found.values) > 1 else 0
    place = session.cursor.step - start
    if not (0 <= row < len(found.values) and 0 <= place < found.values.shape[1]):
        return Watched(text, start=start)
    key = ("history", text, session.cursor.layer, row)
    if key not in ground.memo:
        ground.memo[key] = _furthest(found.values[row])
    now = found.values[row, place]
    with np.errstate(invalid="ignore"):
        moved = now - found.values[row, place - 1] if place else np.full_like(now, np.nan)
    change = moved[np.argmax(np.nan_to_num(np.abs(moved), nan=-1.0))]
    return Watched(text, float(now.min()), float(now.max()), float(change), ground.memo[key], start)


def _furthest(of: Array) -> Array:
    """At each step the number furthest from zero, `(steps,)`."""
    place = np.argmax(np.nan_to_num(np.abs(of), nan=-1.0), axis=1)
    return np.asarray(of[np.arange(len(of)), place])


# --- places -------------------------------------------------------------------------------------------------


def places_of(session: Session) -> tuple[tuple[str, int], ...]:
    """Where something happens to the unit and series under the cursor, in words, each with its step."""
    trace = shown_trace(session)
    if trace is None or not trace.has(session.cursor.sample) or not len(trace.kept):
        return ()
    series, unit = session.cursor.series, unit_shown(session)
    of = trace.over_time(series, session.cursor.sample)[:, unit]
    name, start, here = f"{series}[{unit}]", trace.start, session.cursor.step - trace.start
    signs = places.changes_sign(of)
    span = float(np.nanmax(np.abs(of), initial=0.0)) if np.isfinite(of).any() else 0.0
    found: list[tuple[str, int | None]] = [
        ("is largest", places.highest(of)),
        ("is smallest", places.lowest(of)),
        (f"changes sign {len(signs)}×, first", int(signs[0]) if len(signs) else None),
        (f"stays within {0.01 * span:.2g} to the end", places.stays(of, 0.01 * span)),
        (f"was last moved by more than {0.1 * span:.2g}", places.last_moved(of, 0.1 * span, here)),
    ]
    if is_gate(series):
        found.insert(2, ("is saturated first", places.saturates(of)))
    where = "" if len(trace.kept) == trace.timesteps else ", in the window"
    return tuple(
        (one_line(f"{name} {words} at t {step + start} ({of[step]:.3g}){where}"), step + start)
        for words, step in found
        if step is not None
    )
