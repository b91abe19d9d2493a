"""Numbers in exactly so many cells, so that columns never shift while their values change.

As many digits as fit, the decimal point in one place for numbers of like size, scientific where that would
say nothing. An exact zero is a bare `0`, so that a unit that is off differs from one that is merely small.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

#: Below this size fewer than three digits would count in the cells that a table has to give.
SMALL = 1e-3
#: What float32 holds.
DIGITS = 7


def number(value: float, width: int, *, signed: bool = False) -> str:
    """`value` right-aligned in `width` cells: `-0.8312`, `1.2e-5`, `NaN`, `-inf`; with `+` where `signed`.

    Where no form fits, `#` fills the cells, as in a spreadsheet: cut digits would be a wrong number.
    """
    plus = "+" if signed else ""
    if not math.isfinite(value):
        texts = iter((_not_finite(value, plus),))
    elif value == 0:
        texts = iter("0")
    else:
        texts = _forms(abs(value), "-" if value < 0 else plus, width)
    return next((text.rjust(width) for text in texts if len(text) <= width), "#" * width)


def short_number(value: float, digits: int = 3, *, signed: bool = False) -> str:
    """`value` in as few cells as `digits` significant digits take: `0.93`, `-2`, `1.2e-5`."""
    if not math.isfinite(value):
        return _not_finite(value, "+" if signed else "")
    mantissa, exponential, power = f"{value:.{digits}g}".partition("e")
    text = f"{mantissa}e{int(power)}" if exponential else mantissa
    return f"+{text}" if signed and value > 0 else text


def percent(share: float) -> str:
    """A share in four cells: ` 41%`, ` <1%` and `>99%` if not quite none or all, `  --` if undefined."""
    if not math.isfinite(share):
        return "  --"
    if 0 < share < 0.01:
        return " <1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{share * 100:3.0f}%"


def _forms(size: float, sign: str, width: int) -> Iterator[str]:
    """The ways to write it, the best first."""
    # One cell is kept for a sign in any case: the point must not move as the sign changes.
    fixed = f"{sign}{size:.{max(min(width - 2, DIGITS) - len(f'{size:.0f}'), 0)}f}"
    if size >= SMALL and fixed.strip("+-0."):
        yield fixed
    for room in (width + bool(sign) - 1, width):
        for places in (3, 2, 1, 0):
            scientific = _scientific(size, sign, places)
            if len(scientific) <= room:
                yield scientific
    yield fixed


def _scientific(size: float, sign: str, places: int) -> str:
    mantissa, _, power = f"{size:.{places}e}".partition("e")
    return f"{sign}{mantissa}e{int(power)}"


def _not_finite(value: float, plus: str) -> str:
    return "NaN" if math.isnan(value) else f"{plus}inf" if value > 0 else "-inf"
