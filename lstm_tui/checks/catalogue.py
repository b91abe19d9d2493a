"""Every check, in the order in which they are run: cheap and certain ones first.

The list is the registry: a check that does not stand here does not exist, and its order can be read.
"""

from __future__ import annotations

from collections.abc import Mapping

from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.inputs import not_finite
from lstm_tui.checks.loading import activation
from lstm_tui.checks.loading.lessons import LOADING
from lstm_tui.checks.outputs import (
    fixed_point,
    generation_needed,
    head_missing,
    last_step_only,
    sequence_returned,
    softmax,
    states_mismatch,
    states_returned,
    time_reversed,
)
from lstm_tui.checks.states import carryover

CHECKS: tuple[Check, ...] = (
    activation.CHECK,
    not_finite.CHECK,
    # why the output is not what was meant
    softmax.SINGLE,
    softmax.RECURRENT,
    states_mismatch.CHECK,
    states_returned.CHECK,
    sequence_returned.CHECK,
    last_step_only.CHECK,
    head_missing.CHECK,
    generation_needed.CHECK,
    time_reversed.CHECK,
    fixed_point.CHECK,
    carryover.CHECK,
)

#: Every code with its lesson: those found in the file before the model is loaded, then the checks.
LESSONS: Mapping[str, Lesson] = {told.code: told.lesson for told in LOADING} | {
    check.code: check.lesson for check in CHECKS
}
