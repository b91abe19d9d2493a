"""The samples of a batch as rows of numbers, each with the reason why it stands where it stands.

What there is no room for is left out from the right of the numbers; sample and reason stay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.numbers import number, short_number
from lstm_tui.charts.palette import Palette
from lstm_tui.recurrent.samples import Place, Standing

#: Cells of a number, of the sample, and what a reason needs at least.
NUMBER_WIDTH, SAMPLE_WIDTH, NARROWEST_REASON = 9, 6, 14
#: Head of each column, and what its numbers mean.
COLUMNS = {
    "error": "root mean square of prediction minus target",
    "|state|": "the largest state of all layers and steps",
    "predicted": "the output, its last step and first value",
    "apart": "how far it lies from the batch's median",
}


@dataclass(frozen=True, eq=False)
class SampleTable:
    """The head, a line for each sample, and what the columns mean."""

    head: Line
    rows: list[Line]
    meaning: tuple[str, ...]


def sample_table(standings: Sequence[Standing], *, width: int, palette: Palette) -> SampleTable:
    """Lines of exactly `width` cells, in the order of the standings."""
    names = [name for name in COLUMNS if name != "error" or any(each.error is not None for each in standings)]
    room = max(width - SAMPLE_WIDTH - NARROWEST_REASON - 2, 0)
    names = names[: room // (NUMBER_WIDTH + 1)]
    heads = [
        f"{'sample':>{SAMPLE_WIDTH}}",
        *(f" {name:>{NUMBER_WIDTH}}" for name in names),
        "  stands out by",
    ]
    return SampleTable(
        fitted([styled("".join(heads), palette.faint)], width, palette.text),
        [_row(each, names, width, palette) for each in standings],
        tuple(f"{name}: {COLUMNS[name]}" for name in names),
    )


def _row(standing: Standing, names: Sequence[str], width: int, palette: Palette) -> Line:
    values = {
        "error": math.nan if standing.error is None else standing.error,
        "|state|": standing.state,
        "predicted": standing.prediction,
        "apart": standing.apart,
    }
    numbers = "".join(f" {number(values[name], NUMBER_WIDTH)}" for name in names)
    wrong = standing.why == "not a number"
    pieces = [
        styled(f"{standing.sample:>{SAMPLE_WIDTH}}", palette.strong),
        styled(numbers, palette.text),
        Segment(f"  {reason(standing, palette)}", palette.warning if wrong else palette.text),
    ]
    return fitted(pieces, width, palette.text)


def reason(standing: Standing, palette: Palette) -> str:
    """`NaN or inf lstm_1 t 12`, `error`, `state ×9 median lstm_1 t 3`; empty where it is like the others."""
    times = "×" if palette.capabilities.unicode else "x"
    match standing.why:
        case "not a number":
            return f"NaN or inf{_where(standing.broken, palette)}" if standing.broken else "output NaN or inf"
        case "error":
            return "error"
        case "state":
            return f"state {_medians(standing.state_medians, times)}{_where(standing.state_at, palette)}"
        case "prediction":
            return f"prediction {_medians(standing.apart_medians, times)}"
    return ""


def _medians(value: float, times: str) -> str:
    return f"{times}{short_number(value, 2)} median" if math.isfinite(value) else "unlike all others"


def _where(place: Place | None, palette: Palette) -> str:
    return f" {palette.word(place.layer)} t {place.step}" if place is not None else ""
