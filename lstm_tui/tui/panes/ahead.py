"""The model on its own predictions, beside the model on the truth: curves or tokens, and the loop as code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lstm_tui.charts.line_plot import Series, line_plot
from lstm_tui.charts.lines import Line
from lstm_tui.charts.ruler import ruler
from lstm_tui.recurrent.free_runs import FreeRun
from lstm_tui.session.generating import ahead_words, loop_lines, shown_free_run
from lstm_tui.session.state import Session
from lstm_tui.session.walks import place
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, line, wrapped

if TYPE_CHECKING:
    from lstm_tui.recurrent.decoder_runs import DecoderRun

#: Lines of a picture below which it says nothing, and of a table.
_LEAST_PLOT, _LEAST_ROWS = 5, 4


def ahead_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The curves or the table, or what is awaited or in the way."""
    ink, width, height = canvas.ink, canvas.width, canvas.height
    run = shown_free_run(session)
    if run is None or isinstance(run, str):
        title = heading("On its own predictions", "A closes", width, ink.title, ink.dim)
        words = run or (session.refusal.reason if session.refusal is not None else "Running ahead …")
        return [title, *wrapped(words, ink.dim, width, height - 1)]
    what = _legends(run, canvas) if isinstance(run, FreeRun) else ("↑ ↓ step",)
    asides = (*(f"{each} · A closes" for each in what), what[-1])
    title = heading("On its own predictions", asides, width, ink.title, ink.dim)
    told = [each for words in ahead_words(run) for each in wrapped(words, ink.plain, width, 3)]
    code = loop_lines(session, run)
    room = height - 1 - len(told)
    least = 2 * _LEAST_PLOT if isinstance(run, FreeRun) else min(len(run.tokens), 2 * _LEAST_ROWS) + 1
    code = code if room - len(code) >= least else ()
    room -= len(code)
    shown = (
        _curves_in(run, canvas, room) if isinstance(run, FreeRun) else _table_in(session, run, canvas, room)
    )
    written = [line([(words, ink.dim)], width) for words in code]
    return [title, *shown, *told, *written][:height]


def _legends(run: FreeRun, canvas: Canvas) -> tuple[str, str]:
    """The curves by name in the order of their colours, and shorter."""
    dashes = "┄" if canvas.palette.capabilities.unicode else "- -"
    if run.forced is None:
        return "free run, truth (dashed)", f"alone, truth {dashes}"
    return "run on the truth, free run, truth (dashed)", f"told, alone, truth {dashes}"


def _table_in(session: Session, run: DecoderRun, canvas: Canvas, room: int) -> list[Line]:
    from lstm_tui.charts.written_table import written_table

    return written_table(
        run, place(session)[0], width=canvas.width, height=max(room, 2), palette=canvas.palette
    )


def _curves_in(run: FreeRun, canvas: Canvas, room: int) -> list[Line]:
    width, palette = canvas.width, canvas.palette
    plot = line_plot(_curves(run), width=width, height=max(room - 1, 0), palette=palette)
    return [*plot.lines, ruler(plot.axis, len(run.before), width=width, palette=palette)]


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
