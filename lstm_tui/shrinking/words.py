"""A shrunk case as a scenario: what is left is said in words, what was cut gets new arrays beside the file.

The actions that changed the input are carried out: the input is what the model got. Rescales of the output,
resets and other settings of layers stay actions. What was left alone keeps the words that it had.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Inputs, Predict, RunPlan
from lstm_tui.scenario.actions import Action
from lstm_tui.scenario.loading import LoadedScenario
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.schema import Expect
from lstm_tui.scenario.wording import Wording
from lstm_tui.scenario.writing import write_scenario
from lstm_tui.shrinking.driving import Shrunk
from lstm_tui.shrinking.sizes import features_words, shrunk_words, zeroed


def write_shrunk(shrunk: Shrunk, opened: LoadedScenario, facts: ModelFacts, path: Path) -> Scenario:
    """Write the case to `path` and its arrays beside it, whole or not at all.

    Raises: ScenarioError where something cannot be written; then nothing has changed.
    """
    subject, plan = shrunk.smallest, shrunk.smallest.plan
    wording = Wording(opened)
    actions: tuple[Action, ...] = (*plan.alterations, *plan.resets, *subject.output_rescales)
    scenario = replace(
        opened.scenario,
        name=f"{opened.scenario.name} (shrunk)",
        description=_description(shrunk, opened, facts),
        # a model named in the place of its own is not the one that was recorded
        model_sha256=None if Path(opened.scenario.model).is_absolute() else opened.scenario.model_sha256,
        inputs=wording.sources(_bare(plan.inputs), "input"),
        reference=wording.sources(_bare(subject.reference), "reference"),
        reference_target=wording.source(subject.reference_target, "reference-target"),
        target=wording.source(plan.target, "target"),
        actions=tuple(map(wording.action, actions)),
        calls=wording.calls(plan.calls) if subject.calls_given or _say_more(plan) else (),
        expect=_expect(shrunk, opened),
        breakpoints=(),
        watches=(),
        view=None,
        document=None,
    )
    return write_scenario(scenario, wording.arrays, path)


def _bare(inputs: Inputs) -> Inputs:
    """The only input of a case needs no name: Keras makes up another whenever the model is built."""
    return {"": next(iter(inputs.values()))} if len(inputs) == 1 else inputs


def _say_more(plan: RunPlan) -> bool:
    return len(plan.calls) != 1 or not isinstance(plan.calls[0], Predict)


def _expect(shrunk: Shrunk, opened: LoadedScenario) -> Expect | None:
    """That it shows what it shows, as all checks see it; nothing where they did not get to see it."""
    before, shape = opened.scenario.expect, shrunk.smallest.expected_shape
    if shrunk.codes is None:
        return Expect(shape=shape) if shape is not None else None
    if before is not None and before.error is not None:
        return Expect(shape=shape, error=before.error)
    return Expect(shape=shape, findings=shrunk.codes)


def _description(shrunk: Shrunk, opened: LoadedScenario, facts: ModelFacts) -> str:
    finding = shrunk.target.finding
    less = shrunk_words(shrunk.start, shrunk.smallest, facts) or "nothing could be taken away"
    lines = [f"Shrunk from {opened.scenario.path.name}, still showing {finding.code}: {less}."]
    for name, features in zeroed(shrunk.start, shrunk.smallest, facts).items():
        lines.append(f"Set to zero: {features_words(features)} of {name}.")
    return "\n".join([*lines, "", opened.scenario.description]).rstrip() + "\n"
