"""Where the run before the last change and the one after it first part: a layer, a step, a unit. Pure.

Looked for by who has made a change, in recurrent layers and outputs alone (that a changed input is another is
no news), and not in recordings so large that drawing would wait for it.
"""

from __future__ import annotations

from functools import lru_cache

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Run
from lstm_tui.recurrent.divergence import Divergence, course_of, first_recurrent_divergence
from lstm_tui.recurrent.recording import Recording
from lstm_tui.session.state import Session

#: Bytes of both recordings together that are compared: 12 MB took 0.12 s of CPU, once for each change.
_MOST = 24 * 2**20


def parting(session: Session) -> Divergence | None:
    """The first value that is another; None where nothing is, or nothing can be compared."""
    pair = _recordings(session)
    return None if pair is None else _first(*pair)


def parting_words(session: Session) -> str:
    """`lstm_1 step 12 c[17]: 0.41 → 0`; empty where nothing inside is another or can be compared."""
    found = parting(session)
    if found is None or found.series == "output":
        return ""  # the outputs stand beside each other anyway
    layer = one_line(found.layer, 60)
    if found.shapes is not None:
        return f"{layer}: shape {found.shapes[0]} → {found.shapes[1]}"
    step = "" if found.timestep is None else f" step {found.timestep}"
    unit = "" if found.unit is None else f"[{found.unit}]"
    sample = f" of sample {found.sample}" if found.sample else ""
    was, now = found.values
    return f"{layer}{step} {found.series}{unit}{sample}: {was:.4g} → {now:.4g}"


def _recordings(session: Session) -> tuple[Recording, Recording] | None:
    before, after = session.run_before, session.run
    if session.long is not None or before is None or after is None or before is after:
        return None
    if before.recording is None or after.recording is None or _size(before) + _size(after) > _MOST:
        return None
    return before.recording, after.recording


def _size(run: Run) -> int:
    layers = run.recording.layers if run.recording is not None else ()
    return sum(array.nbytes for trace in layers for array in trace.steps.values())


@lru_cache(maxsize=4)
def _first(before: Recording, after: Recording) -> Divergence | None:
    return first_recurrent_divergence(course_of(before), course_of(after))
