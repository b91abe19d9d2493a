"""A failed call as a result: how far it came, what it means, what would fit, what Keras said."""

from __future__ import annotations

from lstm_tui.charts.lines import Line
from lstm_tui.checks.call_failure import Explanation, explain
from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallFailure
from lstm_tui.session.offers import shape_words
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_outcome
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import Piece, heading, line, wrapped

_MOST_OFFERS = 3


def failure_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Everything about the call that failed; empty where none did."""
    outcome = shown_outcome(session)
    if outcome is None or outcome.failure is None or session.plan is None:
        return []
    ink, width = canvas.ink, canvas.width
    explanation = explain(outcome.failure, session.model, session.plan.run.inputs)
    blank = line([("", ink.plain)], width)
    lines = [heading(f"✗ {outcome.call} failed", explanation.code, width, ink.bad, ink.dim)]
    lines += [_way(session, outcome.failure, canvas), blank]
    lines += [*wrapped(explanation.sentence, ink.strong, width, 4), blank]
    lines += [*_offers(explanation, canvas), blank]
    said = f"Keras said ({one_line(outcome.failure.error_type)}):"
    lines += [line([(said, ink.dim)], width), *wrapped(outcome.failure.message, ink.dim, width, 8)]
    return lines


def _way(session: Session, failure: CallFailure, canvas: Canvas) -> Line:
    """`x → lstm_1 → ✗ lstm_2`: the layers at top level up to the one that failed."""
    ink = canvas.ink
    pieces: list[Piece] = [
        (" " + ", ".join(one_line(tensor.name) for tensor in session.model.inputs), ink.dim)
    ]
    for layer in _top_level(session):
        if failure.layer == layer.path or failure.layer.startswith(f"{layer.path}/"):
            return line([*pieces, (" → ", ink.dim), (f"✗ {one_line(failure.layer)}", ink.bad)], canvas.width)
        pieces.append((f" → {one_line(layer.name)}", ink.dim))
    return line([(" ✗ before the first layer", ink.bad)], canvas.width)


def _top_level(session: Session) -> list[LayerFacts]:
    return [layer for layer in session.model.layers if layer.depth == 0 and layer.class_name != "InputLayer"]


def _offers(explanation: Explanation, canvas: Canvas) -> list[Line]:
    ink, width = canvas.ink, canvas.width
    if not explanation.reshapes:
        return [line([("No reshape alone makes this fit.", ink.dim)], width)]
    lines = [
        line([("What fits: ", ink.dim), ("S", ink.here), (", then Enter takes the first", ink.dim)], width)
    ]
    for offer in explanation.reshapes[:_MOST_OFFERS]:
        words = ", then ".join(step.describe() for step in offer.reshapes)
        pieces: list[Piece] = [(f"  {words} → {shape_words(offer.result)}", ink.good)]
        lines.append(line([*pieces, (f"  {offer.reason}", ink.dim)], width))
    return lines
