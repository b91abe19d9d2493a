"""Trials: one side run again with one thing of the other, to see whether the two part there still."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from lstm_tui.comparing.running import Ran
from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.divergence import Course
from lstm_tui.recurrent.interventions import Intervention, TrainingMode
from lstm_tui.recurrent.side_causes import Trial
from lstm_tui.recurrent.side_facts import Cause, input_names, other_settings
from lstm_tui.recurrent.sides import First


def tried(swap: Swap, possible: tuple[Cause, ...], first: First) -> Iterator[Trial]:
    """Each of these causes tried, or why it cannot be. first: where to look."""
    ways: dict[Cause, tuple[str, Callable[[], tuple[Course, Course]]]] = {
        "input": ("B with A's input", swap.input),
        "initial state": swap.states_words(),
        "call": ("B called as A", swap.call),
        "settings": ("B set as A", swap.settings),
        "weights": ("B with A's weights", swap.model),
        "dtype": ("B in A's type", swap.model),
    }
    for cause in possible:
        words, way = ways[cause]
        swap.one.on_progress(words, None)
        try:
            yield Trial(cause, words, first(*way()))
        except LstmTuiError as error:
            yield Trial(cause, words, refused=error.happened)


@dataclass(frozen=True, eq=False)
class Swap:
    """The two sides with one thing of A in B; each answers with the pair to compare."""

    one: Ran
    other: Ran
    renamed: Mapping[str, str]

    def input(self) -> tuple[Course, Course]:
        """B with A's input."""
        names = input_names(self.one.inputs, self.other.inputs)
        given = {its: self.one.inputs[name] for name, its in names.items()}
        fed = {**self.other.inputs, **given}
        return self.one.course, self.other.run(self.other.plan_with(inputs=fed))

    def states_words(self) -> tuple[str, Callable[[], tuple[Course, Course]]]:
        """A side that keeps no states cannot take any: then the other one takes zeros."""
        if self.other.states:
            return "B with A's initial state", self._a_in_b
        return "A with B's initial state", self._b_in_a

    def _a_in_b(self) -> tuple[Course, Course]:
        back = {its: own for own, its in self.renamed.items()}
        states = self.other.states_from(self.one.states, back)
        return self.one.course, self.other.run(self.other.plan_with(states=states))

    def _b_in_a(self) -> tuple[Course, Course]:
        states = self.one.states_from(self.other.states, self.renamed)
        return self.one.run(self.one.plan_with(states=states)), self.other.course

    def call(self) -> tuple[Course, Course]:
        """B called as A."""
        tried = _tried_in(self.one, self.renamed)
        return self.one.course, self.other.run(self.other.plan_with(call=self.one.call, interventions=tried))

    def settings(self) -> tuple[Course, Course]:
        """B set as A."""
        changed = self._alterations(self.other, self.one, self.renamed, of_keys=True)
        return self.one.course, self.other.run(self.other.plan_with(alterations=changed))

    def model(self) -> tuple[Course, Course]:
        """A's model set as B's, on what B was given: B with A's weights."""
        names = input_names(self.one.inputs, self.other.inputs)
        plan = self.one.plan_with(
            inputs={name: self.other.inputs[its] for name, its in names.items()},
            states=self.one.states_from(self.other.states, self.renamed),
            call=self.other.call,
            interventions=_tried_in(self.other, {its: own for own, its in self.renamed.items()}),
            alterations=self._alterations(self.one, self.other, self.renamed, of_keys=False),
            times=self.other.times,
        )
        return self.one.course, self.one.run(plan)

    @staticmethod
    def _alterations(
        to: Ran, like: Ran, renamed: Mapping[str, str], *, of_keys: bool
    ) -> tuple[Alteration, ...]:
        """What sets the layers of `to` as those of `like`. of_keys: `renamed` leads from like to to."""
        found = []
        for path, settings in (like if of_keys else to).insides.settings.items():
            its = renamed.get(path, path)
            own, wanted = (its, path) if of_keys else (path, its)
            mine, theirs = to.insides.settings.get(own), like.insides.settings.get(wanted)
            if mine is None or theirs is None or settings is None:
                continue
            words = [word for word in other_settings(mine, theirs) if word in theirs]
            if words:
                found.append(Alteration(own, tuple((word, _as_value(theirs[word])) for word in words)))
        return tuple(found)


def _tried_in(side: Ran, renamed: Mapping[str, str]) -> tuple[Intervention, ...]:
    """What that side tries inside its loops, by the other's names of the layers."""
    return tuple(
        one if isinstance(one, TrainingMode) else replace(one, layer=renamed.get(one.layer, one.layer))
        for one in side.plan.interventions
    )


def _as_value(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
