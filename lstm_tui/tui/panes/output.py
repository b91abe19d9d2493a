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
from lstm_tui.recurrent.pyramid import Pyramid
from lstm_tui.recurrent.recording import Array, Recording
from lstm_tui.recurrent.window import Window
from lstm_tui.session.offers import shape_words
from lstm_tui.session.state import Session
from lstm_tui.session.view import HAD_IT_ENDED, OutputView, output_view, shown_recording
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
    step = min(session.cursor.step, view.timesteps - 1)
    here = view.at(step)
    pieces: list[Piece] = [
        ("  tried otherwise " if recording.tried else "  prediction ", ink.dim),
        (_numbers(view.final if here is None else here), ink.strong),
    ]
    target = _target_at(view, step)
    if target is not None:
        pieces += [("  target ", ink.dim), (_numbers(target), ink.plain)]
    more = f"  +{len(recording.outputs) - 1} more outputs: i" if len(recording.outputs) > 1 else ""
    shape = f" {shape_words(view.shape)}"
    name = one_line(view.name, 24)
    taken = sum(len(text) for text, _ in pieces) + len(f"── {name}")
    whens = [f"  {words}{more}" for words in _how_words(session, view, step, here is not None)]
    ways = [*((aside, when) for aside in (shape, "") for when in whens), (shape, "")]
    fitting = (way for way in ways if taken + len("".join(way)) <= canvas.width)
    aside, when = next(fitting, ("", ""))
    head: list[Piece] = [("── ", ink.dim), (name, ink.title), (aside, ink.dim)]
    return line([*head, *pieces, (when, ink.dim)], canvas.width)


def _how_words(session: Session, view: OutputView, step: int, is_here: bool) -> tuple[str, str]:
    """How the prediction that is shown came about, at length and in short."""
    if not is_here:
        long = session.long
        if long is None or long.is_whole:
            return "at the end of the sequence", "at the end"
        return f"had the sequence ended at {long.recorded - 1:,}", f"had it ended at {long.recorded - 1:,}"
    if view.predictions is None:
        return f"replayed: the model run on the first {step + 1:,} steps", f"replayed on {step + 1:,} steps"
    return view.note, "if ended here" if view.note == HAD_IT_ENDED else "at each step"


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
    if view.predictions is None and not view.replayed:
        how = f"m runs the model up to this step. No curve: {view.note}."
        return wrapped(how, canvas.ink.dim, canvas.width, height)
    plot = _plotted(view, canvas.width, height, canvas.palette)
    return [*plot.lines, ruler(plot.axis, session.cursor.step, width=canvas.width, palette=canvas.palette)]


@lru_cache(maxsize=8)
def _plotted(view: OutputView, width: int, height: int, palette: Palette) -> LinePlot:
    return line_plot(_series(view, width), width=width, height=height, palette=palette)


def _series(view: OutputView, width: int) -> list[Series]:
    lines = [Series("target", target, "target", gaps=True) for target in _target_lines(view)]
    if view.predictions is None:
        return [*_replayed_lines(view), *lines]
    if view.far is not None:
        return [*_far_lines(view, view.far, width), *lines]
    names = _names(view, view.predictions.shape[1])
    return [*(Series(name, view.predictions[:, index]) for index, name in enumerate(names)), *lines]


def _names(view: OutputView, outputs: int) -> list[str]:
    names = ["prediction"] if outputs == 1 else [f"{view.name}[{index}]" for index in range(outputs)]
    return names[:MOST_LINES]


def _replayed_lines(view: OutputView) -> list[Series]:
    """What was replayed, step by step as it was asked for."""
    steps = np.array(list(view.replayed))
    values = np.stack(list(view.replayed.values())).astype(np.float64)
    return [
        Series(name, values[:, index], steps=steps, timesteps=view.timesteps)
        for index, name in enumerate(_names(view, values.shape[1]))
    ]


def _far_lines(view: OutputView, far: Pyramid, width: int) -> list[Series]:
    """The lowest and the highest prediction of each column, what is broken as a mark; so far as recorded."""
    overview = far.overview(Window(0, far.timesteps), 2 * width)
    bins = len(overview.starts)
    low, high, broken = (
        np.asarray(part).reshape(bins, -1) for part in (overview.minimum, overview.maximum, overview.broken)
    )
    steps = np.repeat(overview.starts, 2)
    lines = []
    for index, name in enumerate(_names(view, low.shape[1])):
        ends = np.stack([low[:, index], high[:, index]], axis=1)
        ends[broken[:, index]] = np.nan
        lines.append(Series(name, ends.ravel(), steps=steps, timesteps=view.timesteps))
    return lines


def _target_lines(view: OutputView) -> list[Array]:
    """The target at each step; one that is known at the end alone is a mark there."""
    if view.target is None:
        return []
    if view.target.ndim == 2:
        return [view.target[:, index] for index in range(min(view.target.shape[1], MOST_LINES))]
    values = np.broadcast_to(view.target[None, :].astype(np.float64), (view.timesteps, view.target.size))
    return [values[:, index] for index in range(min(view.target.size, MOST_LINES))]
