"""Why a value is what it is: a state as the sum of what each step put in, any other value as its causes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from lstm_tui.charts.contribution_table import contribution_table
from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.contributions import Contributions, contributions, no_contributions
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.session.state import Hop, Session
from lstm_tui.session.view import is_there, shown_trace, unit_shown, why_not_there
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import heading, line, wrapped

if TYPE_CHECKING:  # other causes than steps are for who follows them
    from lstm_tui.recurrent.why import Question

_TITLE = "Where this value comes from"
_KEYS = ("digits follow · e closes", "e closes")
_BACK = "digits follow · Backspace goes back · e closes"


def origins_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The largest shares first, each with its step; why there are none for cells that are no sum."""
    trace = shown_trace(session)
    if trace is None:
        return []
    if not is_there(session):
        return [
            _title(session, _TITLE, canvas),
            *wrapped(why_not_there(session), canvas.ink.warn, canvas.width, 4),
        ]
    asked = session.cursor.asked
    if asked is None or (asked.kind == "state" and trace.cell.name in {"lstm", "gru"}):
        return _state(session, trace, canvas)
    return _causes(session, canvas)


def _state(session: Session, trace: LayerTrace, canvas: Canvas) -> list[Line]:
    """A state, step by step."""
    cursor, unit = session.cursor, unit_shown(session)
    parts = _parts(trace, cursor.sample, cursor.step, unit)
    if parts is None:
        if trace.cell.name == "simple_rnn" and cursor.asked is not None:
            return _causes(session, canvas)
        why_not = wrapped(no_contributions(trace) or "", canvas.ink.dim, canvas.width, 4)
        return [_title(session, _TITLE, canvas), *why_not]
    where = (
        f"{one_line(trace.path)} {parts.series}[{unit}] at t {cursor.step} = {short_number(parts.total, 5)}"
    )
    head = [_title(session, where, canvas), *_trail(session, canvas, _link(session))]
    table = contribution_table(
        parts, width=canvas.width, height=canvas.height - len(head), palette=canvas.palette, numbered=True
    )
    return [*head, *table.lines]


def _causes(session: Session, canvas: Canvas) -> list[Line]:
    """An output, what one step wrote, a unit of a Dense layer, an input."""
    from lstm_tui.charts.share_table import share_table
    from lstm_tui.recurrent.why_words import head_words, link_words, place_words
    from lstm_tui.session.whys import answer_here, question_here

    answer, question = answer_here(session), question_here(session)
    if isinstance(answer, str):
        title = f"Why {place_words(question)}" if question is not None else _TITLE
        said = wrapped(answer, canvas.ink.warn, canvas.width, 4)
        return [_title(session, title, canvas), *_trail(session, canvas), *said]
    head = [_title(session, head_words(answer), canvas), *_trail(session, canvas, link_words(answer))]
    if answer.question.kind == "inputs":
        head += _moves(session, canvas)
    table = share_table(answer, width=canvas.width, height=canvas.height - len(head), palette=canvas.palette)
    return [*head, *table]


def _moves(session: Session, canvas: Canvas) -> list[Line]:
    """How far inputs would have to move for the target, and what that was found to reach."""
    from lstm_tui.recurrent.first_order import moves_words
    from lstm_tui.session.why_plans import deviations_here
    from lstm_tui.session.whys import first_order_here

    found = first_order_here(session)
    words = moves_words(found, deviations_here(session)) if found is not None else ""
    most = max(min(canvas.height // 2, 6), 1)
    return wrapped(words, canvas.ink.strong, canvas.width, most, indent=3) if words else []


def _title(session: Session, words: str, canvas: Canvas) -> Line:
    """The value, and how to go on: how to close is said where there is room for one thing."""
    keys = (_BACK, *_KEYS) if session.cursor.trail else _KEYS
    return heading(words, keys, canvas.width, canvas.ink.title, canvas.ink.dim)


def _link(session: Session) -> str:
    """What an LSTM gives of the cell state, where that was asked for."""
    if session.cursor.asked is None:
        return ""
    from lstm_tui.recurrent.why_words import link_words
    from lstm_tui.session.whys import answer_here

    answer = answer_here(session)
    given = "" if isinstance(answer, str) else link_words(answer)
    return f"h {short_number(answer.value, 4)} {given}" if given and not isinstance(answer, str) else ""


def _trail(session: Session, canvas: Canvas, link: str = "") -> list[Line]:
    """`part of dense[0] t 59 ‹ …`: the last questions first, as many as there is room for, after the link."""
    if not session.cursor.trail:
        return [line([(f"   {link}", canvas.ink.dim)], canvas.width)] if link else []
    from lstm_tui.recurrent.why_words import place_words

    def words(hop: Hop) -> str:
        question: Question | None = hop.question
        return place_words(question) if question is not None else ""

    arrow = " ‹ " if canvas.palette.capabilities.unicode else " < "
    text = "part of " + arrow.join(words(hop) for hop in reversed(session.cursor.trail))
    return [
        line(
            [
                ("   ", canvas.ink.dim),
                (f"{link}  " if link else "", canvas.ink.plain),
                (text, canvas.ink.dim),
            ],
            canvas.width,
        )
    ]


@lru_cache(maxsize=4)
def _parts(trace: LayerTrace, sample: int, step: int, unit: int) -> Contributions | None:
    return contributions(trace, sample=sample, step=step, unit=unit)
