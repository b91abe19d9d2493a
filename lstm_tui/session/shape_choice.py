"""Choosing other `return_sequences` and `return_state` among those that were explored. Pure."""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.shape_options import LayerOptions, ShapeExploration
from lstm_tui.session.commands import MakeEdits
from lstm_tui.session.diagnosing import alterations, recorded_at
from lstm_tui.session.effects import Announce, Effect, StartShapes
from lstm_tui.session.state import Session


def shown_shapes(session: Session) -> ShapeExploration | str | None:
    """What is known of the present plan: shapes, why there are none, or nothing yet."""
    if session.long is not None:
        return f"Nothing is tried here: {session.long.beyond}."
    return session.inquiry.shapes.get(session.inquiry.plan)


def chosen_row(session: Session) -> tuple[LayerOptions, int] | None:
    """The layer and the index of its option under the cursor."""
    shapes = shown_shapes(session)
    if not isinstance(shapes, ShapeExploration) or not shapes.rows:
        return None
    return shapes.rows[min(max(session.cursor.row, 0), len(shapes.rows) - 1)]


def ask_if_unknown(session: Session) -> tuple[Effect, ...]:
    """Shapes are explored only for who looks at them."""
    known = session.inquiry.plan in session.inquiry.shapes
    if session.cursor.lens != "shapes" or known or not session.model.from_keras or session.long is not None:
        return ()
    inputs = session.plan.run.inputs if session.plan is not None else {}
    return (StartShapes(session.inquiry.plan, inputs, alterations(session)),)


def arrived(session: Session, key: str, shapes: ShapeExploration | str) -> Session:
    """Shapes, or why there are none; the first that are seen are entered at the layer under the cursor."""
    first = not session.inquiry.shapes
    session = replace(session, inquiry=session.inquiry.with_shapes(key, shapes))
    return _entered(session) if first else session


def _entered(session: Session) -> Session:
    """On what fits the wish, else on the present settings of the layer under the cursor."""
    shapes = shown_shapes(session)
    if not isinstance(shapes, ShapeExploration) or not shapes.rows:
        return session
    wanted = session.material.expected_shape
    present = [(layer, layer.present) for layer in shapes.layers]
    here = [row for row in present if f"{session.cursor.layer}/".startswith(f"{row[0].path}/")]
    row = next(iter([*shapes.fitting(wanted), *here, *present]))
    return replace(session, cursor=replace(session.cursor, row=shapes.rows.index(row)))


def move(session: Session, by: int) -> Session:
    """The `by`-th next row; the layer's states come along where they were recorded."""
    shapes = shown_shapes(session)
    if not isinstance(shapes, ShapeExploration) or not shapes.rows:
        return session
    row = (min(session.cursor.row, len(shapes.rows) - 1) + by) % len(shapes.rows)
    path = shapes.rows[row][0].path
    recorded = recorded_at(path, session.run.recording if session.run else None)
    cursor = replace(session.cursor, row=row, layer=recorded or session.cursor.layer)
    return replace(session, cursor=cursor)


def change_of(session: Session) -> MakeEdits | Announce:
    """The edit that makes the settings under the cursor; what is said where there is none to make."""
    chosen = chosen_row(session)
    if session.cursor.lens != "shapes" or chosen is None:
        return Announce("R shows what other settings of the recurrent layers would give")
    layer, index = chosen
    option, change = layer.options[index], layer.change_to(index)
    if change is None:
        return Announce(f"{one_line(layer.path)} has these settings")
    if not option.model_outputs:
        who = f"{one_line(option.refused_by)} refuses: " if option.refused_by else ""
        return Announce(f"{who}{option.refused}", "warning")
    return MakeEdits((change,))
