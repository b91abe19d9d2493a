"""Interleavings of made-up models: a function of numbers stands for the call of a model with layers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.interleaving.exploring import Sessions
from lstm_tui.interleaving.machine import Machine, Part, Writer, whole
from lstm_tui.interleaving.orders import count, every, orders

#: Calls of a session: `r` resets, `p` predicts.
Calls = str
calls = st.text("rp", min_size=1, max_size=2)


def machine(program: Calls, layers: int = 1, *, torn: bool = False, own: bool = False) -> Machine:
    """A stack: a layer adds what comes in to three times its state, and gives that on; the input is 1."""

    def make(call: int, states: tuple[int, ...]) -> tuple[int | None, tuple[int, ...]]:
        if program[call] == "r":
            return None, (0,) * layers
        given, after = 1, []
        for state in states:
            given += 3 * state
            after.append(given)
        return given, tuple(after)

    numbers = range(layers)
    predict = tuple(part for layer in numbers for part in (Part((layer,), ()), Part((), (layer,))))
    parts = tuple(predict if call == "p" else (Part((), tuple(numbers)),) for call in program)
    return Machine(parts if torn else whole(parts), make, (5,) * layers, own)


def sessions(made: Machine, number: int = 2, *, locked: bool = False) -> Sessions:
    return Sessions(made, number, made.alone(), lambda one, other: float(abs(one - other)), locked)


def tally(of: Sessions, most: int = 500):
    return of.tally(most, 0, lambda done, all_: None)


@settings(max_examples=9, deadline=None)
@given(st.integers(1, 3), st.integers(1, 2))
def test_every_interleaving_comes_once(number: int, steps: int) -> None:
    found = list(every(number, steps))
    assert len(set(found)) == len(found) == count(number, steps)
    assert all(Counter(order) == Counter(dict.fromkeys(range(number), steps)) for order in found)
    assert found[0] == tuple(session for session in range(number) for _ in range(steps))


def test_beyond_a_bound_they_are_drawn_by_a_seed() -> None:
    drawn = orders(4, 3, 50, seed=1)
    assert (len(set(drawn.tried)), drawn.possible) == (50, 369_600)
    assert drawn == orders(4, 3, 50, seed=1) != orders(4, 3, 50, seed=2)
    assert orders(2, 2, 6).possible == len(orders(2, 2, 6).tried) == 6


def test_a_lock_round_each_call_leaves_the_order_to_decide() -> None:
    made = tally(sessions(machine("rp")))
    # of rp and RP, four orders have both resets before the second prediction
    assert (made.tried, made.possible, made.changed) == (6, 6, 4)
    assert made.whose == (2, 2)
    assert made.largest == 3


def test_a_lock_through_all_calls_helps_only_who_begins_with_a_reset() -> None:
    assert tally(sessions(machine("rp"), 3, locked=True)).changed == 0
    assert tally(sessions(machine("pp"), 3, locked=True)).changed == 6


@settings(max_examples=12, deadline=None)
@given(calls, st.integers(1, 2), st.booleans())
def test_states_of_ones_own_are_safe_in_every_order(program: Calls, layers: int, torn: bool) -> None:
    assert tally(sessions(machine(program, layers, torn=torn, own=True), 2)).changed == 0


@settings(max_examples=12, deadline=None)
@given(calls, st.integers(1, 2))
def test_calls_that_are_not_interrupted_give_the_same_torn_and_whole(program: Calls, layers: int) -> None:
    torn, one = machine(program, layers, torn=True), machine(program, layers)
    assert torn.alone() == one.alone()
    after_torn = [entry.output for entry in torn.carried_out((0,) * torn.steps + (1,) * torn.steps)]
    after_one = [entry.output for entry in one.carried_out((0,) * one.steps + (1,) * one.steps)]
    assert [each for each in after_torn if each is not None] == [x for x in after_one if x is not None]


def test_a_call_torn_between_layers_gives_what_no_order_of_whole_calls_gives() -> None:
    made = machine("p", 2, torn=True)
    ledger = made.carried_out((0, 0, 1, 1, 1, 1, 0, 0))
    reads = [entry.read for entry in ledger if entry.read]
    assert reads == [((0, None),), ((0, Writer(0, 0)),), ((1, None),), ((1, Writer(1, 0)),)]
    # A has read 5 below and reads above what B left
    assert [entry.output for entry in ledger if entry.ends] == [3 * 5 + 49, 3 * 64 + 16]
    by_whole = sessions(machine("p", 2)).given(10, 0)
    assert not by_whole & {(0, 64), (0, 208)}


def test_a_call_torn_inside_a_layer_overwrites_what_another_has_written() -> None:
    ledger = machine("p", torn=True).carried_out((0, 1, 1, 0))
    assert [entry.output for entry in ledger if entry.ends] == [16, 16]
    assert [entry.written for entry in ledger] == [(), (), (0,), (0,)]


def test_what_whole_calls_can_give_too_is_left_to_them() -> None:
    one, torn = sessions(machine("rp", 2)), sessions(machine("rp", 2, torn=True))
    only_torn = replace(torn, besides=one.given(100, 0)).shortest(100, 0)
    assert only_torn is not None
    assert (1, only_torn[-1].output) not in one.given(100, 0)
    assert replace(one, besides=one.given(100, 0)).shortest(100, 0) is None


def test_the_shortest_interleaving_is_found_and_leaves_out_who_is_not_needed() -> None:
    found = sessions(machine("rpp"), 3).shortest(100, 0)
    assert found is not None
    # two resets, one prediction, and the other session's that comes too late
    assert [(entry.by.session, entry.by.call) for entry in found] == [(0, 0), (0, 1), (1, 0), (0, 2)]
    assert sessions(machine("rp", own=True)).shortest(100, 0) is None


@settings(max_examples=12, deadline=None)
@given(calls, st.sampled_from([(1, False), (1, True), (2, False)]))
def test_there_is_a_shortest_one_where_any_changes_a_result(program: Calls, kind: tuple[int, bool]) -> None:
    layers, torn = kind
    of = sessions(machine(program, layers, torn=torn))
    found, all_ = of.shortest(500, 0), tally(of, 10_000)
    assert (found is not None) == (all_.changed > 0)
    if found is not None:
        assert of.change(found[-1]) > 0
        assert not any(of.change(entry) for entry in found[:-1])
        ledgers = [of.ledger(order) for order in of.orders(10_000, 0).tried]
        first = [i for ledger in ledgers for i, entry in enumerate(ledger) if of.change(entry)]
        assert len(found) == min(first) + 1


@pytest.mark.parametrize("locked", [False, True])
def test_of_what_is_locked_the_tried_ones_are_cut_where_they_change(locked: bool) -> None:
    found = sessions(machine("pp"), 2, locked=locked).shortest(100, 0)
    assert found is not None
    assert [entry.by.session for entry in found] == ([0, 0, 1] if locked else [0, 1])
