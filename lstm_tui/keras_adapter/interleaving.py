"""Sessions that share a model, run under every interleaving of their calls; no thread is started for it.

Each way of keeping them apart is tried on the same calls from the same states. The shortest interleaving that
changes a result is made once more, call after call, with nothing done to the states in between. What it
refuses: sessions that train, reload or generate, and calls that move more than states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lstm_tui.errors import EditError
from lstm_tui.interleaving.exploring import Ledger, Sessions
from lstm_tui.interleaving.machine import Entry, Machine, whole
from lstm_tui.keras_adapter.calls import calls_made, trains
from lstm_tui.keras_adapter.keeping import left_as_found
from lstm_tui.keras_adapter.loaded import LoadedModel, OnProgress
from lstm_tui.keras_adapter.numbered_calls import NumberedCalls, apart
from lstm_tui.keras_adapter.states import apply_reset
from lstm_tui.recurrent.calls import (
    CALL_NAMES,
    Alteration,
    CallModel,
    Predict,
    Reload,
    ResetStates,
    StateReset,
    Threads,
)
from lstm_tui.recurrent.interleavings import (
    GUARDS,
    UNTOLD,
    Guard,
    Guarded,
    Interleaved,
    InterleavePlan,
    LedgerLine,
)
from lstm_tui.recurrent.live_states import state_variables

_INTERLEAVED = (Predict, CallModel, ResetStates)


def interleave(loaded: LoadedModel, plan: InterleavePlan, on_progress: OnProgress) -> Interleaved:
    """Try them all. Raises: EditError where the sessions cannot be interleaved, or a call of theirs fails."""
    threads = _threads(plan)
    with left_as_found(loaded.model):
        before = replace(plan.run, calls=plan.run.calls[: plan.call], alterations=())
        _, states = calls_made(loaded, before, on_progress, None)
        apply_reset(state_variables(loaded.placed), StateReset(to="saved", saved=states))
        trial = _Trial(loaded, plan, threads, on_progress)
        return trial.answer()


def _threads(plan: InterleavePlan) -> Threads:
    threads = plan.run.calls[plan.call]
    assert isinstance(threads, Threads)
    other = next((call for call in threads.each if not isinstance(call, _INTERLEAVED)), None)
    if other is not None:
        raise EditError(
            f"a {CALL_NAMES[type(other)]} is not interleaved", expected="sessions of predict, call and reset"
        )
    before = plan.run.calls[: plan.call]
    if trains(before) or any(isinstance(call, Reload) for call in before):
        raise EditError("the model is trained or reloaded before the sessions begin")
    return threads


class _Trial:
    """One question on its way to its answer."""

    def __init__(
        self, loaded: LoadedModel, plan: InterleavePlan, threads: Threads, on_progress: OnProgress
    ) -> None:
        self._loaded, self._plan, self._threads = loaded, plan, threads
        self._tell = on_progress
        self._calls = NumberedCalls(loaded, plan.run.inputs, threads.each)
        start = self._calls.states_now()
        torn, self._notes = self._calls.torn()
        self._torn = Machine(torn, self._calls.make, start)
        self._whole = replace(self._torn, program=whole(torn))
        self._alone = self._whole.alone()
        if moved := self._calls.moved():
            raise EditError(
                f"the calls of a session move {moved}, which is no state of a layer",
                todo="interleave predict rather than call: {training: true}",
            )

    def answer(self) -> Interleaved:
        one = self._sessions(self._whole)
        torn = self._sessions(self._torn)
        shared = [
            self._guarded("none", torn),
            self._guarded("call", one),
            self._guarded("session", replace(one, locked=True)),
        ]
        own = self._guarded("state", self._sessions(replace(self._whole, own=True)))
        shortest = self._shortest(one) if shared[1].changed else ()
        only_torn: Ledger = ()
        if shared[0].changed and self._torn.program != self._whole.program:
            besides = one.given(self._plan.most, self._plan.seed)
            only_torn = self._shortest(replace(torn, besides=besides))
        stateless, runs = self._stateless()
        return Interleaved(
            sessions=self._threads.n,
            calls=tuple(CALL_NAMES[type(call)] for call in self._threads.each),
            alone=tuple(map(self._calls.outputs, self._alone)),
            layers=self._calls.layers,
            guards=(*shared, own, stateless),
            shortest=tuple(self._line(entry, one) for entry in shortest),
            torn=tuple(self._line(entry, torn) for entry in only_torn),
            runs=self._calls.runs + runs,
            notes=(*self._notes, *self._made_again(shortest)),
        )

    def _sessions(self, machine: Machine) -> Sessions:
        return Sessions(machine, self._threads.n, self._alone, self._calls.difference)

    def _guarded(self, guard: Guard, sessions: Sessions, note: str = "") -> Guarded:
        def tell(done: int, all_: int) -> None:
            if done % 50 == 0:
                self._tell(f"interleavings, {GUARDS[guard]}", done / all_)

        tally = sessions.tally(self._plan.most, self._plan.seed, tell)
        possible = min(tally.possible, UNTOLD)
        return Guarded(guard, tally.tried, possible, tally.changed, tally.whose, tally.largest, note=note)

    def _shortest(self, sessions: Sessions) -> Ledger:
        self._tell("the shortest interleaving", None)
        return sessions.shortest(self._plan.most, self._plan.seed) or ()

    def _made_again(self, ledger: Ledger) -> tuple[str, ...]:
        """A word where the calls of the shortest one, made in a row, do not give what was found."""
        again = self._calls.in_a_row([entry.by.call for entry in ledger], self._whole.start)
        same = all(
            number == entry.output
            or (None not in {number, entry.output} and not self._calls.difference(number, entry.output))  # type: ignore[arg-type]
            for number, entry in zip(again, ledger, strict=True)
        )
        return () if same else ("the shortest interleaving, made once more in a row, gave something else",)

    def _line(self, entry: Entry, sessions: Sessions) -> LedgerLine:
        layers = self._calls.layers
        return LedgerLine(
            session=entry.by.session,
            call=entry.by.call,
            name=CALL_NAMES[type(self._threads.each[entry.by.call])],
            part=entry.part,
            parts=entry.parts,
            read={
                layers[layer]: (writer.session, writer.call) if writer is not None else None
                for layer, writer in entry.read
            },
            written=tuple(layers[layer] for layer in entry.written),
            outputs=self._calls.outputs(entry.output),
            change=sessions.change(entry),
        )

    def _stateless(self) -> tuple[Guarded, int]:
        """The same sessions on a copy that keeps no states, and the calls that were made on it."""
        wanted = tuple(Alteration(layer, (("stateful", False),)) for layer in self._calls.layers)
        try:
            copy = self._loaded.altered(wanted) if wanted else self._loaded
        except EditError as error:
            return Guarded("stateless", note=f"not tried: {error.happened}"), 0
        with left_as_found(copy.model):
            calls = NumberedCalls(copy, self._plan.run.inputs, self._threads.each)
            machine = Machine(whole(calls.torn()[0]), calls.make, calls.states_now())
            alone = machine.alone()
            note = self._compared(calls, alone)
            sessions = Sessions(machine, self._threads.n, alone, calls.difference)
            return self._guarded("stateless", sessions, note), calls.runs

    def _compared(self, calls: NumberedCalls, alone: Sequence[int | None]) -> str:
        """Whether a session that is alone gets from the copy what it gets from the model."""
        pairs = zip(alone, self._alone, strict=True)
        largest = max((apart(calls.outputs(one), self._calls.outputs(other)) for one, other in pairs))
        if not largest:
            return ""
        return f"alone, a session gets up to {largest:.4g} off: its calls continue one another"
