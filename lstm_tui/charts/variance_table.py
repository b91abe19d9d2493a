"""The variance test as a table: how far identical calls lie apart, without a reset and with one before each.

What it comes from stands first; then each output, the layers in the order in which they are computed, so that
the first one that differs can be seen, and the value that differs most call by call.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from rich.style import Style

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.numbers import number, short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.checks.states.variance import LayerSpread, Spread, VarianceTest, widest
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.divergence import NOISE
from lstm_tui.recurrent.recording import Array

_LABEL, _NUMBER = 20, 11
_VERDICTS = {
    "equal": "equal to the bit",
    "noise": "float noise: sums in another order, not another state",
    "state": "carried state: each call starts from what the one before it left",
    "random": "chance in every call: a reset of the states changes nothing",
    "both": "carried state and chance: a reset takes away a part of it",
    "failed": "the call fails",
}


def variance_table(test: VarianceTest, *, width: int, height: int, palette: Palette) -> list[Line]:
    """At most `height` lines; layers that were not compared leave their part out."""
    lines = _verdict(test, width, palette)
    if test.plain:
        lines += [_head(width, palette), *_outputs(test, width, palette)]
        lines += _layers(test, width, palette)
        lines += _calls(test, width, palette)
    return lines[:height]


def _verdict(test: VarianceTest, width: int, palette: Palette) -> list[Line]:
    good = test.verdict in ("equal", "noise")
    style = palette.strong if good else palette.warning
    told = f"{test.calls} identical calls: {_VERDICTS[test.verdict]}"
    return [
        fitted([styled(part, style)], width, palette.text) for part in textwrap.wrap(told, max(width, 20))
    ]


def _head(width: int, palette: Palette) -> Line:
    return _row("", "no reset", "with reset", palette.faint, palette.faint, width, palette)


def _outputs(test: VarianceTest, width: int, palette: Palette) -> Iterator[Line]:
    for name, plain in test.plain.items():
        reset = test.reset.get(name, Spread())
        yield _row(one_line(name), "", "", palette.strong, palette.text, width, palette)
        for label, one, other in (
            ("largest difference", plain.largest, reset.largest),
            ("relative to size", plain.relative, reset.relative),
            ("variance", plain.variance, reset.variance),
        ):
            yield _numbers(label, one, other, width, palette)
    noise = f"up to {NOISE:g} relative is float noise"
    yield fitted([styled(f"  {noise}", palette.faint)], width, palette.text)


def _calls(test: VarianceTest, width: int, palette: Palette) -> Iterator[Line]:
    """The value that differs most, call by call."""
    if not widest(test.plain.values()).largest:
        return
    name = max(test.plain, key=lambda each: test.plain[each].relative)
    at = test.plain[name].at
    if name not in test.values or not at:
        return
    place = ", ".join(map(str, at))
    yield _row("call", f"[{place}]", f"[{place}]", palette.strong, palette.faint, width, palette)
    one, other = (_at(values[name], at) for values in (test.values, test.values_reset) if name in values)
    for count, (plain, reset) in enumerate(zip_longest(one, other, fillvalue=float("nan")), 1):
        yield _numbers(str(count), plain, reset, width, palette)


def _at(stack: Array, at: tuple[int, ...]) -> list[float]:
    return [float(one_call[at]) for one_call in stack]


def _layers(test: VarianceTest, width: int, palette: Palette) -> Iterator[Line]:
    if not test.layers:
        return
    yield _row("layer", "last - 1st", "with reset", palette.strong, palette.faint, width, palette)
    after = {layer.path: layer for layer in test.layers_reset}
    for layer in test.layers:
        first = layer is test.first
        label = f"{one_line(layer.path)} {layer.series}" if layer.series != "output" else one_line(layer.path)
        reset = after.get(layer.path, LayerSpread(layer.path, layer.series, Spread()))
        step = f"  t {layer.step}" if layer.step is not None and layer.spread.matters else ""
        yield _numbers(label, layer.spread.largest, reset.spread.largest, width, palette, first, step)


def _numbers(
    label: str,
    one: float,
    other: float,
    width: int,
    palette: Palette,
    marked: bool = False,
    told: str = "",
) -> Line:
    style = palette.cursor if marked else palette.text
    return _row(f"  {label}", _fits(one), _fits(other), style, style, width, palette, told)


def _fits(value: float) -> str:
    return short_number(value, 5) if len(short_number(value, 5)) <= _NUMBER else number(value, _NUMBER)


def _row(
    label: str, one: str, other: str, left: Style, right: Style, width: int, palette: Palette, told: str = ""
) -> Line:
    room = max(min(width - 2 * _NUMBER - 1, _LABEL + max(width - 60, 0)), 8)
    cut = label if len(label) <= room else label[: room - 1] + "…"
    columns = f"{one:>{_NUMBER}} {other:>{_NUMBER}}"
    pieces = [styled(f"{cut:<{room}}", left), styled(columns, right), styled(told, palette.faint)]
    return fitted(pieces, width, palette.text)
