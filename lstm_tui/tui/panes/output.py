"""The prediction over time, against the target where there is one, and its value under the cursor."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lstm_tui.charts.line_plot import MOST_LINES, LinePlot, Series, line_plot
from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.ruler import ruler
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array, Recording
from lstm_tui.session.offers import shape_words
from lstm_tui.session.state import Session
from lstm_tui.session.view import OutputView, output_view, shown_recording
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import Piece, line, wrapped

_MOST_VALUES = 8


def output_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Name, shape and value here; the curve with its ruler."""
    recording, view = shown_recording(session), output_view(session)
    if recording is None or view is None:
        return []
    return [_head(recording, session, view, canvas), *_plot(session, view, canvas)]


def _head(recording: Recording, session: Session, view: OutputView, canvas: Canvas) -> Line:
    """`── dense (1, 1)  prediction 0.53  target 0.5  had the sequence ended here`; the shape gives way."""
    ink = canvas.ink
    step = session.cursor.step
    if view.predictions is not None and len(view.predictions):
        shown, when = view.predictions[min(step, len(view.predictions) - 1)], view.note
    else:
        shown, when = view.final, "at the end of the sequence"
    name: list[Piece] = [("── ", ink.dim), (one_line(view.name, 24), ink.title)]
    pieces: list[Piece] = [("  prediction ", ink.dim), (_numbers(shown), ink.strong)]
    target = _target_at(view, step)
    if target is not None:
        pieces += [("  target ", ink.dim), (_numbers(target), ink.plain)]
    shape = f" {shape_words(recording.outputs[view.name].shape)}"
    if sum(len(text) for text, _ in (*name, *pieces)) + len(shape) <= canvas.width:
        name.append((shape, ink.dim))
    more = f"  +{len(recording.outputs) - 1} more outputs: i" if len(recording.outputs) > 1 else ""
    return line([*name, *pieces, (f"  {when}{more}", ink.dim)], canvas.width)


def _target_at(view: OutputView, step: int) -> Array | None:
    if view.target is None:
        return None
    return view.target[min(step, len(view.target) - 1)] if view.target.ndim == 2 else view.target


def _numbers(values: Array) -> str:
    shown = " ".join(short_number(float(value), 4) for value in np.atleast_1d(values)[:_MOST_VALUES])
    return shown + (" …" if np.size(values) > _MOST_VALUES else "")


def _plot(session: Session, view: OutputView, canvas: Canvas) -> list[Line]:
    """The curve over the whole sequence with a ruler of its own, so that a step redraws that one line."""
    height = canvas.height - 2
    if height < 3:
        return []
    if view.predictions is None:
        return wrapped(f"No curve: {view.note}.", canvas.ink.dim, canvas.width, height)
    plot = _plotted(view, canvas.width, height, canvas.palette)
    return [*plot.lines, ruler(plot.axis, session.cursor.step, width=canvas.width, palette=canvas.palette)]


@lru_cache(maxsize=8)
def _plotted(view: OutputView, width: int, height: int, palette: Palette) -> LinePlot:
    return line_plot(_series(view), width=width, height=height, palette=palette)


def _series(view: OutputView) -> list[Series]:
    assert view.predictions is not None
    steps, outputs = view.predictions.shape
    lines = [Series("target", target, "target", gaps=True) for target in _target_lines(view, steps)]
    names = ["prediction"] if outputs == 1 else [f"{view.name}[{index}]" for index in range(outputs)]
    return [
        *(Series(name, view.predictions[:, index]) for index, name in enumerate(names[:MOST_LINES])),
        *lines,
    ]


def _target_lines(view: OutputView, steps: int) -> list[Array]:
    """The target at each step; one that is known at the end alone is a mark there."""
    if view.target is None:
        return []
    if view.target.ndim == 2:
        return [view.target[:, index] for index in range(min(view.target.shape[1], MOST_LINES))]
    values = np.broadcast_to(view.target[None, :].astype(np.float64), (steps, view.target.size))
    return [values[:, index] for index in range(min(view.target.size, MOST_LINES))]
