"""The ways in which nothing of a file can be shown. Each carries the `load-` finding that it is.

    ModelFileError
    ├── NotAModelError     missing, unreadable, or something else than a Keras model   load-format
    ├── WeightsOnlyError   weights without an architecture                             load-weights-only
    ├── CorruptModelError  truncated, or its contents are not what they must be        load-corrupt
    └── RefusedModelError  it can be read, and must not be loaded                      load-unsafe, ...

Everything less than that is an `Obstacle` in `ModelFacts`, so that a user sees all of them at once.
"""

from __future__ import annotations

from typing import ClassVar

from lstm_tui.errors import ModelFileError


class NotAModelError(ModelFileError):
    """Missing, unreadable, or something else than a Keras model."""

    code: ClassVar[str] = "load-format"


class WeightsOnlyError(ModelFileError):
    """Weights without an architecture."""

    code: ClassVar[str] = "load-weights-only"


class CorruptModelError(ModelFileError):
    """Truncated, or its contents are not what they must be."""

    code: ClassVar[str] = "load-corrupt"


class RefusedModelError(ModelFileError):
    """The file can be read and must not be loaded as it is; the message lists every reason."""

    code: ClassVar[str] = "load-unsafe"
