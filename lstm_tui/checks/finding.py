"""What a check says: a measurement on this model and input, where it shows, what mends it, and the proof.

Values only. A finding claims a cause where a remedy was tried and the symptom went away (`proof`), or where
the fact is direct (a NaN at sample 2, step 13). What merely follows from a cause stands in its `evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.arrays.reshape import Reshape
from lstm_tui.recurrent.calls import Alteration, Call, StateReset

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

#: Numbers, texts, truth values, None, and tuples and mappings of them: what JSON can say.
Plain = Any


@dataclass(frozen=True)
class Place:
    """Where a finding shows: the cursor goes there. `layer` is a path; None is wherever the cursor stands."""

    layer: str | None = None
    step: int | None = None
    unit: int | None = None
    sample: int | None = None
    series: str | None = None
    call: int | None = None


@dataclass(frozen=True, eq=False)
class Fix:
    """What mends it.

    text: one sentence that says what to do. code: the line of Keras 3 to write in the user's own code.
    actions: what can be tried here as it is, undoable; of `input_name` alone where that is not empty.
    calls: the calls as they should be made, where the fault lies in their order.
    fault: the same calls as they go wrong, where those of the plan do not show it: a single call has nothing
    to inherit. Made before `calls`, so that there is something to compare with.
    alterations: other settings of layers, tried on a rebuilt copy.
    """

    text: str
    code: str = ""
    actions: tuple[Reshape | Rescale | StateReset, ...] = ()
    input_name: str = ""
    calls: tuple[Call, ...] | None = None
    fault: tuple[Call, ...] | None = None
    alterations: tuple[Alteration, ...] = ()

    @property
    def can_be_tried(self) -> bool:
        """Whether there is something to do here, and not only in the user's own code."""
        return bool(self.actions or self.calls is not None or self.alterations)


@dataclass(frozen=True)
class Proof:
    """One metric before and after the remedy, which was tried on a copy."""

    metric: str
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class Finding:
    """One cause.

    summary: one sentence with the measurement. weight: how probable it is that this is the cause, in [0, 1];
    findings of equal severity are ordered by it. direct: the fact needs no proof (it is the fault itself).
    """

    code: str
    severity: Severity
    summary: str
    layer: str = ""
    evidence: Mapping[str, Plain] = field(default_factory=dict)
    fix: Fix | None = None
    proof: Proof | None = None
    place: Place | None = None
    weight: float = 0.5
    direct: bool = False


@dataclass(frozen=True)
class CallSummary:
    """What became of one call: its name, the shapes that came out, Keras' words where it failed."""

    call: str
    ok: bool
    output_shapes: tuple[tuple[int, ...], ...]
    error: str | None = None


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """The answer: findings in order of severity and weight.

    not_checked: by code, what the check would need. failed: by code, why the check crashed.
    partial: the time budget ended before all checks had run.
    """

    calls: tuple[CallSummary, ...]
    findings: tuple[Finding, ...]
    not_checked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes above info, in order."""
        return tuple(finding.code for finding in self.findings if finding.severity != "info")


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then infos; the most probable first among equals."""
    return tuple(sorted(findings, key=lambda found: (SEVERITIES.index(found.severity), -found.weight)))
