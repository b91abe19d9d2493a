"""What holds for the life of an engine, and how it travels on a command line.

Standard library only: an engine is started before anything heavy is imported.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

#: The module that answers for Keras; it has `open_model` and `versions`.
KERAS_ADAPTER: Final = "lstm_tui.keras_adapter"


@dataclass(frozen=True)
class EngineOptions:
    """What holds for the life of an engine.

    `trust` allows Lambda layers; `custom_objects` are modules to import.
    """

    gpu: bool = False
    trust: bool = False
    custom_objects: tuple[str, ...] = ()
    threads: int = 2
    #: Where fd 1 and 2 of the child go: whatever TensorFlow prints must never reach the screen.
    log_path: Path | None = None


@dataclass(frozen=True)
class Setup:
    """All that an engine's process is told when it starts; its log it finds as its fd 1 and 2."""

    options: EngineOptions = EngineOptions()
    adapter: str = KERAS_ADAPTER

    def to_argument(self) -> str:
        """As one word of a command line."""
        return json.dumps(asdict(replace(self, options=replace(self.options, log_path=None))))

    @classmethod
    def from_argument(cls, argument: str) -> Setup:
        """The setup that `to_argument` wrote."""
        fields = json.loads(argument)
        options = fields["options"]
        options["custom_objects"] = tuple(options["custom_objects"])
        return cls(EngineOptions(**options), fields["adapter"])
