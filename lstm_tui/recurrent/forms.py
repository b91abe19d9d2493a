"""The forms in which a model with the same weights can stand, and how it was shown that they are equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.errors import UsageError
from lstm_tui.plain_text import one_line


@dataclass(frozen=True)
class Form:
    """What is to be different: states not kept between calls, another batch size, another window length.

    None leaves it as it is. A stateless model without a batch size takes any.
    """

    stateless: bool = False
    batch_size: int | None = None
    timesteps: int | None = None

    @property
    def same(self) -> bool:
        """Whether nothing but the file's form is to change."""
        return self == Form()


@dataclass(frozen=True)
class Comparison:
    """The outputs of two models on one input.

    on: the input in words. largest: the largest difference, absolute. relative: the same against the largest
    output.
    """

    on: str
    largest: float
    relative: float

    def describe(self) -> str:
        """`3 random sequences (3, 24, 2): equal to the bit`."""
        if self.largest == 0:
            return f"{self.on}: equal to the bit"
        return f"{self.on}: equal within {self.largest:.2g} (rounding)"


@dataclass(frozen=True)
class Rebuilt:
    """What was written: `changes` one by one, `compared` is the proof, `remarks` are to be known of it."""

    changes: tuple[str, ...]
    compared: tuple[Comparison, ...]
    remarks: tuple[str, ...] = ()


def told(model: Path, out: Path, rebuilt: Rebuilt) -> Iterator[str]:
    """What was changed and how it was shown to be the same, line by line."""
    yield f"{one_line(model.name)} → {one_line(out)}"
    yield from (f"  changed: {one_line(change, 300)}" for change in rebuilt.changes)
    if not rebuilt.changes:
        yield "  changed: nothing but the file's form"
    yield from (f"  same prediction: {comparison.describe()}" for comparison in rebuilt.compared)
    yield from (f"  {remark}" for remark in rebuilt.remarks)


def refuse_as_target(model: Path, out: Path) -> None:
    """Raises: UsageError where the model in another form cannot be written to `out`."""
    if out.suffix != ".keras":
        raise UsageError(f"{one_line(out)} is not the name of a .keras file", todo="end it in .keras")
    if out.exists() and model.exists() and out.samefile(model):
        raise UsageError(
            f"{one_line(out)} is the model itself, which is never changed", todo="name another file"
        )
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {one_line(out.parent)}", todo="make it, or name another")
