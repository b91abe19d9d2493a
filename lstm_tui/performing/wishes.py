"""What a session's wishes ask of the engine, and what its answers mean for the session: one table.

A wish is an effect (`session/effects.py`) with a key; its answer is a command with the same key. Who sends
the request, and when, is the business of a shell. It refuses the smallest case, which is a conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lstm_tui.checks.finding import Diagnosis
from lstm_tui.checks.states.variance import VarianceTest
from lstm_tui.engine.protocol import (
    Answer,
    ComputeGradients,
    Diagnose,
    ExplainValue,
    ExploreShapes,
    FetchOutput,
    FollowCalls,
    Interleave,
    LookInside,
    OpenLong,
    Rebuild,
    RecordStretch,
    RepeatCall,
    ReplayPrefix,
    Request,
    RunCalls,
    RunFreely,
)
from lstm_tui.recurrent.calls import Run
from lstm_tui.recurrent.fetching import Fetched
from lstm_tui.recurrent.first_order import FirstOrder
from lstm_tui.recurrent.forms import Rebuilt
from lstm_tui.recurrent.gradients import Gradients
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.interleavings import Interleaved
from lstm_tui.recurrent.movements import Movements
from lstm_tui.recurrent.replays import Replayed
from lstm_tui.recurrent.shape_options import ShapeExploration
from lstm_tui.recurrent.stretches import LongCall, Stretch
from lstm_tui.session import commands as c
from lstm_tui.session import effects as e
from lstm_tui.session.commands import Command
from lstm_tui.session.form_commands import ModelRebuilt
from lstm_tui.session.free_run_commands import FreeRunArrived
from lstm_tui.session.state import Refusal
from lstm_tui.session.why_commands import FirstOrderArrived, InsidesArrived

Wish = e.StartRun | e.AsideWish | e.LongWish

#: No check is begun later than this after the first one, so that a slow model gets a partial answer.
CHECKING_SECONDS = 120.0


@dataclass(frozen=True)
class _Kind:
    """Of wish: the request, what answers it, and the command that an answer or a refusal becomes."""

    request: Callable[[Any], Request]
    answer: type
    told: Callable[[Any, Any], Command]


def _by_key(command: Callable[[Any, Any], Command]) -> Callable[[Any, Any], Command]:
    """A command with the wish's key that takes an answer, or a text why there is none."""
    return lambda wish, said: command(wish.key, said.reason if isinstance(said, Refusal) else said)


def _run(wish: e.StartRun, said: Run | Refusal) -> Command:
    return c.RunArrived(said) if isinstance(said, Run) else c.RunRefused(wish.plan.key, said)


def _long(wish: e.OpenLongCall, said: LongCall | Refusal) -> Command:
    return c.LongOpened(wish.key, said) if isinstance(said, LongCall) else c.RunRefused(wish.key, said)


def _stretch(wish: e.StartStretch, said: Stretch | Refusal) -> Command:
    return c.StretchArrived(wish.key, said) if isinstance(said, Stretch) else c.StretchRefused(wish.key, said)


def _rebuilt(wish: e.StartRebuild, said: Rebuilt | Refusal) -> Command:
    return ModelRebuilt(wish.out, said.reason if isinstance(said, Refusal) else said)


_KINDS: Mapping[type[Wish], _Kind] = {
    e.StartRun: _Kind(lambda wish: RunCalls(wish.plan), Run, _run),
    e.OpenLongCall: _Kind(lambda wish: OpenLong(wish.before, wish.plan, wish.head), LongCall, _long),
    e.StartStretch: _Kind(
        lambda wish: RecordStretch(wish.plan, wish.of, wish.keep, wish.predictions), Stretch, _stretch
    ),
    e.StartReplay: _Kind(lambda wish: ReplayPrefix(wish.plan), Replayed, _by_key(c.ReplayArrived)),
    e.StartFetch: _Kind(lambda wish: FetchOutput(wish.plan), Fetched, _by_key(c.OutputFetched)),
    e.StartInsides: _Kind(lambda wish: LookInside(wish.alterations), Insides, _by_key(InsidesArrived)),
    e.StartFirstOrder: _Kind(lambda wish: ExplainValue(wish.plan), FirstOrder, _by_key(FirstOrderArrived)),
    e.StartGradients: _Kind(lambda wish: ComputeGradients(wish.plan), Gradients, _by_key(c.GradientsArrived)),
    e.StartShapes: _Kind(
        lambda wish: ExploreShapes(wish.inputs, wish.alterations), ShapeExploration, _by_key(c.ShapesArrived)
    ),
    e.StartVariance: _Kind(lambda wish: RepeatCall(wish.plan), VarianceTest, _by_key(c.VarianceArrived)),
    e.StartFreeRun: _Kind(lambda wish: RunFreely(wish.plan), Run, _by_key(FreeRunArrived)),
    e.StartFollowing: _Kind(lambda wish: FollowCalls(wish.plan), Movements, _by_key(c.MovementsArrived)),
    e.StartInterleaving: _Kind(
        lambda wish: Interleave(wish.plan), Interleaved, _by_key(c.InterleavingArrived)
    ),
    e.StartRebuild: _Kind(lambda wish: Rebuild(wish.form, wish.inputs, wish.out), Rebuilt, _rebuilt),
    e.StartDiagnosis: _Kind(
        lambda wish: Diagnose(wish.subject, CHECKING_SECONDS), Diagnosis, _by_key(c.DiagnosisArrived)
    ),
}


def request_of(wish: Wish) -> Request:
    """What is asked of the engine. Raises: KeyError for the smallest case."""
    return _KINDS[type(wish)].request(wish)


def arrived(wish: Wish, answer: Answer) -> Command:
    """What the engine's answer means. Raises: TypeError where it answers something else."""
    kind = _KINDS[type(wish)]
    if not isinstance(answer, kind.answer):
        raise TypeError(f"the engine answered {answer!r} to {wish!r}")
    return kind.told(wish, answer)


def refused(wish: Wish, refusal: Refusal) -> Command:
    """What it means that there is no answer, and why."""
    return _KINDS[type(wish)].told(wish, refusal)
