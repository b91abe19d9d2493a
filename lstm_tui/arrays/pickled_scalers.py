"""scikit-learn's scalers out of `.pkl` and `.joblib` files, without pickle, joblib or scikit-learn.

Built here and nothing else: the four scalers as a bare mapping of their attributes, NumPy arrays and
scalars from dtype and bytes, joblib's arrays whose bytes follow in the file. Any other name is refused by
name.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from lstm_tui.arrays.pickle_stream import Name, PickleContentError, PickleReader
from lstm_tui.arrays.rescale import Numbers, Rescale
from lstm_tui.arrays.sizes import declared_bytes

_SCALERS = ("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler")
_SCALER_MODULES = ("sklearn.preprocessing._data", "sklearn.preprocessing.data")  # before and since 0.22
_NDARRAY, _DTYPE = Name("numpy", "ndarray"), Name("numpy", "dtype")
_JOBLIB_ARRAY = Name("joblib.numpy_pickle", "NumpyArrayWrapper")
_ENCODE = Name("_codecs", "encode")
#: NumPy 2 and 1.
_ARRAY_MODULES = ("numpy._core", "numpy.core")
_RECONSTRUCT = frozenset(Name(f"{module}.multiarray", "_reconstruct") for module in _ARRAY_MODULES)
_SCALAR = frozenset(Name(f"{module}.multiarray", "scalar") for module in _ARRAY_MODULES)
_FROM_BUFFER = frozenset(Name(f"{module}.numeric", "_frombuffer") for module in _ARRAY_MODULES)
#: Protocols 0 and 1 make every object through this one, by Python 2's names.
_COPYREG = frozenset({Name("copy_reg", "_reconstructor"), Name("copyreg", "_reconstructor")})
_OBJECT = frozenset({Name("__builtin__", "object"), Name("builtins", "object")})
_SCALER_NAMES = frozenset(Name(module, name) for module in _SCALER_MODULES for name in _SCALERS)
_ALLOWED = (
    frozenset({_NDARRAY, _DTYPE, _JOBLIB_ARRAY, _ENCODE})
    | _RECONSTRUCT
    | _SCALAR
    | _FROM_BUFFER
    | _COPYREG
    | _OBJECT
    | _SCALER_NAMES
)
_DTYPES = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})


@dataclass(eq=False)
class _Scaler:
    kind: str
    attributes: dict[str, object] = field(default_factory=dict)


@dataclass(eq=False)
class _DType:
    """A dtype as pickled: `f8` and, once its state is known, `<`. `O` codes stand for arrays of objects."""

    code: str
    order: str = "="

    @property
    def holds_objects(self) -> bool:
        return self.code.startswith("O")

    def numpy(self) -> np.dtype[np.generic]:
        if self.code not in _DTYPES or self.order not in "<>=|":
            raise PickleContentError(f"it holds an array of dtype {self.code}")
        return np.dtype(self.order + self.code)


@dataclass(eq=False)
class _Array:
    """An array whose state may be yet to come; `values` stays None where it holds objects."""

    values: Numbers | None = None


@dataclass(eq=False)
class _JoblibArray(_Array):
    """joblib's stand-in for an array: its bytes follow in the file."""


class ScalerBuilder:
    """Makes of a scaler's pickle what a `Rescale` needs."""

    def allows(self, name: Name) -> bool:
        """Whether `name` is one of those that occur in the four scalers' files."""
        return name in _ALLOWED

    def make(self, name: Name, arguments: tuple[object, ...]) -> object:
        """A stub, an array or bytes for a call of `name`."""
        match arguments:
            case () if name in _SCALER_NAMES:
                return _Scaler(name.name)
            case (Name() as kind, Name() as base, None) if (
                name in _COPYREG and kind in _SCALER_NAMES and base in _OBJECT
            ):
                return _Scaler(kind.name)
            case (str() as code, *_) if name == _DTYPE:
                return _DType(code)
            case (Name() as kind, _, _) if name in _RECONSTRUCT and kind == _NDARRAY:
                return _Array()
            case () if name == _JOBLIB_ARRAY:
                return _JoblibArray()
            case (_DType() as dtype, bytes() as content) if name in _SCALAR:
                return _Array(_from_bytes(content, dtype, (), fortran=False))
            case (bytes() | bytearray() as content, _DType() as dtype, tuple() as shape, order) if (
                name in _FROM_BUFFER
            ):
                return _Array(_from_bytes(content, dtype, shape, fortran=order == "F"))
            # Protocols 0 to 2 write bytes as text.
            case (str() as text, "latin1") if name == _ENCODE:
                return text.encode("latin1")
        raise PickleContentError(f"it calls {name} in a way that no scaler needs")

    def set_state(self, value: object, state: object, reader: PickleReader) -> None:
        """Give a stub its state; reads a joblib array's bytes."""
        match value, state:
            case _Scaler(), dict():
                value.attributes.update(state)
            case _DType(), (int(), str() as order, *_):
                value.order = order
            case _JoblibArray(), {
                "dtype": _DType() as dtype,
                "shape": tuple() as shape,
                "order": order,
                **rest,
            }:
                if dtype.holds_objects:
                    reader.read()  # a pickle of its own, read to its end and left
                else:
                    _skip_padding(reader.stream, rest.get("numpy_array_alignment_bytes"))
                    count = _count_bytes(shape, dtype.numpy())
                    value.values = _from_bytes(reader.stream.read(count), dtype, shape, fortran=order == "F")
            case _Array(), (int(), tuple() as shape, _DType() as dtype, bool() as fortran, content):
                if isinstance(content, bytes | bytearray):
                    value.values = _from_bytes(content, dtype, shape, fortran=fortran)
                elif not dtype.holds_objects:
                    raise PickleContentError("it holds an array without its bytes")
            case _:
                raise PickleContentError(
                    f"it gives a state to {type(value).__name__.strip('_')} that no scaler has"
                )


