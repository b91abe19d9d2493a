"""The calls that led from one call to another: each begins with the states that the one before it left.

A wrong prediction of a stateful model is seldom to be understood by itself: that an identical input gave
another output is shown by both calls, with whatever came between them. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from lstm_tui.flight_recorder.call import WatchedCall
from lstm_tui.flight_recorder.taken import fingerprint

#: A longer history is left out: the last call, from the states before it, stands for itself.
_MOST = 16


def led_to(call: WatchedCall, earlier: WatchedCall, calls: Sequence[WatchedCall]) -> tuple[WatchedCall, ...]:
    """All calls from `earlier` up to `call`, without `call` itself; none where they do not tell everything.

    They do where each gave an output, none ran beside another, and nothing else moved the states meanwhile.
    """
    within = [each for each in calls if earlier.number <= each.number < call.number]
    chain = [*within, call]
    if not call.states or len(within) != call.number - earlier.number or len(within) > _MOST:
        return ()
    if any(each.overlapped or each.outputs is None or each.redacted for each in chain):
        return ()
    joined = all(one.left == fingerprint(next_one.states) for one, next_one in pairwise(chain))
    return tuple(within) if joined else ()
