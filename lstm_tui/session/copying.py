"""The value under the cursor as text, of one run or of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.interleavings import Interleaved
from lstm_tui.recurrent.movements import Movements, movement_words
from lstm_tui.session.generating import loop_lines, shown_free_run
from lstm_tui.session.state import Session
from lstm_tui.session.view import is_there, output_view, shown_trace
from lstm_tui.session.walks import is_walking, shown_interleaving, shown_ledger, shown_movements

if TYPE_CHECKING:
    from lstm_tui.session.sides import Comparing


def value_under_cursor(session: Session) -> str:
    """`lstm_1 c[t=17, unit=3, sample=0] = 0.4213`; all units where none is chosen; the output beside it.

    Empty where nothing is recorded. In the views of calls what they say, of a run ahead its loop as code.
    """
    if session.cursor.lens == "ahead":
        run = shown_free_run(session)
        return "" if run is None or isinstance(run, str) else "\n".join(loop_lines(session, run))
    if is_walking(session):
        return "\n".join(_said_of_calls(session))
    cursor = session.cursor
    trace = shown_trace(session)
    lines = []
    if trace is not None and is_there(session):
        values = trace.at(cursor.series, cursor.sample, cursor.step)
        where = f"{cursor.layer} {cursor.series}[t={cursor.step}"
        if cursor.unit is None:
            numbers = ", ".join(f"{value:.9g}" for value in values)
            lines.append(f"{where}, sample={cursor.sample}] = [{numbers}]")
        else:
            lines.append(f"{where}, unit={cursor.unit}, sample={cursor.sample}] = {values[cursor.unit]:.9g}")
    output = output_view(session)
    if output is not None:
        here = output.at(min(cursor.step, output.timesteps - 1))
        shown = output.final if here is None else here
        lines.append(f"{output.name} = [{', '.join(f'{value:.9g}' for value in shown)}]")
    return "\n".join(lines)


def _said_of_calls(session: Session) -> tuple[str, ...]:
    """What moved; or the interleaving that is walked, step by step, and what helps."""
    shown = shown_movements(session) if session.cursor.lens == "history" else shown_interleaving(session)
    if isinstance(shown, Movements):
        return movement_words(shown)
    if isinstance(shown, Interleaved):
        from lstm_tui.recurrent.interleaving_words import ledger_words, verdict_words

        return (*ledger_words(shown, shown_ledger(session, shown)[0]), *verdict_words(shown))
    return ()


def values_on_both_sides(comparing: Comparing | None) -> str:
    """`lstm_1 i[t=0, unit=3, sample=0]: A 0.5675, B 0.5732, B-A 0.0057`; of all units where none is chosen.

    Empty where nothing stands side by side.
    """
    if comparing is None or comparing.pair is None:
        return ""
    from lstm_tui.session.sides import shown_place, tracks

    place, pair = shown_place(comparing), comparing.pair
    found = tracks(pair, place.series, place.sample)
    units = range(found.one.shape[1]) if place.unit is None else (place.unit,)
    return "\n".join(
        f"{one_line(pair.one.path, 120)} {place.series}[t={place.step}, unit={unit}, sample={place.sample}]: "
        f"A {found.one[place.step, unit]:.9g}, B {found.other[place.step, unit]:.9g}, "
        f"B-A {found.gap[place.step, unit]:.9g}"
        for unit in units
    )
