"""What a decoder wrote, step by step: what was to come, what it says told the truth, what it wrote alone.

A row where the two differ is marked, and the first of them named. Of more rows than there is room for, the
page with the chosen one is shown.
"""

from __future__ import annotations

from rich.segment import Segment

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.meters import lying_bar
from lstm_tui.charts.palette import Palette
from lstm_tui.recurrent.decoder_runs import DecoderRun

#: Cells of a token, of the bar at most, and of what is said of a row.
_TOKEN, _WIDEST_BAR, _NOTE = 6, 30, 9
_HEAD = f" step {'truth':>{_TOKEN}}  {'told it':>{_TOKEN + 1}}  {'alone':>{_TOKEN}}     p"


def written_table(run: DecoderRun, chosen: int, *, width: int, height: int, palette: Palette) -> list[Line]:
    """At most `height` lines: the head, and the page of rows on which the `chosen` one is."""
    listed = max(height - 1, 1)
    many = len(run.tokens)
    first = min(max(chosen, 0), many - 1) // listed * listed
    rows = range(first, min(first + listed, many))
    page = f"  {rows.start + 1:,}-{rows.stop:,} of {many:,}" if len(rows) < many else ""
    head = fitted([styled(_HEAD, palette.faint), styled(page, palette.faint)], width, palette.text)
    return [head, *(_row(run, step, step == chosen, width, palette) for step in rows)][:height]


def _row(run: DecoderRun, step: int, here: bool, width: int, palette: Palette) -> Line:
    truth, told, own = run.plan.truth, run.told, int(run.tokens[step])
    wanted = None if truth is None or step >= len(truth) else int(truth[step])
    forced = None if told is None or step >= len(told) else int(told[step])
    p = float(run.said[step, own])
    mark = palette.glyphs.selected if here else " "
    wrong = run.is_wrong(step)
    misled = None not in (wanted, forced) and wanted != forced
    bar = min(max(width - len(_HEAD) - 1 - _NOTE, 0), _WIDEST_BAR)
    return fitted(
        [
            styled(
                f"{mark}{step + 1:>4} {_token(wanted, palette)}  ", palette.cursor if here else palette.text
            ),
            styled(f"{_token(forced, palette):>{_TOKEN + 1}}", palette.warning if misled else palette.text),
            styled(f"  {_token(own, palette)}", palette.warning if wrong else palette.text),
            styled(f"  {p:4.2f} {lying_bar(p, bar, palette) if bar else ''}", palette.text),
            Segment(_note(run, step, palette), palette.warning),
        ],
        width,
        palette.text,
    )


def _token(token: int | None, palette: Palette) -> str:
    return f"{palette.glyphs.dot if token is None or token < 0 else token:>{_TOKEN}}"


def _note(run: DecoderRun, step: int, palette: Palette) -> str:
    """`≠`, and on the first such row that they part there."""
    if not run.is_wrong(step):
        return ""
    differs = "≠" if palette.capabilities.unicode else "!="
    return f" {differs} parts" if step == run.parts else f" {differs}"
