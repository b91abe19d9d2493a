"""What the scenario format is built of: names, counts, shapes, and where an array comes from.

Strict: an unknown key, a number in quotes or a fraction for a count is a mistake. A mapping of which exactly
one key may be given is one model with optional fields, so that editors list all the words.

Every file name passes through `file` of the validation context, where there is one: reading checks it there,
writing puts another in its place. No file is opened here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from lstm_tui.errors import EditError, QuestionError

#: 1 GiB of float32: more than that is no test input but a mistake.
MAX_RANDOM = 1 << 28
CODE = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SHA256 = r"^[0-9a-f]{64}$"


class Words(BaseModel):
    """What all parts of the format share."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, ser_json_inf_nan="strings")

    def given(self) -> tuple[str, ...]:
        """Names of the fields that were given, in the order of the format."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)

    def words(self, *without: str) -> dict[str, Any]:
        """What was given, as plain values under the keys of the file."""
        return self.model_dump(exclude_none=True, exclude_defaults=True, exclude=set(without), by_alias=True)


Part = TypeVar("Part", bound=Words)


def exactly_one(*names: str) -> Any:
    """A validator: of these keys exactly one is given."""

    def check(part: Part) -> Part:
        fields = type(part).model_fields
        given = [fields[name].alias or name for name in part.given() if name in names]
        if len(given) != 1:
            found = f"got {' and '.join(given)}" if given else "got none of them"
            raise mistake(
                f"takes exactly one of {', '.join(fields[name].alias or name for name in names)}; {found}"
            )
        return part

    return model_validator(mode="after")(check)


def mistake(what: str) -> PydanticCustomError:
    """What a validator raises: one phrase, said of the place where it stands."""
    return PydanticCustomError("scenario", "{what}", {"what": what})


@contextmanager
def as_mistake() -> Iterator[None]:
    """Within, an edit that makes no sense is a mistake of the file."""
    try:
        yield
    except EditError as error:
        happened = error.happened.rstrip(".")
        raise mistake("; expected ".join(part for part in (happened, error.expected) if part)) from None


def _named_file(name: str, info: ValidationInfo) -> str:
    """`name` as the validation context's `file` returns it; it raises `mistake` for one of no use."""
    named = (info.context or {}).get("file")
    return str(named(name)) if named is not None else name


def _readable(text: str) -> str:
    """`text` where it can be read as a question; the mistake says where not."""
    from lstm_tui.asking.reading import read  # for files that have one

    try:
        return read(text).text
    except QuestionError as error:
        expected = f"; expected {error.expected}" if error.expected else ""
        raise mistake(f"{error.happened} at character {error.at[0] + 1}{expected}") from None


def _rectangular(values: Any) -> Any:
    """Nested lists of numbers as nested tuples, or the mistake that keeps them from being an array."""
    if isinstance(values, bool) or not isinstance(values, int | float | list | tuple):
        raise mistake(f"numbers in nested lists are wanted, got {_kind(values)}")
    if isinstance(values, int | float):
        return math.nan if math.isnan(values) else values  # one NaN, so that equal scenarios are equal
    items = [_rectangular(item) for item in values]
    shapes = [_shape(item) for item in items]
    for index, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise mistake(f"bad shape: entry 0 has shape {shapes[0]}, entry {index} has shape {shape}")
    return tuple(items)


def _shape(item: Any) -> tuple[int, ...]:
    return (
        (len(item), *_shape(item[0])) if isinstance(item, tuple) and item else (0,) * isinstance(item, tuple)
    )


def _kind(value: object) -> str:
    names = {bool: "true or false", str: "text", dict: "a mapping", list: "a list"}
    return names.get(type(value), type(value).__name__)


def _bounded(shape: tuple[int, ...]) -> tuple[int, ...]:
    if math.prod(shape) > MAX_RANDOM:
        raise mistake(f"bad shape: {math.prod(shape):,} numbers; at most {MAX_RANDOM:,} are made")
    return shape


