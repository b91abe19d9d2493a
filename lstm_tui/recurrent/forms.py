"""The forms in which a model with the same weights can stand, and how it was shown that they are equal."""

from __future__ import annotations

from dataclasses import dataclass


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
