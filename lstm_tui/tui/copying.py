"""The value under the cursor as text, and its way to the clipboard."""

from __future__ import annotations

from lstm_tui.session.state import Session
from lstm_tui.session.view import is_there, output_view, shown_trace


def value_under_cursor(session: Session) -> str:
    """`lstm_1 c[t=17, unit=3, sample=0] = 0.4213`; all units where none is chosen; the output beside it.

    Empty where nothing is recorded.
    """
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