# --- leaves ---------------------------------------------------------------------------------------

Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
#: One line of the language of breakpoints and watches; whether its names are there is seen with a recording.
Question = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_readable)]
FileName = Annotated[Text, AfterValidator(_named_file)]
Count = Annotated[int, Field(ge=1, le=2**31)]
Size = Annotated[int, Field(ge=0, le=2**31)]
Index = Annotated[int, Field(ge=-(2**31), le=2**31)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Counts = Annotated[tuple[Size, ...], Field(strict=False, min_length=1, max_length=16)]
Indices = Annotated[tuple[Index, ...], Field(strict=False, min_length=1)]
Numbers = Annotated[tuple[Number, ...], Field(strict=False, min_length=1)]
PerFeature = Numbers | Number
Columns = Annotated[tuple[Text | Size, ...], Field(strict=False, min_length=1)]
Names = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
#: The code of a finding, in lower case with hyphens.
Code = Annotated[str, StringConstraints(pattern=CODE)]
#: A SHA-256 as `sha256sum` prints it.
Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]

NestedNumbers = Annotated[
    Any,
    BeforeValidator(_rectangular),
    WithJsonSchema({"type": "array", "items": {"type": ["number", "array"]}}),
]


# --- where arrays come from -----------------------------------------------------------------------


class RandomNumbers(Words):
    """Standard normal numbers from a seed; the same on every machine."""

    shape: Annotated[Counts, AfterValidator(_bounded)] = Field(
        description="For a sequence (batch, timesteps, features)."
    )
    seed: Size = Field(default=0, description="The same seed gives the same numbers.")


class Source(Words):
    """Where an array comes from: a file beside the scenario, values written here, or random numbers."""

    file: FileName | None = Field(
        default=None,
        description="A .npy, .npz, .csv, .json or .h5 file in the scenario's folder or below it.",
    )
    key: Text | None = Field(default=None, description="Which array, where the file holds several.")
    columns: Columns | None = Field(
        default=None, description="Which columns of a .csv file, by name or by index."
    )
    values: NestedNumbers | None = Field(default=None, description="The numbers themselves, as nested lists.")
    random: RandomNumbers | None = Field(default=None, description="Standard normal numbers from a seed.")

    _one = exactly_one("file", "values", "random")

    @model_validator(mode="after")
    def _key_of_a_file(self) -> Source:
        if self.file is None and (self.key is not None or self.columns is not None):
            raise mistake("key and columns belong to a file")
        return self


class StatesFile(Words):
    """State arrays (batch, units) by `layer path/state name`."""

    file: FileName = Field(
        description="A .npz file, as `lstm-tui trace` names its arrays: lstm_1/h, lstm_1/c."
    )


class StatesTo(Words):
    """Which states become what: the words of every reset."""

    layers: Names | None = Field(
        default=None, description="Layers by name or path; every stateful layer where left out."
    )
    to: Literal["zeros", "random"] | StatesFile = Field(
        default="zeros", description="What the states become."
    )
    seed: Size = Field(default=0, description="For random states.")


def _source_form(value: Any) -> str:
    return "<name>" if isinstance(value, str) else "<source>"


#: A file name alone is short for `{file: name}`.
AnySource = Annotated[
    Annotated[FileName, Tag("<name>")] | Annotated[Source, Tag("<source>")],
    Discriminator(_source_form),
]


def _looks_like_source(value: Any) -> bool:
    """Whether a mapping is a source, and not sources by input name: an input may be called `file`."""
    if isinstance(value, str | Source):
        return True
    if not isinstance(value, Mapping):
        return False
    random = value.get("random")
    return (
        isinstance(value.get("file"), str)
        or isinstance(value.get("values"), list | tuple)
        or (isinstance(random, Mapping) and "shape" in random)
    )


def _sources_form(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "<list>"
    return "<one>" if _looks_like_source(value) else "<named>"


#: One source, a list in the model's order, or sources by input name.
Sources = Annotated[
    Annotated[AnySource, Tag("<one>")]
    | Annotated[tuple[AnySource, ...], Field(strict=False, min_length=1), Tag("<list>")]
    | Annotated[dict[Text, AnySource], Field(min_length=1), Tag("<named>")],
    Discriminator(_sources_form),
]
