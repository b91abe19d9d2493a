"""The value under the cursor as text, and its way to the clipboard."""

from __future__ import annotations

from lstm_tui.session.state import Session
from lstm_tui.session.view import output_view, series_values


def value_under_cursor(session: Session) -> str:
    """`lstm_1 c[t=17, unit=3, sample=0] = 0.4213`; all units where none is chosen; the output beside it.

    Empty where nothing is recorded.
    """
    cursor = session.cursor
    values = series_values(session)
    lines = []
    if values is not None and cursor.step < len(values):
        where = f"{cursor.layer} {cursor.series}[t={cursor.step}"
        if cursor.unit is None:
            numbers = ", ".join(f"{value:.9g}" for value in values[cursor.step])
            lines.append(f"{where}, sample={cursor.sample}] = [{numbers}]")
        else:
            lines.append(
                f"{where}, unit={cursor.unit}, sample={cursor.sample}] = "
                f"{values[cursor.step, cursor.unit]:.9g}"
            )
    output = output_view(session)
    if output is not None:
        shown = (
            output.final
            if output.predictions is None
            else output.predictions[min(cursor.step, len(output.predictions) - 1)]
        )
        lines.append(f"{output.name} = [{', '.join(f'{value:.9g}' for value in shown)}]")
    return "\n".join(lines)
