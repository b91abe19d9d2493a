"""Arrays taken from a running program: copied, so that nobody changes them later, and only arrays of numbers.

What cannot be taken raises TypeError or ValueError; the recorder counts it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lstm_tui.recurrent.live_layers import flat

if TYPE_CHECKING:
    from lstm_tui.recurrent.recording import Array

#: Features that are not to be kept: indices of the last axis, for every input or by an input's name.
Redaction = Iterable[int] | Mapping[str, Iterable[int]]


@dataclass(frozen=True, eq=False)
class Taken:
    """Arrays in the form in which they were given: one `bare`, a `list` in order, or by name (`named`).

    arrays: by name; `` for a bare one, `0`, `1`, … for a list.
    """

    form: Literal["bare", "list", "named"]
    arrays: Mapping[str, Array]

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return sum(array.nbytes for array in self.arrays.values())

    @property
    def value(self) -> Any:
        """The arrays as they were given: an array, a list of arrays, or a dictionary."""
        if self.form == "named":
            return dict(self.arrays)
        return next(iter(self.arrays.values())) if self.form == "bare" else list(self.arrays.values())


def taken(value: Any, redact: Redaction = ()) -> Taken:
    """A copy of `value`, an array or list or dictionary of arrays, without the features to `redact`."""
    if isinstance(value, Mapping):
        return Taken(
            "named", {str(name): copied(each, _of(redact, str(name))) for name, each in value.items()}
        )
    leaves = _parts(value)
    if leaves and leaves[0] is not value:
        names = [str(index) for index in range(len(leaves))]
        arrays = {name: copied(leaf, _of(redact, name)) for name, leaf in zip(names, leaves, strict=True)}
        return Taken("list", arrays)
    return Taken("bare", {"": copied(value, _of(redact, ""))})


def copied(value: Any, without: Iterable[int] = ()) -> Array:
    """A read-only copy as NumPy has it, zeros in the features `without` of the last axis.

    bfloat16, which files cannot hold, becomes float32: that loses nothing.
    """
    array = np.array(value.numpy() if hasattr(value, "numpy") else value)
    if array.dtype.kind == "V" and array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"an array of numbers is wanted, not of {array.dtype}")
    for feature in without:
        array[..., feature] = 0
    array.flags.writeable = False
    return array


def _of(redact: Redaction, name: str) -> Iterable[int]:
    if not isinstance(redact, Mapping):
        return redact
    return redact.get(name, ())


def checked(redact: Redaction | None) -> Redaction:
    """`redact` as it can be used again and again. Raises TypeError for anything but whole numbers."""
    if redact is None:
        return ()
    if isinstance(redact, Mapping):
        return {str(name): _indices(features) for name, features in redact.items()}
    return _indices(redact)


def _indices(features: Iterable[int]) -> tuple[int, ...]:
    found = tuple(features)
    if not all(isinstance(each, int | np.integer) for each in found):
        raise TypeError(f"redact takes indices of features, not {found}")
    return tuple(int(each) for each in found)


def digest(value: Any, settings: object, key: bytes) -> bytes:
    """What tells identical inputs: of the arrays as given, redacted features too, by a key nobody keeps."""
    named = value.items() if isinstance(value, Mapping) else enumerate(_parts(value))
    arrays = {str(name): np.asarray(each.numpy() if hasattr(each, "numpy") else each) for name, each in named}
    return _hashed(arrays, repr(settings), key)


def fingerprint(arrays: Mapping[str, Array]) -> bytes:
    """A digest of named arrays; empty for none."""
    return _hashed(arrays) if arrays else b""


def _hashed(arrays: Mapping[str, Array], settings: str = "", key: bytes = b"") -> bytes:
    hashed = hashlib.blake2b(settings.encode(), digest_size=16, key=key)
    for name, array in arrays.items():
        hashed.update(f"{name}{array.dtype}{array.shape}".encode())
        hashed.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return hashed.digest()


def _parts(value: Any) -> list[Any]:
    """The arrays of a list of arrays; anything else, nested lists of numbers too, is one array."""
    leaves = flat(value)
    several = isinstance(value, list | tuple) and leaves and all(hasattr(leaf, "shape") for leaf in leaves)
    return leaves if several else [value]
