"""A session without a screen: each command is carried out to its end before the next one.

What it refuses: two runs side by side and the smallest case, which have commands of their own (`lstm-tui
diff`, `lstm-tui shrink`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from lstm_tui.engine.protocol import Answer, LoadModel, Request
from lstm_tui.errors import LstmTuiError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.performing.opening import Opened
from lstm_tui.performing.wishes import Wish, arrived, refused, request_of
from lstm_tui.session.commands import Command, EngineSaid, ModelLoaded
from lstm_tui.session.effects import Announce, Effect, Listen, OfSides, StartShrink, StopShrink
from lstm_tui.session.state import EngineState, Refusal, Session
from lstm_tui.session.update import update

Ask = Callable[[Request], Answer]

_ELSEWHERE = Announce("Without a screen this is not done: lstm-tui diff, lstm-tui shrink.", "error")


class AtOnce:
    """The session as it is between two commands; `ask` is an engine in this process or another."""

    def __init__(self, opened: Opened, ask: Ask) -> None:
        """Loads the model and makes the first run. Raises: LstmTuiError where the model does not load."""
        self.session: Session = opened.session
        self._ask = ask
        facts = ask(LoadModel(opened.session.model.path))
        assert isinstance(facts, ModelFacts)
        #: What opening it said.
        self.said = [*self._performed(opened.effects), *self.dispatch(ModelLoaded(facts))]
        self.dispatch(EngineSaid(EngineState("ready")))

    def dispatch(self, command: Command) -> list[Announce]:
        """The session after this command and all that followed from it; what the user is told."""
        self.session, effects = update(self.session, command)
        return self._performed(effects)

    def _performed(self, effects: tuple[Effect, ...]) -> list[Announce]:
        said: list[Announce] = []
        waiting = deque(effects)
        while waiting:
            effect = waiting.popleft()
            if isinstance(effect, Announce):
                said.append(effect)
            elif isinstance(effect, StartShrink | StopShrink | OfSides | Listen):
                said.append(_ELSEWHERE)
            else:
                self.session, more = update(self.session, self._answer(effect))
                waiting.extend(more)
        return said

    def _answer(self, wish: Wish) -> Command:
        try:
            return arrived(wish, self._ask(request_of(wish)))
        except LstmTuiError as error:
            return refused(wish, Refusal(str(error)))
