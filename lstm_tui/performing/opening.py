"""Opens what the user named: a model with arrays, or a scenario. Reads files; asks nothing of Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_tui.arrays.assignment import assign
from lstm_tui.arrays.files import read_array, read_arrays
from lstm_tui.errors import ModelFileError, ScenarioError, UsageError
from lstm_tui.model_file import ModelFacts, read_model_file, what_there_is
from lstm_tui.performing.named import Files, Named
from lstm_tui.performing.saving import stamp_of
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.scenario.gallery import GalleryEntry, entries_of, gallery
from lstm_tui.scenario.plan import name_inputs
from lstm_tui.session.commands import OpenInputs
from lstm_tui.session.edits import History, Material
from lstm_tui.session.effects import Announce, Effect
from lstm_tui.session.keeping import DEFAULT_MEMORY
from lstm_tui.session.question_commands import Questions
from lstm_tui.session.state import Cursor, Session, Story
from lstm_tui.session.update import open_session

if TYPE_CHECKING:  # pydantic and ruamel.yaml are for who opens a scenario
    from lstm_tui.scenario.loading import LoadedScenario
    from lstm_tui.session.sides import Case


@dataclass(frozen=True, eq=False)
class Opened:
    """A session to begin with, and what it asks for."""

    session: Session
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Place:
    """Where one looked in a file when it was open before: the cursor, the call that was chosen, and what was
    asked there again and again.
    """

    cursor: Cursor
    call: int | None = None
    questions: Questions = field(default_factory=Questions)


#: Where one looked in this file; None where that is not known.
Looked = Callable[[Path], "Place | None"]


@dataclass(frozen=True)
class Shelf:
    """Scenarios to choose from: those that the command line names, the bundled ones where it names none.

    model: takes the place of the one that each of them names.
    """

    entries: tuple[GalleryEntry, ...]
    title: str
    model: Path | None = None


def bundled_shelf() -> Shelf:
    """The gallery."""
    return Shelf(gallery(), "a debugger for recurrent Keras models")


def shelf_of(paths: Sequence[Path], model: Path | None) -> Shelf:
    """These scenario files, each read and found to be without mistakes; what they name is loaded later.

    Raises: ScenarioError with the mistakes of all of them.
    """
    from lstm_tui.scenario.reading import read_scenario

    wrong = []
    for path in paths:
        try:
            read_scenario(path, model=model)
        except ScenarioError as error:
            wrong.append(str(error))
    if wrong:
        raise ScenarioError("\n".join(wrong))
    instead = f", each with {one_line(model.name)}" if model is not None else ""
    return Shelf(entries_of(paths), f"{len(paths)} scenarios{instead}", model)


def open_model(
    model: Path, files: Files, *, memory: int = DEFAULT_MEMORY, looked: Looked | None = None
) -> Opened:
    """A model with the arrays named beside it, looked at where one `looked` before.

    Raises: ModelFileError, InputFileError.
    """
    facts = read_model_file(model, look_into_weights=False)

    def named(path: Path | None) -> Inputs:
        return assign(read_arrays(path), facts.inputs) if path is not None else {}

    material = Material(
        inputs=named(files.input),
        reference=named(files.reference),
        target=read_array(files.target) if files.target is not None else None,
    )
    source = files.input.name if files.input is not None else ""
    story, place = Story(input_source=source), _place(model, looked)
    session, effects = open_session(
        facts, material, story=story, cursor=place.cursor, call=place.call, memory=memory
    )
    return Opened(replace(session, questions=place.questions), effects)


def _place(file: Path, looked: Looked | None) -> Place:
    return (looked(file) if looked is not None else None) or Place(Cursor())


def open_scenario(
    path: Path, model: Path | None = None, *, memory: int = DEFAULT_MEMORY, looked: Looked | None = None
) -> Opened:
    """A scenario; `model`, named on the command line, takes the place of its own.

    looked: where one looked before, which is where one looks if the scenario does not say it.
    Raises: ScenarioError, ModelFileError.
    """
    from lstm_tui.scenario.loading import load_scenario
    from lstm_tui.scenario.reading import read_scenario
    from lstm_tui.scenario.recorded_model import model_note

    loaded = load_scenario(read_scenario(path, model=model))
    scenario = loaded.scenario
    facts = _facts_of(scenario.model_path)
    material = _material_of(loaded, facts)
    story = Story(
        path=path,
        name=scenario.name,
        description=scenario.description,
        opened=loaded,
        stamp=stamp_of(path),
    )
    view = scenario.view
    place = _place(path, looked)
    if view is not None:
        cursor = Cursor(view.step, view.layer or "", view.series or "h", view.unit, view.sample)
        place = replace(place, cursor=cursor, call=view.call)
    if scenario.breakpoints or scenario.watches:
        place = replace(place, questions=Questions.of(scenario.breakpoints, scenario.watches))
    history = History.of(loaded.actions)
    session, effects = open_session(
        facts, material, story=story, history=history, cursor=place.cursor, call=place.call, memory=memory
    )
    session = replace(session, questions=place.questions)
    note = model_note(scenario)
    return Opened(session, (*effects, Announce(note, "warning")) if note else effects)


def _material_of(loaded: LoadedScenario, facts: ModelFacts) -> Material:
    """What a scenario opens. A file that is no model has no inputs: its scenario is opened to say so."""
    known, scenario = bool(facts.inputs), loaded.scenario
    return Material(
        inputs=name_inputs(loaded.inputs, facts) if known else {},
        reference=name_inputs(loaded.reference, facts) if known else {},
        reference_target=loaded.reference_target,
        target=loaded.target,
        calls=loaded.calls,
        expected_shape=scenario.expect.shape if scenario.expect is not None else None,
        calls_given=bool(scenario.calls),
    )


def opened_input(session: Session, path: Path) -> OpenInputs:
    """The arrays in this file as input of the session's model. Raises: InputFileError, EditError."""
    return OpenInputs(assign(read_arrays(path), session.model.inputs), path.name)


