"""The layers of the model with the shape of each output on this input, or as declared until it has run."""

from __future__ import annotations

from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Recording
from lstm_tui.session.offers import shape_words
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_outcome, shown_recording
from lstm_tui.tui.panes import Canvas, Line
from lstm_tui.tui.panes.writing import heading, line, two_ends


def layers_pane(session: Session, canvas: Canvas) -> list[Line]:
    """One line a layer; the one under the cursor marked, the one that failed marked, notes told."""
    ink, width = canvas.ink, canvas.width
    recording = shown_recording(session)
    outcome = shown_outcome(session)
    failed = outcome.failure.layer if outcome and outcome.failure else None
    aside = "on this input" if recording else "as declared"
    lines = [heading("Layers", aside, width, ink.title, ink.dim)]
    for tensor in session.model.inputs:
        array = session.plan.run.inputs.get(tensor.name) if session.plan else None
        shape = shape_words(array.shape if array is not None else tensor.shape)
        lines.append(
            two_ends([(f" {one_line(tensor.name)}", ink.dim)], [(shape, ink.plain)], width, ink.plain)
        )
    shown = [layer for layer in session.model.layers if layer.class_name != "InputLayer"]
    rows = [_layer_lines(layer, session, recording, failed, canvas) for layer in shown]
    here = next((index for index, layer in enumerate(shown) if _holds_cursor(layer, session)), 0)
    return [*lines, *_window(rows, here, canvas.height - len(lines))]


def _window(rows: list[list[Line]], here: int, room: int) -> list[Line]:
    """As many rows as fit, the one at `here` among them."""
    start = 0
    while start < here and sum(len(row) for row in rows[start : here + 1]) > room:
        start += 1
    return [each for row in rows[start:] for each in row]


def _layer_lines(
    layer: LayerFacts, session: Session, recording: Recording | None, failed: str | None, canvas: Canvas
) -> list[Line]:
    ink, width = canvas.ink, canvas.width
    here = _holds_cursor(layer, session)
    mark = "✗" if failed == layer.path else "▸" if here else " "
    style = (
        ink.bad
        if failed == layer.path
        else ink.here
        if here
        else ink.strong
        if layer.recurrent
        else ink.plain
    )
    name = f"{mark}{'  ' * layer.depth}{one_line(layer.name)}"
    flags = _flags(layer) if width >= 40 else ""
    shape = _shape(layer, recording)
    lines = [two_ends([(name, style), (flags, ink.dim)], [(shape, ink.plain)], width, ink.plain)]
    if len(name) + len(shape) + 2 > width:
        lines = [line([(name, style)], width), two_ends([], [(shape, ink.plain)], width, ink.plain)]
    note = (recording.unrecorded.get(layer.path) if recording else None) or layer.note
    if note:
        lines.append(line([(f"  {one_line(note)}", ink.warn)], width))
    return lines


def _flags(layer: LayerFacts) -> str:
    facts = layer.recurrent
    words = [layer.class_name]
    if facts is not None:
        words += [
            word for word, on in (("stateful", facts.stateful), ("backwards", facts.go_backwards)) if on
        ]
    return "  " + " ".join(one_line(word) for word in words)


def _shape(layer: LayerFacts, recording: Recording | None) -> str:
    """What came out on this input, else what the model declares."""
    if recording is not None:
        for output in recording.layer_outputs:
            if output.path == layer.path and output.shapes:
                return " ".join(shape_words(shape) for shape in output.shapes)
    return " ".join(shape_words(shape).replace("None", "·") for shape in layer.output_shapes)


def _holds_cursor(layer: LayerFacts, session: Session) -> bool:
    return session.cursor.layer.split("#")[0] == layer.path
