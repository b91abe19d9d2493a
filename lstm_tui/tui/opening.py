"""Opens what the user named: a model with arrays, or a scenario. Reads files; asks nothing of Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.arrays.assignment import assign
from lstm_tui.arrays.files import read_array, read_arrays
from lstm_tui.model_file import read_model_file
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.scenario.plan import name_inputs
from lstm_tui.session.commands import Effect
from lstm_tui.session.edits import History, Material
from lstm_tui.session.state import Cursor, Session, Story
from lstm_tui.session.update import open_session


@dataclass(frozen=True, eq=False)
class Opened:
    """A session to begin with, and what it asks for."""

    session: Session
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Files:
    """Files named on the command line beside a model."""

    input: Path | None = None
    target: Path | None = None
    reference: Path | None = None


def open_model(model: Path, files: Files) -> Opened:
    """A model with the arrays named beside it. Raises: ModelFileError, InputFileError."""
    facts = read_model_file(model, look_into_weights=False)

    def named(path: Path | None) -> Inputs:
        return assign(read_arrays(path), facts.inputs) if path is not None else {}

    material = Material(
        inputs=named(files.input),
        reference=named(files.reference),
        target=read_array(files.target) if files.target is not None else None,
    )
    source = files.input.name if files.input is not None else ""
    return Opened(*open_session(facts, material, story=Story(input_source=source)))


def open_scenario(path: Path, model: Path | None = None) -> Opened:
    """A scenario; `model`, named on the command line, takes the place of its own.

    Raises: ScenarioError, ModelFileError.
    """
    from lstm_tui.scenario.loading import load_scenario
    from lstm_tui.scenario.reading import read_scenario

    loaded = load_scenario(read_scenario(path, model=model))
    scenario = loaded.scenario
    facts = read_model_file(scenario.model_path, look_into_weights=False)
    material = Material(
        inputs=name_inputs(loaded.inputs, facts),
        reference=name_inputs(loaded.reference, facts),
        reference_target=loaded.reference_target,
        target=loaded.target,
        calls=loaded.calls,
    )
    story = Story(path=path, name=scenario.name, description=scenario.description, opened=loaded)
    view = scenario.view
    cursor = Cursor()
    if view is not None:
        cursor = Cursor(view.step, view.layer or "", view.series or "h", view.unit, view.sample)
    history = History.of(loaded.actions)
    call = view.call if view is not None else None
    return Opened(*open_session(facts, material, story=story, history=history, cursor=cursor, call=call))


def open_all(model: Path | None, scenarios: Sequence[Path], files: Files) -> list[Opened]:
    """Everything that the command line names; a model beside scenarios replaces theirs."""
    if scenarios:
        return [open_scenario(path, model) for path in scenarios]
    return [open_model(model, files)] if model is not None else []
