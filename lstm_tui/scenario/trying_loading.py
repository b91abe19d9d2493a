"""Words of what is tried otherwise as values, and the word of each value."""

from __future__ import annotations

from lstm_tui.arrays.nudge import Nudge, nudge
from lstm_tui.recurrent.interventions import Clamp, Poke, Silence, TrainingMode, clamp, dropout, poke, silence
from lstm_tui.scenario import schema
from lstm_tui.scenario.actions import OnInput, Trial
from lstm_tui.scenario.trying import LastSteps, StatefulFlip, last_steps, stateful
from lstm_tui.scenario.trying_words import Clamp as ClampWords

#: The word of the format for each kind of value.
WORD_OF: dict[type, str] = {
    Poke: "poke",
    Clamp: "clamp",
    Silence: "silence",
    Nudge: "nudge",
    TrainingMode: "dropout",
    StatefulFlip: "stateful",
    LastSteps: "last",
}


def trial_of(words: schema.Action) -> Trial | Nudge | OnInput | None:
    """What the words say; None for those of another action."""
    if words.poke is not None:
        said = words.poke
        return poke(said.layer, said.state, said.to, said.step, unit=said.unit, sample=said.sample)
    if words.clamp is not None:
        return _clamp(words.clamp)
    if words.silence is not None:
        return silence(words.silence.layer, unit=words.silence.unit)
    if words.nudge is not None:
        change = nudge(**words.nudge.words("input"))
        return change if words.nudge.input is None else OnInput(words.nudge.input, change)
    if words.dropout is not None:
        return dropout(words.dropout.on, seed=words.dropout.seed)
    if words.stateful is not None:
        return stateful(words.stateful.to, layers=words.stateful.layers or ())
    return last_steps(words.last.steps) if words.last is not None else None


def _clamp(said: ClampWords) -> Clamp:
    return clamp(
        said.layer,
        said.gate,
        said.to,
        unit=said.unit,
        first=said.from_ or 0,
        last=said.until,
        sample=said.sample,
    )
