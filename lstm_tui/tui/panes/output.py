"""The prediction over time, against the target where there is one, and its value at the step under the cursor."""

from __future__ import annotations

import numpy as np

from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array
from lstm_tui.session.state import Session
from lstm_tui.session.view import OutputView, output_view, shown_recording
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import Piece, heading, line, wrapped

_MOST_VALUES = 8


def output_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Title with shape, the value here, the plot."""
    recording, view = shown_recording(session), output_view(session)
    if recording is None or view is None:
        return []
    ink, width = canvas.ink, canvas.width
    shape = "(" + ", ".join(str(size) for size in recording.outputs[view.name].shape) + ")"
    more = f"  +{len(recording.outputs) - 1} more: i" if len(recording.outputs) > 1 else ""
    title = heading(f"Output {one_line(view.name, 24)}", shape + more, width, ink.title, ink.dim)
    return [title, _value_line(session, view, canvas), *_plot(session, view, canvas)]


def _value_line(session: Session, view: OutputView, canvas: Canvas) -> Line:
    ink = canvas.ink
    step = session.cursor.step
    if view.predictions is not None and len(view.predictions):
        shown, when = view.predictions[min(step, len(view.predictions) - 1)], view.note
    else:
        shown, when = view.final, "at the end of the sequence"
    pieces: list[Piece] = [(" prediction ", ink.dim), (_numbers(shown), ink.strong)]
    target = _target_at(view, step)
    if target is not None:
        pieces += [("  target ", ink.dim), (_numbers(target), ink.plain)]
    return line([*pieces, (f"  {when}", ink.dim)], canvas.width)


def _target_at(view: OutputView, step: int) -> Array | None:
    if view.target is None:
        return None
    return view.target[min(step, len(view.target) - 1)] if view.target.ndim == 2 else view.target


def _numbers(values: Array) -> str:
    shown = " ".join(short_number(float(value), 4) for value in np.atleast_1d(values)[:_MOST_VALUES])
    return shown + (" …" if np.size(values) > _MOST_VALUES else "")


def _plot(session: Session, view: OutputView, canvas: Canvas) -> list[Line]:
    height = canvas.height - 2
    if height < 3:
        return []
    if view.predictions is None:
        return wrapped(f"No curve: {view.note}.", canvas.ink.dim, canvas.width, height)
    return []
