"""The layers of the model: what each gave on this input and, where there is room, what the model declares."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_tui.charts.lines import Line
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Recording, Shape
from lstm_tui.session.offers import shape_words
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_outcome, shown_recording
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import Piece, heading, line, two_ends

#: From this width on, shapes stand beside what is declared.
_BOTH_FROM = 44
_AXES = "batch,time,units"


@dataclass(frozen=True, eq=False)
class _Row:
    """One layer or input: its name, the shapes it gave, those declared, what is to be known of it."""

    name: str
    given: tuple[Shape, ...]
    declared: tuple[Shape, ...]
    here: bool = False
    failed: bool = False
    recurrent: bool = False
    note: str = ""


def layers_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Inputs and layers; the one under the cursor marked, the one that failed marked, notes told."""
    ink, width = canvas.ink, canvas.width
    rows = [*_inputs(session), *_layers(session)]
    given = any(row.given for row in rows)
    aside = f"{_AXES}, declared" if width >= _BOTH_FROM and given else _AXES
    drawn = [_lines(row, canvas) for row in rows]
    here = next((index for index, row in enumerate(rows) if row.here), 0)
    title = heading("Layers", aside, width, ink.title, ink.dim)
    return [title, *_window(drawn, here, canvas.height - 1)]


def _inputs(session: Session) -> list[_Row]:
    arrays = session.plan.run.inputs if session.plan else {}
    rows = []
    for tensor in session.model.inputs:
        array = arrays.get(tensor.name)
        rows.append(_Row(tensor.name, (array.shape,) if array is not None else (), (tensor.shape,)))
    return rows


def _layers(session: Session) -> list[_Row]:
    recording = shown_recording(session)
    outcome = shown_outcome(session)
    failed = outcome.failure.layer if outcome and outcome.failure else None
    unrecorded = recording.unrecorded if recording else {}
    return [
        _Row(
            name="  " * layer.depth + layer.name,
            given=_given(layer, recording),
            declared=layer.output_shapes,
            here=session.cursor.layer.split("#")[0] == layer.path,
            failed=failed == layer.path,
            recurrent=layer.recurrent is not None,
            note=unrecorded.get(layer.path) or layer.note,
        )
        for layer in session.model.layers
        if layer.class_name != "InputLayer"
    ]


def _given(layer: LayerFacts, recording: Recording | None) -> tuple[Shape, ...]:
    outputs = recording.layer_outputs if recording else ()
    return next((output.shapes for output in outputs if output.path == layer.path), ())


def _lines(row: _Row, canvas: Canvas) -> list[Line]:
    """One line, or two where name and shape do not fit into one."""
    ink, width = canvas.ink, canvas.width
    style = ink.bad if row.failed else ink.here if row.here else ink.strong if row.recurrent else ink.plain
    indent = row.name[: len(row.name) - len(row.name.lstrip())]
    mark = "✗" if row.failed else "▸" if row.here else " "
    name = f"{mark}{indent}{one_line(row.name)}"
    shapes = _shapes(row, canvas)
    size = sum(len(text) for text, _ in shapes)
    if len(name) + size + 1 <= width:
        lines = [two_ends([(name, style)], shapes, width, ink.plain)]
    else:
        lines = [line([(name, style)], width), two_ends([], shapes, width, ink.plain)]
    return [*lines, line([(f"  {one_line(row.note)}", ink.warn)], width)] if row.note else lines


def _shapes(row: _Row, canvas: Canvas) -> list[Piece]:
    ink = canvas.ink
    given, declared = _words(row.given), _words(row.declared)
    if not given:
        return [(declared, ink.dim)]
    if canvas.width < _BOTH_FROM or not declared:
        return [(given, ink.plain)]
    return [(given, ink.plain), (f" {declared:>18}", ink.dim)]


def _words(shapes: tuple[Shape, ...]) -> str:
    return " ".join(shape_words(shape) for shape in shapes)


def _window(rows: list[list[Line]], here: int, room: int) -> list[Line]:
    """As many rows as fit, the one at `here` among them."""
    start = 0
    while start < here and sum(len(row) for row in rows[start : here + 1]) > room:
        start += 1
    return [each for row in rows[start:] for each in row]
