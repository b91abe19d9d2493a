"""Every check, in the order in which they are run: cheap and certain ones first.

The list is the registry: a check that does not stand here does not exist, and its order can be read.
"""

from __future__ import annotations

from lstm_tui.checks.check import Check
from lstm_tui.checks.inputs import not_finite
from lstm_tui.checks.outputs import sequence_returned
from lstm_tui.checks.states import carryover

CHECKS: tuple[Check, ...] = (
    not_finite.CHECK,
    sequence_returned.CHECK,
    carryover.CHECK,
)
