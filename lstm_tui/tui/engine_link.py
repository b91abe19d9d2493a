"""Between the app and the engine: one request in flight, the latest plan wins, a dead engine is replaced.

All decisions are made in the app's own thread; a reader thread per engine only turns events into messages.
What an engine died of (loading the model, a plan, gradients, shapes) is tried once more on the next one; if
that dies too, it is given up, so that a model which exhausts memory cannot keep killing engines.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.protocol import (
    Answered,
    ComputeGradients,
    Diagnose,
    EngineGone,
    EngineReady,
    Event,
    ExplainValue,
    ExploreShapes,
    FetchOutput,
    FollowCalls,
    Found,
    Interleave,
    LoadModel,
    LookInside,
    OpenLong,
    Progressed,
    Rebuild,
    RecordStretch,
    Refused,
    RepeatCall,
    ReplayPrefix,
    Request,
    RunCalls,
    RunFreely,
)
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Run, RunPlan
from lstm_tui.session.commands import Command, EngineSaid, ModelLoaded, ModelRefused, RunArrived, RunRefused
from lstm_tui.session.effects import AsideWish, LongWish, OpenLongCall
from lstm_tui.session.state import EngineState, Refusal
from lstm_tui.tui.side_requests import SideRequests
from lstm_tui.tui.wishes import Wishes

#: An engine that dies this often before it is ready is not started again by itself.
_MOST_FAILED_STARTS = 3

#: What that many engines in a row died of is not asked of another one.
_MOST_DEATHS = 2
_SIDE_WORK: dict[type[Request], str] = {
    LookInside: "reading the weights",
    ComputeGradients: "computing gradients",
    ExplainValue: "computing a gradient",
    ExploreShapes: "exploring shapes",
    RepeatCall: "repeating the call",
    FollowCalls: "following the calls",
    RunFreely: "running on its own predictions",
    Interleave: "trying the interleavings",
    Rebuild: "rebuilding the model",
}

_ASIDE = (*_SIDE_WORK, Diagnose)
_MAY_TAKE_LONG = RunCalls | OpenLong | FollowCalls | Interleave | RunFreely

#: Seconds that a run which nobody waits for may go on; a new engine takes about as long to load the model.
_PATIENCE = 5.0


class EngineEvent(Message):
    """An event from engine number `generation`; progress may be skipped when the app is busy."""

    def __init__(self, generation: int, event: Event) -> None:
        super().__init__()
        self.generation = generation
        self.event = event

    def can_replace(self, message: Message) -> bool:
        """A newer progress report makes an older one in the queue pointless."""
        return (
            isinstance(message, EngineEvent)
            and isinstance(self.event, Progressed)
            and isinstance(message.event, Progressed)
        )


@dataclass(frozen=True, eq=False)
class _InFlight:
    number: int
    request: Request
    since: float


def _waited(flight: _InFlight) -> float:
    return time.monotonic() - flight.since


class EngineLink:
    """The app's one door to the engine. `post` must be safe to call from another thread.

    debug: tracebacks of what is refused are handed on; otherwise they end here.
    """

    def __init__(
        self, engine: EngineProcess, post: Callable[[EngineEvent], object], *, debug: bool = False
    ) -> None:
        self._engine = engine
        self._post = post
        self._debug = debug
        self._generation = 0
        self._failed_starts = 0
        self._ready = False
        self._in_flight: _InFlight | None = None
        self._waiting: RunPlan | None = None
        self._side = SideRequests()
        self._unsaid: list[Command] = []
        self._retry: RunPlan | None = None
        self._wishes = Wishes(self._refusal)
        self._deaths: Counter[type[Request]] = Counter()
        self._model: Path | None = None
        self._loaded: Path | None = None
        self._closing = False

    @property
    def pid(self) -> int | None:
        """Process id of the engine."""
        return self._engine.pid

    @property
    def busy(self) -> bool:
        """Whether something is being answered, or a run waits for its turn."""
        return self._in_flight is not None or self._waiting is not None

    def start(self) -> None:
        """Listen to the engine, starting it if it does not run. Raises: EngineUnavailable."""
        self._engine.start()
        self._ready, self._loaded = False, None
        self._generation += 1
        threading.Thread(target=self._read, args=(self._generation,), daemon=True, name="engine").start()

    def close(self) -> None:
        """End the engine for good."""
        self._closing = True
        self._engine.close()

    def restart(self) -> None:
        """Kill the engine, whatever it is doing, and start another; the request that ran is given up."""
        self._unsaid += self._side.checks_give_way()
        self._in_flight = self._retry = None
        self._deaths.clear()
        if self._gave_up:
            self._failed_starts = 0
            self.start()
        else:
            self._engine.kill()

    def load(self, path: Path, *, afresh: bool = False) -> None:
        """Load this model soon, where it is loaded only `afresh` for another session; drop what waited."""
        self._model, self._waiting, self._retry = path, None, None
        self._side.drop()
        self._wishes.drop()
        self._deaths.clear()
        if afresh or self._loaded != path:
            self._loaded = None
        self._pump()

    def run(self, plan: RunPlan) -> None:
        """Run this plan as soon as the engine can; an older one that waits, or runs for long, is given up."""
        self._wishes.drop()
        flight = self._in_flight
        runs = flight.request.plan.key if flight and isinstance(flight.request, RunCalls) else ""
        if runs == plan.key:
            self._waiting = None
            return
        self._give_up_what_takes_long()
        self._waiting = plan
        self._pump()

    def wish(self, wish: LongWish) -> None:
        """Ask this when its turn comes; a plan that waits is given up for a long call."""
        if isinstance(wish, OpenLongCall):
            self._waiting = self._retry = None
            self._give_up_what_takes_long()
        self._wishes.wish(wish)
        self._pump()

    def _give_up_what_takes_long(self) -> None:
        """What ran for another plan, where waiting for it would take longer than a new engine."""
        flight = self._in_flight
        long = flight is not None and isinstance(flight.request, _MAY_TAKE_LONG)
        if flight is not None and long and _waited(flight) > _PATIENCE:
            self._side.let_go(flight.request)
            self.restart()
        self._checks_give_way()

    def aside(self, wanted: AsideWish) -> None:
        """Ask for this when nothing else is to be done; an older wish of its kind that waits is dropped."""
        said = self._side.wish(wanted)
        self._unsaid += [said] if said is not None else []
        self._pump()

    def end_search(self, key: str) -> list[Command]:
        """The best case so far; what is asked at the moment ends by itself, or gives way to the run of it."""
        return self._side.end_search(key)

    def _checks_give_way(self) -> None:
        """Checks that run are stopped, which takes another engine; those that wait are dropped."""
        flight = self._in_flight
        if flight is not None and isinstance(flight.request, Diagnose):
            self.restart()
        self._unsaid += self._side.checks_give_way()

    def receive(self, message: EngineEvent) -> list[Command]:
        """What an engine event means for the session. Call in the app's thread."""
        if message.generation != self._generation or self._closing:
            return []
        unsaid, self._unsaid = self._unsaid, []
        return [*unsaid, *self._received(message.event)]

    def _received(self, event: Event) -> list[Command]:
        match event:
            case EngineReady(versions):
                self._ready, self._failed_starts = True, 0
                self._pump()
                return [EngineSaid(EngineState("ready", versions))]
            case Progressed(stage, fraction):
                return [EngineSaid(EngineState("running" if self._loaded else "loading", stage, fraction))]
            case Found(finding):
                return self._side.found(finding)
            case Answered() | Refused() as answer:
                return self._answered(answer)
            case EngineGone() as gone:
                return self._gone(gone)
        return []

    @property
    def _gave_up(self) -> bool:
        return self._failed_starts >= _MOST_FAILED_STARTS

    def _read(self, generation: int) -> None:
        """In a thread of its own: every event becomes a message, until the engine is gone."""
        event: Event | None = None
        while not isinstance(event, EngineGone):
            event = self._engine.next_event()
            if event is not None:
                self._post(EngineEvent(generation, event))

    def _pump(self) -> None:
        """Send the next request if the engine is free: the model, then a retried plan, then the newest."""
        if not self._ready or self._in_flight is not None or self._model is None:
            return
        if self._loaded != self._model:
            self._send(LoadModel(self._model))
        elif self._retry is not None:
            retry, self._retry = self._retry, None
            self._send(RunCalls(retry))
        elif self._waiting is not None:
            plan, self._waiting = self._waiting, None
            self._send(RunCalls(plan))
        elif (urgent := self._wishes.urgent()) is not None:
            self._send(urgent)
        elif (wanted := self._side.next()) is not None:
            self._send(wanted)
        elif (following := self._wishes.following()) is not None:
            self._send(following)

    def _send(self, request: Request) -> None:
        try:
            number = self._engine.send(request)
        except BrokenPipeError:
            # The engine died between two events; EngineGone is on its way and will bring the request back.
            number = -1
        self._in_flight = _InFlight(number, request, time.monotonic())

    def _answered(self, answer: Answered | Refused) -> list[Command]:
        flight, self._in_flight = self._in_flight, None
        if flight is None or answer.request != flight.number:
            return []
        del self._deaths[type(flight.request)]
        result: list[Command]
        match flight.request, answer:
            case OpenLong() | RecordStretch() | ReplayPrefix() | FetchOutput(), _:
                said = self._wishes.answered(answer)
                result = [] if said is None else [said]
            case LoadModel(path), Answered(value=ModelFacts() as facts):
                self._loaded = path
                result = [ModelLoaded(facts)]
            case LoadModel(), Refused(error=error, details=details):
                self._model = None
                result = [ModelRefused(self._refusal(str(error), details))]
            case RunCalls(), Answered(value=Run() as run):
                result = [RunArrived(run)]
            case RunCalls(plan), Refused(error=error, details=details):
                result = [RunRefused(plan.key, self._refusal(str(error), details))]
            case request, _ if isinstance(request, _ASIDE):
                result = self._side.answered(answer)
            case _:
                raise TypeError(f"the engine answered {answer!r} to {flight.request!r}")
        self._pump()
        busy = self._in_flight is not None
        return result if busy else [*result, EngineSaid(EngineState("ready", ""))]

    def _gone(self, gone: EngineGone) -> list[Command]:
        flight, self._in_flight = self._in_flight, None
        commands = [] if flight is None else self._died_of(flight.request, gone)
        if gone.unavailable is not None:
            self._failed_starts = _MOST_FAILED_STARTS
            return [*commands, EngineSaid(EngineState("gone", str(gone.unavailable)))]
        self._failed_starts += not self._ready
        if self._gave_up:
            words = "\n".join([gone.reason, *gone.last_words[-3:]])
            return [*commands, EngineSaid(EngineState("gone", words))]
        self.start()
        return [*commands, EngineSaid(EngineState("starting", f"engine {gone.reason}; a new one starts"))]

    def _died_of(self, request: Request, gone: EngineGone) -> list[Command]:
        """The engine ended while it worked on `request`: what to say once that is given up."""
        self._deaths[type(request)] += 1
        given_up = self._deaths[type(request)] >= _MOST_DEATHS
        if given_up:
            del self._deaths[type(request)]
        match request:
            case OpenLong() | RecordStretch() | ReplayPrefix() | FetchOutput():
                refusal = self._given_up("recording this", gone) if given_up else None
                said = self._wishes.died(refusal)
                return [] if said is None else [said]
            case RunCalls(plan) if not given_up:
                self._retry = plan
            case RunCalls(plan):
                return [RunRefused(plan.key, self._given_up("running this", gone))]
            case LoadModel() if given_up:
                self._model = None
                return [ModelRefused(self._given_up("loading this model", gone))]
            case _ if type(request) in _SIDE_WORK:
                work = _SIDE_WORK[type(request)]
                return self._side.died(self._given_up(work, gone).reason, given_up=given_up)
            case Diagnose():
                words = f"The engine ended while the checks ran: {gone.reason}. d runs them again."
                return self._side.died(words, given_up=True)
        return []

    def _given_up(self, what: str, gone: EngineGone) -> Refusal:
        reason = f"The engine ended twice while {what}: {gone.reason}. Ctrl+R tries again."
        return self._refusal(reason, "\n".join(gone.last_words))

    def _refusal(self, reason: str, details: str) -> Refusal:
        return Refusal(reason, details if self._debug else "")
