"""Every check, in the order in which they are run: cheap and certain ones first.

The list is the registry: a check that does not stand here does not exist, and its order can be read.
"""

from __future__ import annotations

from collections.abc import Mapping

from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant import (
    batchnorm_statistics,
    capacity_low,
    context_short,
    echo,
    gates_saturated,
    gradient_exploding,
    gradient_vanishing,
    output_dead,
    output_squashed,
    state_exploding,
    target_broadcast,
    target_leakage,
    training_unscaled,
    weights_nan,
    weights_untrained,
)
from lstm_tui.checks.inputs import (
    ambiguous,
    axes_swapped,
    batch_size,
    features,
    index_range,
    length,
    mask_collision,
    mask_empty,
    mask_left,
    mask_lost,
    mask_missing,
    mask_tail,
    missing,
    not_finite,
    output_scale,
    rank,
    retraced,
    rows_broadcast,
    scale,
    swapped,
)
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
from lstm_tui.checks.states import (
    batch_order,
    batchnorm,
    carryover,
    contaminated,
    dropout,
    misaligned,
    not_saved,
    overridden,
    reset_early,
    resets,
    retrained,
    shared,
    shuffled,
)

CHECKS: tuple[Check, ...] = (
    activation.CHECK,
    retraced.CHECK,
    rank.CHECK,
    axes_swapped.CHECK,
    features.CHECK,
    length.CHECK,
    batch_size.CHECK,
    rows_broadcast.CHECK,
    missing.CHECK,
    index_range.CHECK,
    ambiguous.CHECK,
    not_finite.CHECK,
    mask_empty.CHECK,
    mask_left.CHECK,
    mask_lost.CHECK,
    mask_collision.CHECK,
    mask_missing.CHECK,
    mask_tail.CHECK,
    swapped.CHECK,
    scale.CHECK,
    output_scale.CHECK,
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
    # why the same input gives another prediction
    resets.UNAVAILABLE,
    resets.BROKEN,
    resets.INCOMPLETE,
    retrained.CHECK,
    not_saved.CHECK,
    shared.CHECK,
    shuffled.CHECK,
    contaminated.CHECK,
    misaligned.CHECK,
    batch_order.CHECK,
    reset_early.CHECK,
    carryover.CHECK,
    overridden.CHECK,
    dropout.CHECK,
    batchnorm.CHECK,
    # why predictions are constant or meaningless
    weights_nan.CHECK,
    weights_untrained.CHECK,
    target_broadcast.CHECK,
    output_dead.CHECK,
    output_squashed.CHECK,
    state_exploding.CHECK,
    batchnorm_statistics.CHECK,
    target_leakage.CHECK,
    training_unscaled.CHECK,
    gates_saturated.CHECK,
    gradient_exploding.CHECK,
    gradient_vanishing.CHECK,
    echo.CHECK,
    context_short.CHECK,
    capacity_low.CHECK,
)

#: Every code with its lesson: those found in the file before the model is loaded, then the checks.
LESSONS: Mapping[str, Lesson] = {told.code: told.lesson for told in LOADING} | {
    check.code: check.lesson for check in CHECKS
}
