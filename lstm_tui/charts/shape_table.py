"""What each recurrent layer would give under all four `return_sequences` and `return_state`, as a table.

A row a combination: the settings, what the layer gives, what the model then gives or which layer refuses. The
chosen row is spelled out below, every output with its name and its axes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.shape_text import long_shape, short_shape
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Shape
from lstm_tui.recurrent.shape_options import LayerOptions, NamedShape, ShapeExploration, ShapeOption

#: From this width on the settings are written out, and who refuses says so.
_SPELLED_FROM = 96
#: A row wider than this would part what belongs together.
_WIDEST = 116
_SETTINGS = {True: "yes", False: "no"}


def shape_table(
    exploration: ShapeExploration,
    chosen: int,
    wanted: Shape | None,
    *,
    width: int,
    height: int,
    palette: Palette,
) -> list[Line]:
    """At most `height` lines: the rows around the chosen one, and the chosen one spelled out."""
    rows = exploration.rows
    if not rows:
        return [fitted([styled("This model has no recurrent layer.", palette.faint)], width, palette.text)]
    layer, index = rows[chosen]
    told = [
        *_spelled(layer, layer.options[index], width, palette),
        *_wish(exploration, wanted, width, palette),
    ]
    told = told[: max(height - 3, 0)]
    if height > len(told) + len(rows) + len(exploration.layers) + 1:
        told = [fitted((), width, palette.text), *told]
    table, here = _table(exploration, chosen, wanted, width, palette)
    room = max(height - len(told), 1)
    start = min(max(here - room + 1, 0) if here >= room else 0, max(len(table) - room, 0))
    return [*table[start : start + room], *told]


def _table(
    exploration: ShapeExploration, chosen: int, wanted: Shape | None, width: int, palette: Palette
) -> tuple[list[Line], int]:
    """All rows under a head for each layer, and the index of the chosen one."""
    lines = [_columns(width, palette)]
    here = number = 0
    for layer in exploration.layers:
        lines.append(_head(layer, width, palette))
        for index, option in enumerate(layer.options):
            if number == chosen:
                here = len(lines)
            lines.append(_row(layer, index, option, number == chosen, wanted, width, palette))
            number += 1
    return lines, here


def _head(layer: LayerOptions, width: int, palette: Palette) -> Line:
    pieces = [
        styled(f"{one_line(layer.path)}  ", palette.strong),
        styled(one_line(layer.kind), palette.faint),
    ]
    return fitted(pieces, width, palette.text)


def _columns(width: int, palette: Palette) -> Line:
    """What stands in a row; the settings by their last words, unless each row writes them out."""
    settings = " " * 46 if width >= _SPELLED_FROM else "seq state  "
    left = [styled(f"   {settings}the layer gives", palette.faint)]
    return _two_ends(left, [styled("the model gives", palette.faint)], width, palette)


def _row(
    layer: LayerOptions,
    index: int,
    option: ShapeOption,
    chosen: bool,
    wanted: Shape | None,
    width: int,
    palette: Palette,
) -> Line:
    """`▸ no  yes  (1, 64) h c (1, 64)  →  (1, 1) ✓`; the present settings are marked with a dot."""
    glyphs = palette.glyphs
    mark = glyphs.selected if chosen else " "
    present = glyphs.dot if index == layer.present else " "
    style = palette.cursor if chosen else palette.text
    settings = _settings(option, width)
    gives = _short(option.outputs) or "-"
    left = [
        styled(f"{mark}{present} {settings}  ", style),
        styled(gives, palette.text if option.outputs else palette.faint),
    ]
    return _two_ends(left, _outcome(option, wanted, width, palette), width, palette)


def _settings(option: ShapeOption, width: int) -> str:
    if width >= _SPELLED_FROM:
        return f"return_sequences={option.return_sequences!s:<5} return_state={option.return_state!s:<5}"
    return f"{_SETTINGS[option.return_sequences]:<3} {_SETTINGS[option.return_state]:<5}"


def _short(outputs: Sequence[NamedShape]) -> str:
    """`(1, 60, 8)  h c (1, 4)`: equal shapes of states once."""
    pieces = []
    for shape, each in groupby(outputs, key=lambda one: (one.shape, one.name.endswith("output"))):
        names = [one.name for one in each if one.name != "output"]
        pieces.append(" ".join([*(_initials(name) for name in names), short_shape(shape[0])]))
    return "  ".join(pieces)


def _initials(name: str) -> str:
    """`fw h` for `forward h`: in a row there is no room for the words."""
    return name.replace("forward", "fw").replace("backward", "bw").replace(" output", "").replace("cell_", "")


def _outcome(option: ShapeOption, wanted: Shape | None, width: int, palette: Palette) -> list[Segment]:
    """What comes out of the model, or who refuses."""
    if not option.model_outputs:
        who = one_line(option.refused_by, 24 if width >= _SPELLED_FROM else 14)
        said = f"{who} refuses" if who and width >= _SPELLED_FROM else who or "refused"
        return [styled(f"{palette.glyphs.nan} {said}", palette.warning)]
    first = short_shape(option.model_outputs[0][1])
    more = f" +{len(option.model_outputs) - 1}" if len(option.model_outputs) > 1 else ""
    fit = option.gives(wanted)
    mark, style = {
        "only": (" " + _tick(palette), palette.strong),
        "first": (" first", palette.text),
        "no": ("", palette.text),
    }[fit]
    return [styled(f"{palette.glyphs.arrow} ", palette.faint), styled(f"{first}{more}{mark}", style)]


def _tick(palette: Palette) -> str:
    return "✓" if palette.capabilities.unicode else "ok"


def _spelled(layer: LayerOptions, option: ShapeOption, width: int, palette: Palette) -> list[Line]:
    """The chosen row: what the layer gives, axis by axis, and what becomes of it."""
    lines = [
        fitted([styled(part, palette.cursor)], width, palette.text)
        for part in _wrapped(_in_words(layer, option), width)[:2]
    ]
    for each in option.outputs:
        shape = long_shape(each.shape, each.axes)
        lines.append(
            fitted(
                [styled(f"  {each.name} ", palette.faint), styled(shape, palette.text)], width, palette.text
            )
        )
    if not option.outputs:
        lines.append(
            fitted([styled("  nothing: it refuses these settings", palette.warning)], width, palette.text)
        )
    return [*lines, *_model_says(option, width, palette)]


def _model_says(option: ShapeOption, width: int, palette: Palette) -> list[Line]:
    if option.model_outputs:
        outputs = ", ".join(
            f"{one_line(name, 24)} {short_shape(shape)}" for name, shape in option.model_outputs
        )
        return [
            fitted([styled("the model: ", palette.faint), styled(outputs, palette.text)], width, palette.text)
        ]
    who = f"{one_line(option.refused_by, 40)}: " if option.refused_by else ""
    return [
        fitted([styled(part, palette.warning)], width, palette.text)
        for part in _wrapped(f"{who}{option.refused}", width)[:3]
    ]


def _wish(exploration: ShapeExploration, wanted: Shape | None, width: int, palette: Palette) -> list[Line]:
    """Which rows give what is wanted; how to say what is wanted where that is not known."""
    if wanted is None:
        return [fitted([styled("= tells which shape is wanted", palette.faint)], width, palette.text)]
    found = exploration.fitting(wanted)
    words = f"wanted {short_shape(wanted)}: "
    if not found:
        return [fitted([styled(f"{words}none of these gives it", palette.warning)], width, palette.text)]
    layer, index = found[0]
    parts = _wrapped(f"{words}{_in_words(layer, layer.options[index])}", width)[:2]
    return [fitted([styled(part, palette.strong)], width, palette.text) for part in parts]


def _in_words(layer: LayerOptions, option: ShapeOption) -> str:
    return (
        f"{one_line(layer.path, 40)} return_sequences={option.return_sequences} "
        f"return_state={option.return_state}"
    )


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(one_line(text, 400), max(width, 8))


def _two_ends(left: list[Segment], right: list[Segment], width: int, palette: Palette) -> Line:
    """`right` at the right end; the left is cut where both do not fit."""
    size = sum(cell_len(text) for text, *_ in right)
    room = max(min(width, _WIDEST) - size - 1, 0)
    kept = fitted(left, room, palette.text)
    return fitted([*kept, styled(" ", palette.text), *right], width, palette.text)
