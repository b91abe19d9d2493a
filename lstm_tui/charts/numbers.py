"""Numbers in exactly so many cells, so that columns never shift while their values change.

As many digits as fit, the decimal point in one place for numbers of like size, scientific where that would
say nothing. An exact zero is a bare `0`, so that a unit that is off differs from one that is merely small.
"""

from __future__ import annotations

import math


def number(value: float, width: int, *, signed: bool = False) -> str:
    """`value` right-aligned in `width` cells: `-0.8312`, `1.2e-05`, `NaN`, `-inf`; with `+` where `signed`.

    Where no form fits, `#` fills the cells, as in a spreadsheet: cut digits would be a wrong number.
    """
    for text in _forms(float(value), width, "+" if signed else ""):
        if len(text) <= width:
            return text.rjust(width)
    return "#" * max(width, 0)


def short_number(value: float, digits: int = 3, *, signed: bool = False) -> str:
    """`value` in as few cells as `digits` significant digits take: `0.93`, `-2`, `1.2e-05`."""
    if not math.isfinite(value):
        return _not_finite(value, "+" if signed else "")
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{value:.{digits}g}"


def percent(share: float) -> str:
    """A share of 1 in four cells: ` 41%`, `100%`, ` <1%` where not quite nothing, `  --` where undefined."""
    if not math.isfinite(share):
        return "  --"
    if 0 < share < 0.01:
        return " <1%"
    return f"{math.floor(share * 100 + 1e-9):3d}%"


def _forms(value: float, width: int, plus: str) -> list[str]:
    """The ways to write the value, the best first."""
    if not math.isfinite(value):
        return [_not_finite(value, plus), "NaN" if math.isnan(value) else "+" if value > 0 else "-"]
    if value == 0:
        return ["0"]
    sign = "-" if value < 0 else plus
    size = abs(value)
    scientific = _scientific(size, sign, width)
    fixed = _fixed(size, sign, width)
    # Below three digits that count, the scientific form says more.
    small = size < 1e-3
    return [*scientific, *fixed] if small or not fixed else [*fixed, *scientific]


def _fixed(size: float, sign: str, width: int) -> list[str]:
    """One cell is kept for a sign in any case: the point must not move as the sign changes."""
    whole = len(f"{size:.0f}")
    decimals = min(max(width - 2 - whole, 0), 6)
    texts = [f"{sign}{size:.{places}f}" for places in {decimals, max(decimals - 1, 0)}]
    fitting = sorted((text for text in texts if len(text) <= width), key=len, reverse=True)
    return [text for text in fitting if any(digit in "123456789" for digit in text)]


def _scientific(size: float, sign: str, width: int) -> list[str]:
    exponent = math.floor(math.log10(size))
    texts = []
    for digits in range(min(max(width - 6, 0), 6), -1, -1):
        mantissa, _, power = f"{size:.{digits}e}".partition("e")
        texts.append(f"{sign}{mantissa}e{int(power)}")
    return texts if exponent else texts[:1]


def _not_finite(value: float, plus: str) -> str:
    return "NaN" if math.isnan(value) else f"{plus}inf" if value > 0 else "-inf"
