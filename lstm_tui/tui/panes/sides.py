"""Two runs side by side: their names, where they part and why, their maps under one ruler, the values.

Functions from a comparison, a size and colours to finished lines; they hold nothing. A step changes the ruler
and the values alone: the maps are pages that stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lstm_tui.charts.heat_map import PageLayout, heat_map_page, page_layout
from lstm_tui.charts.lines import Line
from lstm_tui.charts.numbers import short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.ruler import ruler
from lstm_tui.charts.scale import Scale, finite_range, scale_over
from lstm_tui.charts.side_table import ROWS, UnitValues, side_table
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.cells import series_title
from lstm_tui.recurrent.divergence import NOISE, Pair
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.side_words import cause_words, first_words, ground_words, more_words
from lstm_tui.session.sides import (
    Comparing,
    Place,
    furthest,
    furthest_units,
    mask_of,
    series_of,
    shown_place,
    sizes,
    tracks,
)
from lstm_tui.session.state import Session
from lstm_tui.tui.panes import Canvas, Pane
from lstm_tui.tui.panes.edges import hint_line
from lstm_tui.tui.panes.writing import Piece, heading, line, two_ends, wrapped

#: Rows of a map below which one alone is shown instead of three.
_LEAST_ROWS = 3


def sides_title_pane(session: Session, canvas: Canvas) -> list[Line]:
    """` A as opened · B after reset states …      looking for the cause`."""
    comparing, ink = session.comparing, canvas.ink
    if comparing is None:
        return []
    left: list[Piece] = []
    for letter, case in zip(("A", "B"), comparing.cases, strict=True):
        left += [(f" {letter} ", ink.here), (f"{one_line(case.name, 60)} ", ink.strong)]
    doing = f"{one_line(comparing.doing, 40)} … " if comparing.doing else ""
    return [two_ends(left, [(doing, ink.warn)], canvas.width, ink.plain)]


def verdict_pane(session: Session, canvas: Canvas) -> list[Line]:
    """Where the two part and why, in the words of `lstm-tui diff`; as much of them as there is room for."""
    comparing, ink = session.comparing, canvas.ink
    if comparing is None:
        return []
    if comparing.refusal and not comparing.pairs:
        return [line([("the two could not be compared", ink.bad)], canvas.width)]
    if not comparing.pairs and comparing.sides is None:
        return [line([("both are run; then they stand here", ink.dim)], canvas.width)]
    lines = wrapped(first_words(comparing.divergence), ink.strong, canvas.width, 2, indent=2)
    return [*lines, *_cause(comparing, canvas)][: canvas.height]


def _cause(comparing: Comparing, canvas: Canvas) -> Iterator[Line]:
    """The cause and what it is known by; where there is room, all that `lstm-tui diff` says."""
    ink, width, sides = canvas.ink, canvas.width, comparing.sides
    if comparing.refusal:
        yield from wrapped(f"cause: not found: {comparing.refusal}", ink.bad, width, 2)
    elif sides is None:
        waiting = "cause: being looked for; the steps can be walked meanwhile"
        yield line([(waiting if comparing.divergence else "", ink.dim)], width)
    if sides is None:
        return
    if comparing.divergence is not None:
        *facts, because = list(ground_words(sides))
        yield line([(cause_words(sides), ink.warn), (f"  {because}", ink.plain)], width)
        yield from (line([(f"  {fact}", ink.dim)], width) for fact in facts)
    yield from (line([(words, ink.dim)], width) for words in more_words(sides))


# --- maps ---------------------------------------------------------------------------------------------------


def maps_pane(session: Session, canvas: Canvas) -> list[Line]:
    """A, B and their difference under one ruler; one alone where there is no room, or by choice."""
    comparing = session.comparing
    if comparing is None or canvas.height < 3:
        return []
    if comparing.pair is None:
        return _instead_of_maps(comparing, canvas)
    place, pair = shown_place(comparing), comparing.pair
    shown = _maps_that_fit(place, canvas.height)
    layout = _layout(comparing, place, canvas, (canvas.height - 1) // len(shown) - 1)
    lines = []
    for name in shown:
        lines.append(_title(comparing, place, name, canvas))
        lines += _map(pair, place.series, place.sample, name, layout, canvas.palette, place.unit)
    mask = mask_of(pair, "other" if shown == ("B",) else "one", place.sample)
    lines.append(ruler(layout.axis, place.step, width=canvas.width, palette=canvas.palette, mask=mask))
    return lines


def _instead_of_maps(comparing: Comparing, canvas: Canvas) -> list[Line]:
    """Why there are none, in as many lines as it takes."""
    text = comparing.refusal
    if not text and comparing.sides is not None:
        text = "No layer of the two can be laid side by side.\n" + "\n".join(comparing.sides.notes)
    told = (wrapped(each, canvas.ink.plain, canvas.width, 4) for each in text.splitlines())
    return [each for lines in told for each in lines][: canvas.height]


def _maps_that_fit(place: Place, height: int) -> tuple[str, ...]:
    if place.maps != "all":
        return (place.maps,)
    return ROWS if (height - 1) // len(ROWS) - 1 >= _LEAST_ROWS else ROWS[-1:]


def _layout(comparing: Comparing, place: Place, canvas: Canvas, room: int) -> PageLayout:
    """One page for all maps, so that a step stands in one column. Half a row a unit where that helps."""
    _, steps, units = sizes(comparing)
    halves = room < units <= 2 * room and canvas.palette.capabilities.unicode
    rows = max(min(room, -(-units // (2 if halves else 1))), 1)
    unit = place.unit
    return page_layout(
        steps,
        units,
        width=canvas.width,
        height=rows,
        step=place.step,
        palette=canvas.palette,
        first_unit=0 if unit is None or units <= 2 * rows else unit // rows * rows,
        grouped=unit is None,
        halves=halves,
    )


@lru_cache(maxsize=12)
def _map(
    pair: Pair,
    series: str,
    sample: int,
    name: str,
    layout: PageLayout,
    palette: Palette,
    unit: int | None,
) -> list[Line]:
    """One map, drawn once for as long as the page stays."""
    scale = _scale(pair, series, sample, name)
    mask = None if name == "B-A" else mask_of(pair, "one" if name == "A" else "other", sample)
    values = _values(pair, series, sample, name)
    return heat_map_page(values, layout, scale=scale, palette=palette, mask=mask, selected=unit)


def _values(pair: Pair, series: str, sample: int, name: str) -> Array:
    found = tracks(pair, series, sample)
    return {"A": found.one, "B": found.other, "B-A": found.gap}[name]


@lru_cache(maxsize=24)
def _scale(pair: Pair, series: str, sample: int, name: str) -> Scale:
    """One for A and B, so that equal colours are equal values; the difference has its own about zero."""
    found = tracks(pair, series, sample)
    ends = [finite_range(values) for values in (found.one, found.other)]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if name != "B-A":
        return scale_over(series, low, high)
    noise = NOISE * max(-low, high)  # what is less than that is not to be bright
    below, above = finite_range(found.gap)
    return scale_over("", min(below, -noise), max(above, noise))


def _title(comparing: Comparing, place: Place, name: str, canvas: Canvas) -> Line:
    """`A  lstm_1  input gate i  (1, 60, 128)  0…1`; of the difference where it is largest."""
    pair, ink = comparing.pair, canvas.ink
    assert pair is not None
    station = pair.other if name == "B" else pair.one
    shape = ", ".join(map(str, station.series[place.series].shape))
    scale = _scale(pair, place.series, place.sample, name)
    ends = f"{short_number(scale.low)}…{short_number(scale.high)}"
    samples, _, _ = sizes(comparing)
    sample = f"sample {place.sample}  " if samples > 1 else ""
    asides = [f"{sample}({shape})  {ends}", f"{sample}{ends}", ends]
    if name == "B-A":
        largest = _largest(pair, place.series, samples)
        asides = [f"{sample}{ends}  {largest}", f"{ends}  {largest}", ends]
    title = f"{name}  {one_line(station.path, 60)}  {series_title(place.series)}"
    return heading(title, asides, canvas.width, ink.title, ink.dim)


def _largest(pair: Pair, series: str, samples: int) -> str:
    """`largest 0.0124 at t 31, unit 2`."""
    largest, sample, step, unit = furthest(pair, series)
    if not largest:
        return "equal to the bit"
    where = f", sample {sample}" if samples > 1 else ""
    return f"largest {short_number(largest)} at t {step}, unit {unit}{where}"


# --- values -------------------------------------------------------------------------------------------------


def values_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The chosen unit at this step in every series, or the units that are furthest apart."""
    comparing = session.comparing
    if comparing is None or comparing.pair is None:
        return []
    pair, place = comparing.pair, shown_place(comparing)
    count = max((canvas.height - 2) // len(ROWS), 1)
    names = series_of(pair)
    units = [(unit, _of_unit(pair, names, place, unit)) for unit in _units(comparing, place, count)]
    known = [name for name in names if all(name in values for _, values in units)]
    table = side_table(
        units, known, width=canvas.width, palette=canvas.palette, here=place.series, selected=place.unit
    )
    return [_step_line(comparing, place, canvas), *table]


def _units(comparing: Comparing, place: Place, count: int) -> list[int]:
    assert comparing.pair is not None
    _, _, units = sizes(comparing)
    if place.unit is None:
        return list(furthest_units(comparing.pair, place.series, place.sample)[:count])
    first = min(place.unit, max(units - count, 0))
    return list(range(first, min(first + count, units)))


def _of_unit(pair: Pair, names: tuple[str, ...], place: Place, unit: int) -> UnitValues:
    found = {name: tracks(pair, name, place.sample) for name in names}
    return {
        name: (float(each.one[step, unit]), float(each.other[step, unit]), float(each.gap[step, unit]))
        for name, each in found.items()
        if (step := min(place.step, len(each.one) - 1)) >= 0 and unit < each.one.shape[1]
    }


def _step_line(comparing: Comparing, place: Place, canvas: Canvas) -> Line:
    """`── t 17 of 60`, and what the layer is called in B where that is another name."""
    ink, pair = canvas.ink, comparing.pair
    assert pair is not None
    _, steps, _ = sizes(comparing)
    pieces: list[Piece] = [("── ", ink.dim), (f"t {place.step}", ink.here), (f" of {steps}", ink.dim)]
    pieces.append((f"  {_length_words(pair, place, steps)}", ink.dim))
    masked = [
        letter
        for letter, mask in (
            ("A", mask_of(pair, "one", place.sample)),
            ("B", mask_of(pair, "other", place.sample)),
        )
        if mask is not None and place.step < len(mask) and not mask[place.step]
    ]
    if masked:
        pieces.append((f"  masked in {' and '.join(masked)}", ink.warn))
    return line(pieces, canvas.width)


def _length_words(pair: Pair, place: Place, steps: int) -> str:
    """That one side goes on where the other has ended."""
    if not (pair.one.timed and pair.other.timed):
        return "no timesteps"
    lengths = [station.series[place.series].shape[1] for station in (pair.one, pair.other)]
    return (
        "" if lengths[0] == lengths[1] else f"A has {lengths[0]}, B {lengths[1]}: the {steps} that both have"
    )


def sides_hints_pane(session: Session, canvas: Canvas) -> list[Line]:
    """The keys that fit."""
    del session
    return [hint_line(canvas.actions, canvas)]


SIDES_PANES: dict[str, Pane] = {
    "title": sides_title_pane,
    "verdict": verdict_pane,
    "maps": maps_pane,
    "values": values_pane,
    "hints": sides_hints_pane,
}
