"""One unit on two sides at one step: every series of the layer, in A, in B, and B minus A.

Columns have widths that depend on the room alone: a step changes digits, never places. A row is one segment
of text unless something in it is no number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.segment import Segment

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.numbers import number
from lstm_tui.charts.palette import Palette

#: The names of the rows.
ROWS = ("A", "B", "B-A")
#: Cells of a number, at least and at most, with the gap before it.
_NARROW, _WIDE = 8, 12
_LABEL = 10

#: Values of one unit by series: in A, in B, and their difference.
UnitValues = Mapping[str, tuple[float, float, float]]


def side_table(
    units: Sequence[tuple[int, UnitValues]],
    series: Sequence[str],
    *,
    width: int,
    palette: Palette,
    here: str = "",
    selected: int | None = None,
) -> list[Line]:
    """A head and three rows for each unit, in their order. here: the series that is shown above.

    The columns that fit: the one that is shown first of all, the others in their order.
    """
    cells = min(max((width - _LABEL) // max(len(series), 1), _NARROW), _WIDE)
    shown = _that_fit(series, here, max((width - _LABEL) // cells, 1))
    lines = [fitted(_head(shown, here, cells, palette), width, palette.text)]
    for unit, values in units:
        for row, name in enumerate(ROWS):
            label = _label(unit if row == 0 else None, name, palette, is_here=unit == selected)
            numbers = [_cell(values[each][row], cells, palette, signed=row == 2) for each in shown]
            lines.append(fitted([label, *numbers], width, palette.text))
    return lines


def _that_fit(series: Sequence[str], here: str, count: int) -> list[str]:
    kept = list(series[:count])
    if here in series and here not in kept:
        kept[-1] = here
    return kept


def _head(shown: Sequence[str], here: str, cells: int, palette: Palette) -> list[Segment]:
    titles = [styled("unit".rjust(5).ljust(_LABEL), palette.faint)]
    for name in shown:
        cut = name if len(name) < cells else palette.glyphs.ellipsis + name[2 - cells :]
        titles.append(styled(cut.rjust(cells), palette.cursor if name == here else palette.faint))
    return titles


def _label(unit: int | None, row: str, palette: Palette, *, is_here: bool) -> Segment:
    """`▸  3 A   `, the unit beside its first row."""
    if unit is None:
        return styled(f"{'':5} {row:<{_LABEL - 6}}", palette.text)
    mark = palette.glyphs.selected if is_here else " "
    return styled(f"{mark}{unit:>4} {row:<{_LABEL - 6}}", palette.cursor if is_here else palette.text)


def _cell(value: float, cells: int, palette: Palette, *, signed: bool) -> Segment:
    style = palette.text if math.isfinite(value) else palette.warning
    return styled(" " + number(value, cells - 1, signed=signed), style)
