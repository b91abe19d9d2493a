"""The model on its own predictions, beside the model on the truth: curves, drift, the loop as code."""

from __future__ import annotations

import numpy as np

from lstm_tui.charts.line_plot import Series, line_plot
from lstm_tui.charts.lines import Line
from lstm_tui.charts.ruler import ruler
from lstm_tui.recurrent.free_runs import FreeRun, loop_code
from lstm_tui.session.generating import ahead_words, shown_free_run
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_recording
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, line, wrapped

#: Lines of a picture below which it says nothing.
_LEAST_PLOT = 5


def ahead_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The curves, or what is awaited or in the way."""
    ink, width, height = canvas.ink, canvas.width, canvas.height
    run = shown_free_run(session)
    if run is None or isinstance(run, str):
        title = heading("On its own predictions", "A closes", width, ink.title, ink.dim)
        words = run or (session.refusal.reason if session.refusal is not None else "Running ahead …")
        return [title, *wrapped(words, ink.dim, width, height - 1)]
    asides = ("run on the truth, free run, truth (dashed) · A closes", "A closes")
    lines = [heading("On its own predictions", asides, width, ink.title, ink.dim)]
    told = [each for words in ahead_words(run) for each in wrapped(words, ink.plain, width, 3)]
    code = _code(session, run)
    room = height - len(lines) - len(told)
    code = code if room - len(code) >= 2 * _LEAST_PLOT else ()
    plot = line_plot(_curves(run), width=width, height=max(room - len(code) - 1, 0), palette=canvas.palette)
    begins = ruler(plot.axis, len(run.before), width=width, palette=canvas.palette)
    written = [line([(words, ink.dim)], width) for words in code]
    return [*lines, *plot.lines, begins, *told, *written][:height]


def _curves(run: FreeRun) -> list[Series]:
    """The run on the truth, which has its colour, the free run, and the truth, each at its own steps."""
    before = len(run.before)
    steps = before + run.plan.steps
    after = np.arange(before, steps)
    curves = [Series("free run", run.free, steps=after, timesteps=steps)]
    if run.forced is not None:
        curves.insert(0, Series("on the truth", run.forced, steps=after, timesteps=steps))
    truth = run.before if run.plan.truth is None else np.concatenate([run.before, run.plan.truth])
    return [*curves, Series("truth", truth, "target", steps=np.arange(len(truth)), timesteps=steps)]


def _code(session: Session, run: FreeRun) -> tuple[str, ...]:
    recording = shown_recording(session)
    if recording is None:
        return ()
    output = next(iter(recording.outputs.values()))
    return loop_code(run.plan.start.shape, output.shape, run.plan.steps, run.plan.feature)
