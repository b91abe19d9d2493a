"""What every layer gave, call by call: shape, type, mask, range; and the values of the chosen call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from lstm_tui.charts.heat_map import PageLayout, heat_map_page, page_layout
from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.ruler import ruler
from lstm_tui.charts.scale import scale_over
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.fetching import Fetched
from lstm_tui.recurrent.recording import Array, LayerOutput
from lstm_tui.recurrent.summary import Summary, summary_of
from lstm_tui.session.layer_outputs import chosen_output, outputs_shown, values_of
from lstm_tui.session.offers import shape_words
from lstm_tui.session.state import Session
from lstm_tui.session.view import timesteps
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import Piece, heading, line, two_ends, wrapped

#: The list takes this share of the height at most.
_LIST_SHARE = 2


def layer_outputs_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The list, the chosen call in it, and below it what that gave for the sample under the cursor."""
    outputs, chosen = outputs_shown(session), chosen_output(session)
    assert chosen is not None
    ink, width = canvas.ink, canvas.width
    asides = (f"{len(outputs)} calls · ↑↓ choose · O closes", "↑↓ · O closes")
    room = max(canvas.height // _LIST_SHARE - 1, 1)
    first = max(min(outputs.index(chosen) - room // 2, len(outputs) - room), 0)
    rows = [_row(each, each is chosen, canvas) for each in outputs[first : first + room]]
    top = [heading("What layers gave", asides, width, ink.title, ink.dim), *rows]
    return [*top, *_values(session, chosen, canvas, canvas.height - len(top))]


def _row(output: LayerOutput, is_here: bool, canvas: Canvas) -> Line:
    ink = canvas.ink
    name = f"{'▸' if is_here else ' '}{one_line(output.path)}"
    masked = " masked" if output.masked else ""
    given = f"{' '.join(shape_words(shape) for shape in output.shapes)} {output.dtype}{masked}"
    pieces: list[Piece] = [(given, ink.plain)]
    ranges = _ranges(output)
    if ranges and len(name) + len(given) + len(ranges) + 4 <= canvas.width:
        pieces.append((f"  {ranges}", ink.dim))
    return two_ends([(name, ink.here if is_here else ink.plain)], pieces, canvas.width, ink.plain)


def _ranges(output: LayerOutput) -> str:
    """`-0.99…0.98 mean 0.02`, of the first tensor, over all samples."""
    summary = next(iter(_summaries(output)), None)
    if summary is None:
        return ""
    broken = f" {summary.broken:,} not finite" if summary.broken else ""
    if not summary.count:
        return broken.strip()
    low, high, mean = (short_number(each) for each in (summary.low, summary.high, summary.mean))
    return f"{low}…{high} mean {mean}{broken}"


@lru_cache(maxsize=256)
def _summaries(output: LayerOutput) -> tuple[Summary, ...]:
    """Told when it ran, or from what was kept."""
    return output.summaries or tuple(summary_of(each) for each in output.values or ())


def _values(session: Session, chosen: LayerOutput, canvas: Canvas, height: int) -> list[Line]:
    """A map of what has a value for each step, and the numbers at the cursor; else the numbers."""
    ink, width = canvas.ink, canvas.width
    found = values_of(session, chosen)
    sample = f"sample {session.cursor.sample}"
    ranges = _ranges(chosen)
    asides = [f"{chosen.class_name} · {sample} · {ranges}", f"{sample} · {ranges}"] if ranges else []
    asides += [f"{chosen.class_name} · {sample}", sample]
    title = heading(one_line(chosen.path), asides, width, ink.title, ink.dim)
    if isinstance(found, str):
        return [title, *wrapped(found, ink.dim, width, max(height - 1, 1))]
    if not found.values:
        return [title, *wrapped("It gave no tensor.", ink.dim, width, 1)]
    steps, step = timesteps(session), session.cursor.step
    values = found.values[0]
    in_time = found.start > 0 or (values.ndim > 0 and len(values) == steps)
    if not in_time or steps < 2 or height < 4:
        return [title, *_numbers(values, "", canvas, height - 1)]
    rows = values.reshape(len(values), -1)
    place = step - found.start
    here = rows[place] if 0 <= place < len(rows) else rows[:0]
    layout = page_layout(
        steps, rows.shape[1], width=width, height=max(min(height - 3, rows.shape[1]), 1), step=step,
        palette=canvas.palette, grouped=True,
    )  # fmt: skip
    axis = ruler(layout.axis, step, width=width, palette=canvas.palette)
    return [title, *_map(found, layout, canvas.palette), axis, *_numbers(here, f"t {step} ", canvas, 1)]


@lru_cache(maxsize=8)
def _map(found: Fetched, layout: PageLayout, palette: Palette) -> list[Line]:
    values = found.values[0].reshape(len(found.values[0]), -1)
    numbers = values.astype(np.float64) if values.dtype.kind in "biuf" else np.zeros(values.shape)
    finite = numbers[np.isfinite(numbers)]
    most = float(np.max(np.abs(finite), initial=0.0)) or 1.0
    scale = scale_over("h", -most, most)
    return heat_map_page(numbers, layout, scale=scale, palette=palette, start=found.start)


def _numbers(values: Array, before: str, canvas: Canvas, most_lines: int) -> list[Line]:
    """As many as there is room for."""
    words: Sequence[str] = [
        short_number(float(each)) if values.dtype.kind in "biuf" else one_line(each, 12)
        for each in values.reshape(-1)[: canvas.width * max(most_lines, 1) // 2]
    ]
    text = before + " ".join(words)
    if most_lines == 1:
        return [line([(text, canvas.ink.plain)], canvas.width)]
    return wrapped(text, canvas.ink.plain, canvas.width, max(most_lines, 1))
