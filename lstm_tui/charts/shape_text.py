"""Shapes in words: which axis is which, and where what came differs from what was declared."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.segment import Segment

from lstm_tui.charts.lines import Line, fitted, merged, styled
from lstm_tui.charts.palette import Palette
from lstm_tui.recurrent.recording import Shape


def axis_names(rank: int, last: str = "units") -> tuple[str, ...]:
    """`(batch, timesteps, units)` for rank 3; `last` may be `features`. Axes between have no name."""
    if rank <= 2:
        return ("batch", last)[:rank]
    return ("batch", "timesteps", *("",) * (rank - 3), last)


def short_shape(shape: Sequence[int | None]) -> str:
    """`(1, 60, 128)`; `None` where an axis is free, `(128,)` as Python writes it."""
    inside = ", ".join(str(size) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def long_shape(shape: Sequence[int | None], names: Sequence[str] | None = None) -> str:
    """`(batch 1, timesteps 60, units 128)`; a free axis is `any`."""
    names = axis_names(len(shape)) if names is None else names
    parts = (_named(name, size) for size, name in zip_longest(shape, names[: len(shape)], fillvalue=""))
    return f"({', '.join(parts)})"


def shape_text(
    shape: Sequence[int | None], palette: Palette, *, long: bool = False, names: Sequence[str] | None = None
) -> Line:
    """A shape in its own width: names faint, sizes plain."""
    if not long:
        return [styled(short_shape(shape), palette.text)]
    names = axis_names(len(shape)) if names is None else names
    segments = [styled("(", palette.text)]
    for place, (size, name) in enumerate(zip_longest(shape, names[: len(shape)], fillvalue="")):
        segments.append(styled(", " if place else "", palette.text))
        segments.append(styled(f"{palette.word(name)} " if name else "", palette.faint))
        segments.append(styled(_size(size), palette.text))
    return merged([*segments, styled(")", palette.text)])


def shape_comparison(declared: Shape, actual: Sequence[int], width: int, palette: Palette) -> Line:
    """`(None, None, 128) → (1, 60, 128)`: what was declared, what came; an axis that cannot fit stands out.

    Where there is no room for both, what came is kept.
    """
    came = _highlighted(declared, actual, palette)
    arrow = f"{short_shape(declared)} {palette.glyphs.arrow} "
    room = width - sum(segment.cell_length for segment in came)
    return fitted([styled(arrow if len(arrow) <= room else "", palette.faint), *came], width, palette.text)


def fits(declared: Shape, actual: Sequence[int]) -> bool:
    """Whether a shape is one that was declared: same rank, same size on every axis that is not free."""
    return len(declared) == len(actual) and all(
        wanted is None or wanted == size for wanted, size in zip(declared, actual, strict=True)
    )


def _highlighted(declared: Shape, actual: Sequence[int], palette: Palette) -> list[Segment]:
    if len(declared) != len(actual):
        return [styled(short_shape(actual), palette.warning)]
    segments = [styled("(", palette.text)]
    for place, (wanted, size) in enumerate(zip(declared, actual, strict=True)):
        segments.append(styled(", " if place else "", palette.text))
        wrong = wanted is not None and wanted != size
        segments.append(styled(str(size), palette.warning if wrong else palette.text))
    return [*segments, styled(",)" if len(actual) == 1 else ")", palette.text)]


def _named(name: str, size: int | str | None) -> str:
    return f"{name} {_size(size)}" if name else _size(size)


def _size(size: int | str | None) -> str:
    return "any" if size is None else str(size)
