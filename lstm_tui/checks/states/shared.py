"""Threads share one stateful model: one reads the state that another has left.

Luck has no part in it: the calls of the threads are made one by one in several orders in which they might
have come, and compared with what each thread gives by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.effects import Effect, effect, numbered
from lstm_tui.checks.states.resetting import stateful_layers
from lstm_tui.recurrent.calls import (
    CALL_NAMES,
    Call,
    CallModel,
    CallOutcome,
    Fit,
    Inputs,
    Predict,
    ResetStates,
    RunPlan,
    StateReset,
    Stream,
    Threads,
)

#: Threads that are tried: two can do everything to each other.
_THREADS = 2
#: Orders that are tried.
_ORDERS = 4
_CODE = """\
lock = threading.Lock()
def predict(x):
    with lock:               # reset and predict belong together
        reset(model)
        return model.predict(x)
# or a model for each thread; or stateful=False, which keeps nothing that could be shared"""

#: Who makes which of its calls, in order: `(thread, number of the call)`.
Order = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class _Tried:
    """The order in which a thread's outputs lie furthest from what it gives by itself."""

    order: Order
    thread: int
    moved: Effect


def _find(case: Case) -> Iterator[Finding]:
    if not case.facts.stateful:
        return
    for index, call in enumerate(case.plan.calls):
        if isinstance(call, Threads) and call.n > 1 and _reads(call):
            finding = _of_threads(case, index, call)
            if finding is not None:
                yield finding
                return


def _reads(call: Threads) -> bool:
    return any(isinstance(each, Predict | CallModel | Stream) for each in call.each) and not any(
        isinstance(each, Fit) for each in call.each
    )


def _of_threads(case: Case, index: int, call: Threads) -> Finding | None:
    alone = _made(case, index, call.each)
    tried = [_tried(case, index, call, alone, order) for order in orders(len(call.each))]
    worst = max(tried, key=lambda each: each.moved.share)
    if not worst.moved.matters:
        return None
    remedy, after = _remedied(case, index, call, alone, worst.order)
    if after.largest > worst.moved.largest / 2:
        return None
    layers = stateful_layers(case.facts)
    seen = _seen(case, index, alone)
    return Finding(
        code="state-shared",
        severity="error",
        summary=f"{call.n} threads share the states in {numbered(index)}: where their calls come as "
        f"{in_words(worst.order, call.each)}, thread {worst.thread} gets an output that is "
        f"{worst.moved.largest:.4g} off its own.",
        layer=layers[0],
        evidence={
            "threads": call.n,
            "interleaving": in_words(worst.order, call.each),
            "difference": worst.moved.largest,
            "one_after_the_other": tried[0].moved.largest,
            "as_it_came_this_time": seen,
            "stateful_layers": tuple(layers),
        },
        fix=Fix(
            "Hold a lock from the reset to the end of the call, give each thread a model of its own, or "
            "build the model with stateful=False.",
            code=_CODE,
            calls=(*case.plan.calls[:index], *remedy, *case.plan.calls[index + 1 :]),
        ),
        proof=Proof("difference from what a thread gives by itself", worst.moved.largest, after.largest),
        place=Place(layer=layers[0], step=0, call=index),
        weight=0.93,
    )


def orders(calls: int) -> list[Order]:
    """Orders in which the calls of two threads may come: one after the other first, then turn by turn, then
    one thread whole between two calls of the other."""
    threads = [tuple((thread, number) for number in range(calls)) for thread in range(_THREADS)]
    found = [(*threads[0], *threads[1]), tuple(pair for both in zip(*threads, strict=True) for pair in both)]
    found += [(*threads[0][:at], *threads[1], *threads[0][at:]) for at in range(1, calls)]
    return list(dict.fromkeys(found))[:_ORDERS]


def in_words(order: Order, each: tuple[Call, ...]) -> str:
    """`0: reset, 1: reset, 0: predict, 1: predict`."""
    return ", ".join(f"{thread}: {CALL_NAMES[type(each[number])]}" for thread, number in order)


def _plan(case: Case, index: int, calls: tuple[Call, ...]) -> RunPlan:
    """These calls from the states that the threads began with."""
    saved = case.run.outcomes[index].states_before
    return RunPlan(case.plan.inputs, (StateReset(to="saved", saved=saved),), calls, len(calls))


def _made(case: Case, index: int, calls: tuple[Call, ...]) -> tuple[CallOutcome, ...]:
    return case.again(_plan(case, index, calls)).outcomes


def _tried(case: Case, index: int, call: Threads, alone: tuple[CallOutcome, ...], order: Order) -> _Tried:
    outcomes = _made(case, index, tuple(call.each[number] for _, number in order))
    return max(
        (
            _Tried(order, thread, effect(case, outcome.outputs, alone[number].outputs))
            for (thread, number), outcome in zip(order, outcomes, strict=True)
        ),
        key=lambda each: each.moved.share,
    )


def _remedied(
    case: Case, index: int, call: Threads, alone: tuple[CallOutcome, ...], order: Order
) -> tuple[tuple[Call, ...], Effect]:
    """Calls that mend it, and what is left then: a lock where each thread resets first; else the states of
    each thread, put back before each of its calls."""
    locked = tuple(each for _ in range(call.n) for each in call.each)
    made = _made(case, index, call.each * _THREADS)
    after = _furthest(case, made, alone * _THREADS)
    if not after.matters:
        return locked, after
    steps: list[Call] = []
    wanted: list[CallOutcome] = []
    for _, number in order:
        own = StateReset(to="saved", saved=alone[number].states_before)
        steps += [ResetStates(to=own), call.each[number]]
        wanted += [alone[number], alone[number]]
    made = _made(case, index, tuple(steps))
    return tuple(steps), _furthest(case, made[1::2], tuple(wanted[1::2]))


def _furthest(case: Case, made: tuple[CallOutcome, ...], alone: tuple[CallOutcome, ...]) -> Effect:
    pairs = zip(made, alone, strict=True)
    return max(
        (effect(case, one.outputs, other.outputs) for one, other in pairs), key=lambda each: each.share
    )


def _seen(case: Case, index: int, alone: tuple[CallOutcome, ...]) -> float:
    """How far the threads' outputs were off in the run itself, which is luck."""
    own = next((outcome.outputs for outcome in reversed(alone) if outcome.outputs), {})
    threads: dict[str, Inputs] = {}
    for name, array in case.run.outcomes[index].outputs.items():
        thread, _, output = name.partition("/")
        threads[thread] = {**threads.get(thread, {}), output: array}
    return max((effect(case, outputs, own).largest for outputs in threads.values()), default=0.0)


CHECK = Check(
    code="state-shared",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="Threads share one stateful model",
        what="The states belong to the model, not to whoever calls it. Between the reset of one thread and "
        "its prediction, another one predicts.",
        why="The wrong answers come only under load, differ each time, and belong to somebody else's data.",
        keras="predict takes no lock around the states: it reads them at its start and writes them at its "
        "end. Calls of several threads mix freely.",
        prevent="One model for each thread, or a lock around reset and predict, or a model without states.",
        code=_CODE,
    ),
    explains=("state-carryover",),
)