def other_case(session: Session, path: Path) -> Case:
    """What the session shows with this file in it: another model, another input; or a scenario by itself.

    Raises: LstmTuiError where it cannot be read.
    """
    from lstm_tui.session.comparing import present_case
    from lstm_tui.session.sides import Case

    now, name = present_case(session), one_line(path.name, 60)
    if path.suffix in {".yaml", ".yml"}:
        from lstm_tui.scenario.loading import load_scenario
        from lstm_tui.scenario.reading import read_scenario

        loaded = load_scenario(read_scenario(path))
        scenario = loaded.scenario
        material = _material_of(loaded, _facts_of(scenario.model_path))
        call = scenario.view.call if scenario.view is not None else None
        return Case(name, scenario.model_path, material, loaded.actions, call)
    if _is_model(path):
        return replace(now, name=name, model=path)
    inputs = assign(read_arrays(path), session.model.inputs)
    return replace(now, name=name, material=replace(session.material, inputs=inputs))


def _is_model(path: Path) -> bool:
    """An .h5 file may be either."""
    if path.suffix == ".keras":
        return True
    try:
        return path.suffix in {".h5", ".hdf5"} and bool(read_model_file(path, look_into_weights=False).layers)
    except ModelFileError:
        return False


def _facts_of(model: Path) -> ModelFacts:
    """What the first screen shows of a scenario's model, be it none. Raises: ModelFileError."""
    try:
        return read_model_file(model, look_into_weights=False)
    except ModelFileError:
        return what_there_is(model)


def open_named(
    named: Named, *, memory: int = DEFAULT_MEMORY, looked: Looked | None = None
) -> tuple[Opened | None, Shelf]:
    """What to begin with, None for a choice from the shelf; and the shelf.

    memory: bytes that recordings may take. looked: where one looked in a file before.
    Raises: LstmTuiError where something cannot be opened.
    """
    if named.follow is not None:
        from lstm_tui.performing.live import open_live  # for who follows

        return open_live(named, named.follow, memory=memory), bundled_shelf()
    if not named.scenarios:
        if named.model is None:
            return None, bundled_shelf()
        return open_model(named.model, named.files, memory=memory, looked=looked), bundled_shelf()
    for option, path in vars(named.files).items():
        if path is not None:
            raise UsageError(
                f"--{option} {path} goes with a model, and a scenario names its own",
                todo="leave the option out, or open another input from the workbench (o)",
            )
    if len(named.scenarios) == 1:
        only = open_scenario(named.scenarios[0], named.model, memory=memory, looked=looked)
        return only, bundled_shelf()
    return None, shelf_of(named.scenarios, named.model)