def rescale_from_pickle(content: bytes, origin: str = "") -> Rescale:
    """The rescale of a pickled scaler; `PickleContentError` says why there is none."""
    value = PickleReader(io.BytesIO(content), ScalerBuilder()).read()
    if not isinstance(value, _Scaler):
        found = (
            f"a {type(value).__name__}" if isinstance(value, dict | list | tuple | str) else "something else"
        )
        raise PickleContentError(f"it holds {found}, not a scaler")
    return _RESCALES[value.kind](_Attributes(value), origin)


def _from_bytes(
    content: bytes | bytearray, dtype: _DType, shape: tuple[object, ...], *, fortran: bool
) -> Numbers | None:
    if dtype.holds_objects:
        return None
    numpy_dtype = dtype.numpy()
    if _count_bytes(shape, numpy_dtype) != len(content):
        raise PickleContentError("it holds an array whose shape and bytes do not agree")
    flat = np.frombuffer(content, dtype=numpy_dtype).astype(np.float64)
    sizes = tuple(int(size) for size in shape if isinstance(size, int))
    return flat.reshape(sizes[::-1]).T if fortran else flat.reshape(sizes)


def _count_bytes(shape: tuple[object, ...], dtype: np.dtype[np.generic]) -> int:
    sizes = [size for size in shape if type(size) is int and 0 <= size < 2**40]
    if len(sizes) != len(shape) or len(sizes) > 2:
        raise PickleContentError("it holds an array of an unusual shape")
    return declared_bytes(sizes, dtype.itemsize)


def _skip_padding(stream: BinaryIO, alignment: object) -> None:
    """joblib from 1.2 on aligns arrays: one byte with the length of the padding, and the padding."""
    if alignment is not None:
        stream.read(int.from_bytes(stream.read(1), "little"))


class _Attributes:
    """Reads a scaler's attributes by name and type."""

    def __init__(self, scaler: _Scaler) -> None:
        self._kind, self._values = scaler.kind, scaler.attributes

    def numbers(self, name: str, used: str = "") -> Numbers | None:
        """The array `name`; None where the switch `used` is off."""
        if used and self._values.get(used) is False:
            return None
        value = self._values.get(name)
        if not isinstance(value, _Array) or value.values is None:
            raise PickleContentError(f"its {self._kind} has no numbers in {name}; it was not fitted")
        return value.values

    def limits(self) -> tuple[float, float] | None:
        """The range that results are clipped to, where they are."""
        if self._values.get("clip") is not True:
            return None
        match self._values.get("feature_range", (-1, 1)):
            case (int() | float() as low, int() | float() as high):
                return float(low), float(high)
        raise PickleContentError(f"its {self._kind} clips to no range")


def _standard(attributes: _Attributes, origin: str) -> Rescale:
    mean, scale = attributes.numbers("mean_", "with_mean"), attributes.numbers("scale_", "with_std")
    return Rescale("standard", *_filled(mean, scale), origin=origin)


def _minmax(attributes: _Attributes, origin: str) -> Rescale:
    """scikit-learn computes `x * scale_ + min_`; people edit these two by hand, so they are what counts."""
    scale, offset = attributes.numbers("scale_"), attributes.numbers("min_")
    if scale is None or offset is None or not np.all(scale > 0):
        raise PickleContentError("its MinMaxScaler has a scale of 0 or less")
    return Rescale("minmax", -offset / scale, 1.0 / scale, limits=attributes.limits(), origin=origin)


def _robust(attributes: _Attributes, origin: str) -> Rescale:
    center, scale = (
        attributes.numbers("center_", "with_centering"),
        attributes.numbers("scale_", "with_scaling"),
    )
    return Rescale("robust", *_filled(center, scale), origin=origin)


def _maxabs(attributes: _Attributes, origin: str) -> Rescale:
    center, scale = _filled(None, attributes.numbers("scale_"))
    return Rescale("maxabs", center, scale, limits=attributes.limits(), origin=origin)


def _filled(center: Numbers | None, scale: Numbers | None) -> tuple[Numbers, Numbers]:
    like = center if center is not None else scale
    size = () if like is None else like.shape
    return (np.zeros(size) if center is None else center), (np.ones(size) if scale is None else scale)


_RESCALES = {
    "StandardScaler": _standard,
    "MinMaxScaler": _minmax,
    "RobustScaler": _robust,
    "MaxAbsScaler": _maxabs,
}
