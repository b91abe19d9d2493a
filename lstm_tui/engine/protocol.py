"""What the terminal process and the engine say to each other: typed values, one request in flight.

Requests go down, events come up. A request is answered by exactly one `Answered` or `Refused`, after any number
of `Progressed`. There is no request to cancel: the client kills the engine and starts another, which is the only
way that also stops a runaway call inside TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lstm_tui.errors import LstmTuiError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Run, RunPlan


@dataclass(frozen=True)
class EngineOptions:
    """What holds for the life of an engine. `trust` allows Lambda layers; `custom_objects` are modules to import."""

    gpu: bool = False
    trust: bool = False
    custom_objects: tuple[str, ...] = ()
    threads: int = 2
    #: Where fd 1 and 2 of the child go: whatever TensorFlow prints must never reach the screen.
    log_path: Path | None = None


@dataclass(frozen=True)
class LoadModel:
    """Load this file and keep it. Answered by `ModelFacts` as Keras built it."""

    path: Path


@dataclass(frozen=True, eq=False)
class RunCalls:
    """Make the calls of the plan on the loaded model, leaving it as it was. Answered by `Run`."""

    plan: RunPlan


Request = LoadModel | RunCalls


@dataclass(frozen=True)
class EngineReady:
    """TensorFlow is imported; `versions` names it and Keras."""

    versions: str


@dataclass(frozen=True)
class Progressed:
    """What the engine is doing now; `fraction` in [0, 1], None where it cannot be known."""

    stage: str
    fraction: float | None = None


@dataclass(frozen=True, eq=False)
class Answered:
    """The answer to request number `request`."""

    request: int
    value: ModelFacts | Run


@dataclass(frozen=True, eq=False)
class Refused:
    """Request number `request` cannot be answered; the engine lives on. `details` is a traceback for `--debug`."""

    request: int
    error: LstmTuiError
    details: str = ""


@dataclass(frozen=True)
class EngineGone:
    """Made by the client: the engine ended. `reason` is one plain sentence (`killed by signal 9`)."""

    reason: str
    last_words: tuple[str, ...] = field(default=())


Event = EngineReady | Progressed | Answered | Refused | EngineGone
